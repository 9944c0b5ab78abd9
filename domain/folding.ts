import { withoutUnseen } from "./visible.ts";

/**
 * Letters that Unicode does not decompose, though they are others with a stroke or without a dot.
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
 * Accents, dots and the like, which belong to no script of their own; the vowel signs of Hindi or
 * Thai are marks too, but letters to their readers.
 */
const accents = /(?=\p{M})\p{Script=Inherited}/gu;

/**
 * Text in the form that Unicode gives all its equivalents (NFKD), without accents or the unseen.
 */
export const unaccented = (value: string) =>
  withoutUnseen(withoutUnseen(value).normalize("NFKD").replace(accents, ""));

/** The letter in lower case, Turkish letters as the Latin ones that they come from. */
export const lowered = (value: string) =>
  value
    .toLowerCase()
    .replace(accents, "")
    .replace(special, (letter) => plainLetters[letter]!);

/**
 * Text as people compare it, on any keyboard: regardless of case,
 * accents, width and what cannot be seen, with white space as one space. `YILMAZ`, `yilmaz` and
 * `Yılmaz` are one name.
 */
export const folded = (value: string) => lowered(unaccented(value)).trim().replace(/\s+/g, " ");
