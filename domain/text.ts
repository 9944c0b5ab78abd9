import * as z from "zod";

/** Control characters except newline, carriage return and tab: NUL and the rest of category Cc. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: This pattern exists to find them.
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/**
 * Text that cannot be refused, such as a token's claims, without disallowed characters.
 */
export const withoutControls = (value: string) =>
  value.toWellFormed().replace(new RegExp(controls, "g"), "").trim();

/**
 * Whether text is well-formed Unicode without control characters except newline, carriage return
 * and tab.
 */
export const isTextWithoutControls = (value: string) =>
  value.isWellFormed() && !controls.test(value);

/** Length in Unicode code points: what people count, except for combined characters. */
const codePoints = (text: string) => [...text].length;

/**
 * Text written by people: kept as sent after trimming JavaScript's white space, without Unicode
 * normalisation. Lone surrogates and control characters other than newline, carriage return and tab
 * are refused. Lengths are in code points.
 */
export const text = (min: number, max: number) =>
  z
    .string({ error: `expected text of ${min} to ${max} characters` })
    .transform((value) => value.trim())
    .refine((value) => value.isWellFormed(), "expected well-formed Unicode (a lone surrogate)")
    .refine((value) => !controls.test(value), "expected no control characters")
    .refine((value) => {
      // The cheap check first: a code point is at most two code units.
      if (value.length > max * 2) return false;
      const length = codePoints(value);
      return length >= min && length <= max;
    }, `expected ${min} to ${max} characters`)
    .meta({ minLength: min, maxLength: max });

/**
 * The most characters that compared text may have after decomposition (NFKD), for each code point
 * of its limit. A Hangul syllable is up to three letters; U+FDFA alone becomes 18 characters, and
 * so costs 18 times as much to compare.
 */
export const decomposedPerCharacter = 3;

const decomposedLength = (value: string) => codePoints(value.normalize("NFKD"));

/**
 * Text for calls that compare many such texts, for example a hundred names with a stream's blocked
 * words: its decomposed form is limited, too.
 */
export const comparedText = (min: number, max: number) =>
  text(min, max)
    .refine(
      (value) => value.length > max * 2 || decomposedLength(value) <= max * decomposedPerCharacter,
      `expected at most ${max * decomposedPerCharacter} characters after decomposition (NFKD)`,
    )
    .meta({ minLength: min, maxLength: max });

/** The beginning of text that cannot be refused, within both limits of `comparedText`. */
export function truncateText(value: string, max: number): string {
  let room = max * decomposedPerCharacter;
  const kept = [...value].slice(0, max);
  const end = kept.findIndex((char) => {
    room -= decomposedLength(char);
    return room < 0;
  });
  return kept.slice(0, end === -1 ? max : end).join("");
}

const unseenProblem = "expected no invisible or direction-changing characters";

/** A name of a thing, without invisible characters. */
export const nameText = (min: number, max: number) =>
  text(min, max).refine(isVisible, unseenProblem).meta({ minLength: min, maxLength: max });

/** A name of a user, without invisible characters; it is compared with a stream's blocked words. */
export const userNameText = (min: number, max: number) =>
  comparedText(min, max).refine(isVisible, unseenProblem).meta({ minLength: min, maxLength: max });

/** The longest URL, of ours or of a customer's. */
const urlLengthMax = 500;

/** An https URL of at most 500 characters, without user information. */
export const httpsUrl = z
  .string({ error: "expected an https URL" })
  .max(urlLengthMax, `expected at most ${urlLengthMax} characters`)
  .refine((value) => isTextWithoutControls(value) && isHttps(value), "expected an https URL")
  .describe("An https URL without user information")
  .meta({ format: "uri", example: "https://cdn.example.com/gifts/rose.svg" });

function isHttps(value: string): boolean {
  if (!/^https:\/\/[^\s\\]+$/i.test(value) || !isVisible(value) || !URL.canParse(value))
    return false;
  const { username, password } = new URL(value);
  return username === "" && password === "";
}

/** UTF-8 bytes, the unit of Tencent's limits and of frames. */
export const utf8Bytes = (value: string) => new TextEncoder().encode(value).length;

/** Text whose limit is in UTF-8 bytes, as in the Tencent API. */
export const byteText = (min: number, max: number) =>
  z
    .string({ error: `expected a string of ${min} to ${max} bytes` })
    .refine((value) => value.isWellFormed(), "expected well-formed Unicode")
    .refine((value) => !controls.test(value), "expected no control characters")
    .refine((value) => {
      const bytes = utf8Bytes(value);
      return bytes >= min && bytes <= max;
    }, `expected ${min} to ${max} bytes`)
    .meta({ minLength: min, maxLength: max, description: `At most ${max} bytes of UTF-8` });

/** A name in the Tencent API: no invisible characters, and if required, more than white space. */
export const byteName = (min: number, max: number) =>
  byteText(min, max)
    .refine(isVisible, unseenProblem)
    .refine((value) => min === 0 || value.trim() !== "", "expected more than white space");

