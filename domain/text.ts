import * as z from "zod";
import { isVisible } from "./visible.ts";

/** Control characters but newline, carriage return and tab: NUL and the rest of category Cc. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: This pattern exists to find them.
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/**
 * Text that nobody can be asked to send again, such as a token's claims: without the characters
 * that are not allowed.
 */
export const cleaned = (value: string) =>
  value.toWellFormed().replace(new RegExp(controls, "g"), "").trim();

/**
 * Whether text is well-formed Unicode with no control characters but newline, carriage return and
 * tab.
 */
export const isPlain = (value: string) => value.isWellFormed() && !controls.test(value);

/** Length in Unicode code points: what a person counts, except for combined characters. */
const codePoints = (text: string) => [...text].length;

/**
 * Text by people: kept as sent after trimming JavaScript's white space, without Unicode
 * normalisation. Lone surrogates and control characters but newline, carriage return and tab are
 * refused. Lengths are code points.
 */
export const text = (min: number, max: number) =>
  z
    .string({ error: `expected text of ${min} to ${max} characters` })
    .transform((value) => value.trim())
    .refine((value) => value.isWellFormed(), "expected well-formed Unicode (a lone surrogate)")
    .refine((value) => !controls.test(value), "expected no control characters")
    .refine((value) => {
      // The cheap bound first: a code point is at most two code units.
      if (value.length > max * 2) return false;
      const length = codePoints(value);
      return length >= min && length <= max;
    }, `expected ${min} to ${max} characters`)
    .meta({ minLength: min, maxLength: max });

/**
 * Characters that text which is compared may have after decomposition (NFKD), for each code point
 * of its limit. A Hangul syllable is up to three letters; U+FDFA alone becomes 18 characters, and
 * so costs 18 times as much to compare.
 */
export const decomposedPerCharacter = 3;

const decomposedLength = (value: string) => codePoints(value.normalize("NFKD"));

/** Text by people that is compared with other text: its decomposed form has a limit, too. */
export const comparedText = (min: number, max: number) =>
  text(min, max)
    .refine(
      (value) => value.length > max * 2 || decomposedLength(value) <= max * decomposedPerCharacter,
      `expected at most ${max * decomposedPerCharacter} characters after decomposition (NFKD)`,
    )
    .meta({ minLength: min, maxLength: max });

/** The beginning of text that cannot be asked for again, within both limits of `comparedText`. */
export function shortened(value: string, max: number): string {
  let room = max * decomposedPerCharacter;
  const kept = [...value].slice(0, max);
  const end = kept.findIndex((char) => {
    room -= decomposedLength(char);
    return room < 0;
  });
  return kept.slice(0, end === -1 ? max : end).join("");
}

const unseen = "expected no invisible or direction-changing characters";

/** A name of a user or a thing: it has no invisible characters. */
export const nameText = (min: number, max: number) =>
  comparedText(min, max).refine(isVisible, unseen).meta({ minLength: min, maxLength: max });

/** An https URL of at most 500 characters, without a user in it. */
export const httpsUrl = z
  .string({ error: "expected an https URL" })
  .max(500, "expected at most 500 characters")
  .refine((value) => isPlain(value) && isHttps(value), "expected an https URL")
  .meta({ format: "uri", example: "https://cdn.example.com/gifts/rose.svg" });

function isHttps(value: string): boolean {
  if (!/^https:\/\/[^\s\\]+$/i.test(value) || !isVisible(value) || !URL.canParse(value))
    return false;
  const { username, password } = new URL(value);
  return username === "" && password === "";
}

/** UTF-8 bytes, the unit of Tencent's limits and of frames. */
export const utf8Bytes = (value: string) => new TextEncoder().encode(value).length;

/** Text whose limit is in UTF-8 bytes, as on the Tencent side. */
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

/** The same for a name on the Tencent side. */
export const byteName = (min: number, max: number) => byteText(min, max).refine(isVisible, unseen);

/** A moment in ISO 8601, UTC, with milliseconds. */
export const Timestamp = z
  .string()
  .meta({ format: "date-time", example: "2026-01-15T10:30:00.000Z" });

/**
 * A time after `before`: `at`, or a millisecond after `before` where the clock stood still. It
 * serves items whose time of change is their lock, and so must change with every write.
 */
export const timeAfter = (before: string, at: string) =>
  at > before ? at : new Date(Date.parse(before) + 1).toISOString();
