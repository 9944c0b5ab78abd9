import { folded, lowerCased, unaccented } from "./text.ts";

/**
 * Letters of other scripts, and Latin letters of phonetics and small capitals, that readers take
 * for a Latin letter in either case: those of Unicode's confusables (UTS 39) that fonts contain,
 * and the letters that "fancy text" generators use.
 */
const lookAlikes: Readonly<Record<string, string>> = {
  a: "аαɑᴀաꭺꓮᗅᗩⱥⲁꮧꭿʌᴧɐ𐊠",
  b: "вьъβʙɓƀᏏꓐᗷᗸᖯⲃꞵᏸᏼƅƃҍѣ𐊂",
  c: "сϲᴄƈꮯꓚᑕȼⲥҫɔꞓፈ𐐽",
  d: "ԁɗᴅժꓓꓒꭰᗞᗪᑯꮷꮄδɖƌⲇ",
  e: "еєэεəɛᴇꭼꓰᗴɇⲉꮛҽҿǝⴹꬲ",
  f: "ғƒꜰꓝֆᖴꬵꭶᵮϝ",
  g: "ɡɢɠցꮐꓖᏻᏳǥꮆᶃ",
  h: "һнηʜɦհꮋꓧᕼⲏꮒⱨңћђӊӈ",
  i: "іιɩɨɪӏꭵꓲⲓᛁꙇᵻ",
  j: "јϳᴊյꭻꓙᒍɉꮰʝ",
  k: "кκҝқᴋƙĸꮶꓗⲕᛕⱪꝁҟӄ",
  l: "ӏʟɫɭլꮮꓡᒪⳑƚⱡɬꮭꮅ",
  m: "мμᴍɱꮇꓟᗰⲙᛖӎϻ",
  n: "пиηνɴŋɲոռꓠᑎⲛꮑƞ",
  o: "оοσθөᴏɵօꓳⲟᴑᝪⱺꝋⵔⵁѳꮎꮻꭷ𐐬𐓪",
  p: "рρᴘƥꮲꓑᑭⲣᵽꭾ",
  q: "ԛʠզգᑫɋϙꭴⵕ",
  r: "гяʀɾꭱꮢꓣᖇⲅɍɽɼꭇᴦ",
  s: "ѕʂꜱտꮥꮪꓢᔕᔑƨȿƽ𐑈",
  t: "тτᴛƭʈꓔꭲⲧⱦꮦҭʇᵵ",
  u: "цυμᴜʉսꓴиᑌꮜꮼꞟᵾꭎ",
  v: "ѵνᴠʋꮩꓦᐯꮙⱱⴸ",
  w: "шщωԝᴡաꮃꮤꓪᗯⲱꮗѡꝡɯʍ",
  x: "хχҳӽꓫ᙭ᕽᕁⲭጀⵝᚷ",
  y: "уүγυʏƴყꮍꓬⲩꭹɏɣỿ",
  z: "ζᴢƶʐꮓꓜᘔⲍፚⱬȥɀ",
};

/** Digits and signs used in place of letters. */
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
  "¡": "i",
  "§": "s",
  "†": "t",
  "×": "x",
  "¥": "y",
  "∂": "d",
};

const latinOf = new Map<string, string>();
for (const [latin, letters] of Object.entries(lookAlikes))
  for (const letter of letters) {
    const read = lowerCased(letter);
    const known = latinOf.get(read) ?? "";
    if (!known.includes(latin)) latinOf.set(read, known + latin);
  }

/**
 * Rows of 26 letters that do not decompose: flags, and white letters on black circles and squares.
 */
const rows = [0x1f1e6, 0x1f150, 0x1f170];
for (const row of rows)
  for (let n = 0; n < 26; n++)
    latinOf.set(String.fromCodePoint(row + n), String.fromCharCode(97 + n));

/** Letters in parentheses, such as U+249C and U+1F110, which decompose to three characters. */
const parenthesized = /[\u{249c}-\u{24b5}\u{1f110}-\u{1f129}]/gu;
const unparenthesized = (value: string) =>
  value.replace(parenthesized, (char) => char.normalize("NFKD").slice(1, -1));

/** The possible readings of one character of a text: folded letters. */
export type Reading = readonly string[];

/** A run of letters, digits and signs; none of the signs is special in a character class. */
const wordPattern = new RegExp(`[\\p{L}\\p{N}${Object.keys(standIns).join("")}]+`, "gu");

/**
 * How a person may read a text, character by character: a look-alike also as the letter that it
 * looks like.
 */
export function readingsOf(value: string): Reading[] {
  const plain = unaccented(unparenthesized(value)).trim().replace(/\s+/g, " ");
  const places: Reading[] = [];
  let end = 0;
  for (const { 0: word, index } of plain.matchAll(wordPattern)) {
    for (const char of plain.slice(end, index)) places.push(...spelled(char));
    // A digit stands for a letter only next to letters: 455 is a number.
    const isWord = /\p{L}/u.test(word);
    for (const char of word) places.push(...(isWord ? disguised(char) : spelled(char)));
    end = index + word.length;
  }
  for (const char of plain.slice(end)) places.push(...spelled(char));
  return places;
}

/** The readings of a word to search for: its letters are certain, their script is not. */
export const wordReadings = (word: string): Reading[] =>
  [...folded(unparenthesized(word))].flatMap(spelled);

/** A text as it looks in Latin letters, in lower case; characters that look like none are kept. */
export const inLatin = (value: string) =>
  readingsOf(value)
    .map((place) => place.find((letter) => /[a-z]/.test(letter)) ?? place[0])
    .join("");

/** A cache of `spelled`, cleared before it takes a megabyte. */
const spellings = new Map<string, Reading[]>();
const spellingsMax = 5_000;

/** A letter itself, and the Latin letters that it looks like; `ß` becomes two letters. */
function spelled(char: string): readonly Reading[] {
  const known = spellings.get(char);
  if (known !== undefined) return known;
  const letters = [...lowerCased(char)].map((letter) => [letter, ...(latinOf.get(letter) ?? "")]);
  if (spellings.size >= spellingsMax) spellings.clear();
  spellings.set(char, letters);
  return letters;
}

/** Capitals that look like other letters than their lower-case forms. */
const capitals: Readonly<Record<string, Reading>> = { I: ["i", "l"], Λ: ["λ", "a"] };

/** The readings in disguised text: a capital I is also an l, and signs are letters. */
function disguised(char: string): readonly Reading[] {
  const capital = capitals[char];
  if (capital !== undefined) return [capital];
  const letters = standIns[char];
  return letters === undefined ? spelled(char) : [[char, ...letters]];
}