/** Text in responses, whose limit in code points is only described: it is checked on receipt. */
export const shownText = (max: number) => z.string().meta({ maxLength: max });

/** Rows in a response, at most `max`. */
export const rowsOf = <Row extends z.ZodType>(row: Row, max = 100) =>
  z.array(row).meta({ maxItems: max });

/** A URL in responses; a picture's URL may end with a size. */
export const shownUrl = shownText(urlLengthMax + "-480".length);

/** Whether a URL is that of the picture with this id, which is served here. */
export const isPictureAt = (url: string, id: string | undefined): boolean =>
  id !== undefined && url.endsWith(`/${id}`);

/** A time in ISO 8601, UTC, with milliseconds. */
export const Timestamp = shownText("2026-01-15T10:30:00.000Z".length).meta({
  format: "date-time",
  example: "2026-01-15T10:30:00.000Z",
});

/**
 * A time after `before`: `at`, or a millisecond after `before` if the clock stood still. For items
 * whose time of change is their lock and so must change with every write.
 */
export const timeAfter = (before: string, at: string) =>
  at > before ? at : new Date(Date.parse(before) + 1).toISOString();

/**
 * Emoji are the only place where invisible characters belong (UTS 51): joined pictures, the
 * selector of the coloured form, and the three flags written in tags.
 */
const picture = String.raw`\p{Extended_Pictographic}(?:\u{FE0F}|\p{Emoji_Modifier})?`;
const tagged = (region: string) =>
  [...region].map((char) => `\\u{${(0xe0000 + char.charCodeAt(0)).toString(16)}}`).join("");
const flag = `\\u{1F3F4}(?:${["gbeng", "gbsct", "gbwls"].map(tagged).join("|")})\\u{E007F}`;
const emoji = String.raw`${flag}|${picture}(?:\u{200D}${picture})*|[0-9#*]\u{FE0F}?\u{20E3}`;

/**
 * Invisible characters, and those that change text direction: Unicode's format characters (Cf) and
 * its Default_Ignorable_Code_Point, line and paragraph separators, and the blank Braille pattern.
 */
const unseen = String.raw`[\p{Cf}\p{Default_Ignorable_Code_Point}\u{2028}\u{2029}\u{2800}]`;

const emojiOrUnseen = new RegExp(`(${emoji})|${unseen}`, "gu");
const anyUnseen = new RegExp(unseen, "gu");

/** The text without invisible and direction-changing characters; emoji stay whole. */
export const withoutInvisible = (value: string) => value.replace(emojiOrUnseen, "$1");

/** Whether text has no invisible or direction-changing characters outside of emoji. */
export const isVisible = (value: string) => withoutInvisible(value) === value;

/** The text without any invisible characters: for comparing, where emoji need not stay whole. */
const withoutUnseen = (value: string) => value.replace(anyUnseen, "");

/**
 * Letters that Unicode does not decompose, though they are other letters with a stroke or without a
 * dot.
 */
const plainLetters: Readonly<Record<string, string>> = {
  ı: "i",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  ħ: "h",
  ŧ: "t",
  ς: "σ",
  æ: "ae",
  œ: "oe",
  ß: "ss",
  þ: "th",
};
const special = new RegExp(`[${Object.keys(plainLetters).join("")}]`, "g");

/**
 * Accents, dots and similar marks, which belong to no script; the vowel signs of Hindi or Thai are
 * marks too, but their readers see them as letters.
 */
const accents = /(?=\p{M})\p{Script=Inherited}/gu;

/**
 * Text in compatibility decomposition (NFKD), without accents and invisible characters.
 */
export const unaccented = (value: string) =>
  withoutUnseen(withoutUnseen(value).normalize("NFKD").replace(accents, ""));

/** The letter in lower case, Turkish letters as the Latin ones that they derive from. */
export const lowerCased = (value: string) =>
  value
    .toLowerCase()
    .replace(accents, "")
    .replace(special, (letter) => plainLetters[letter]!);

/**
 * Text as people compare it, on any keyboard: regardless of case, accents, width and invisible
 * characters, with white space as one space. `YILMAZ`, `yilmaz` and `Yılmaz` are equal.
 */
export const folded = (value: string) => lowerCased(unaccented(value)).trim().replace(/\s+/g, " ");

/**
 * Two independent 32-bit numbers from a text (cyrb53's mixing): for marks and sketches, not for
 * secrets.
 */
export function hashOf(text: string): [number, number] {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  a = Math.imul(a ^ (a >>> 15), 0x2c1b3c6d);
  b = Math.imul(b ^ (b >>> 15), 0x297a2d39);
  return [(a ^ (a >>> 16)) >>> 0, (b ^ (b >>> 16)) >>> 0];
}

/** An optional field whose default counts as omitted: to an Idempotency-Key, both are the same. */
export const withDefault = <S extends z.ZodType>(
  schema: S,
  byDefault: z.input<S>,
  description?: string,
) =>
  schema
    .transform((value) => (String(value) === String(byDefault) ? undefined : value))
    .optional()
    .meta({ byDefault, ...(description !== undefined && { description }) });
