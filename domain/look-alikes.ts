import { lowered, unaccented } from "./folding.ts";

/**
 * Letters of other scripts, and Latin ones of phonetics and small capitals, that a reader takes for
 * a Latin letter in either case: a selection from Unicode's confusables (UTS 39) of what fonts
 * have.
 */
const lookAlikes: Readonly<Record<string, string>> = {
  a: "аαɑᴀաꭺꓮ",
  b: "вьъβʙɓƀᏏꓐ",
  c: "сϲᴄƈꮯꓚ",
  d: "ԁɗᴅժꓓꓒꭰ",
  e: "еєэεəɛᴇꭼꓰ",
  f: "ғƒꜰꓝֆ",
  g: "ɡɢɠցꮐꓖ",
  h: "һнηʜɦհꮋꓧ",
  i: "іιɩɨɪӏꭵꓲ",
  j: "јϳᴊյꭻꓙ",
  k: "кκҝқᴋƙĸꮶꓗ",
  l: "ӏʟɫɭլꮮꓡ",
  m: "мμᴍɱꮇꓟ",
  n: "пиηνɴŋɲոռꓠ",
  o: "оοσθөᴏɵօꓳ",
  p: "рρᴘƥꮲꓑ",
  q: "ԛʠզգ",
  r: "гяʀɾꭱꮢꓣ",
  s: "ѕʂꜱտꮥꮪꓢ",
  t: "тτᴛƭʈꓔ",
  u: "цυμᴜʉսꓴи",
  v: "ѵνᴠʋꮩꓦ",
  w: "шщωԝᴡաꮃꮤꓪ",
  x: "хχҳӽꓫ",
  y: "уүγυʏƴყꮍꓬ",
  z: "ζᴢƶʐꮓꓜ",
};

/** Digits and signs that are written in place of letters. */
const standIns: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "il",
  "2": "z",
  "3": "e",
  "4": "a",
  "5": "s",
  "6": "gb",
  "7": "t",
  "8": "b",
  "9": "g",
  "@": "a",
  $: "s",
  "!": "i",
  "|": "il",
  "+": "t",
  "€": "e",
  "¢": "c",
  "£": "l",
};

const latinOf = new Map<string, string>();
for (const [latin, letters] of Object.entries(lookAlikes))
  for (const letter of letters) {
    const read = lowered(letter);
    latinOf.set(read, (latinOf.get(read) ?? "") + latin);
  }

/**
 * Rows of 26 letters that do not decompose: flags, and white letters on black circles and squares.
 */
const rows = [0x1f1e6, 0x1f150, 0x1f170];
for (const row of rows)
  for (let n = 0; n < 26; n++)
    latinOf.set(String.fromCodePoint(row + n), String.fromCharCode(97 + n));

/** What one place of a text may be read as: folded letters. */
export type Reading = readonly string[];

/** A run of letters, digits and signs; no sign among them is special in a character class. */
const wordPattern = new RegExp(`[\\p{L}\\p{N}${Object.keys(standIns).join("")}]+`, "gu");

/** How a person may read a text, place by place: a look-alike also as what it looks like. */
export function readingsOf(value: string): Reading[] {
  const plain = unaccented(value).trim().replace(/\s+/g, " ");
  const places: Reading[] = [];
  let end = 0;
  for (const { 0: word, index } of plain.matchAll(wordPattern)) {
    for (const char of plain.slice(end, index)) places.push(...spelled(char));
    // A digit stands for a letter only beside letters: 455 is a number.
    const isWord = /\p{L}/u.test(word);
    for (const char of word) places.push(...(isWord ? disguised(char) : spelled(char)));
    end = index + word.length;
  }
  for (const char of plain.slice(end)) places.push(...spelled(char));
  return places;
}

/** A letter as it is, and as the Latin ones that it looks like; `ß` is two. */
export const spelled = (char: string): Reading[] =>
  [...lowered(char)].map((letter) => [letter, ...(latinOf.get(letter) ?? "")]);

/** The same where letters are disguised: a capital I is also an l, and signs are letters. */
function disguised(char: string): Reading[] {
  if (char === "I") return [["i", "l"]];
  const letters = standIns[char];
  return letters === undefined ? spelled(char) : [[char, ...letters]];
}
