import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { searchPrefixOf, textsOf } from "../../domain/people/search.ts";
import { blockedWordIn } from "../../domain/streams/blocked-words.ts";
import { folded, isVisible, withoutInvisible } from "../../domain/text.ts";

type Sample = { name: string; value: string };
const corpus = (file: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../corpora", file), "utf8"));
const samples: Sample[] = corpus("unicode.json");

describe("names in the search", () => {
  test.each([
    ["Yılmaz", ["yilmaz", "YILMAZ", "yılmaz", "YİLMAZ", "Yilmaz"]],
    ["Işıl", ["ışıl", "IŞIL", "isil", "Isil", "İŞİL"]],
    ["Çınar", ["cinar", "çınar", "ÇINAR", "CINAR"]],
    ["Gökçe Uğur Şükrü", ["gokce ugur sukru", "GÖKÇE UĞUR ŞÜKRÜ", "Gökçe  Uğur Şükrü"]],
    ["Łukasz Straße", ["lukasz strasse", "LUKASZ STRASSE"]],
    ["Ａｎｎ", ["ann", "ANN"]],
  ])("%s is found however it is typed", (name, questions) => {
    const texts = textsOf({ username: "", name, surname: "" });
    for (const question of questions) expect(texts).toEqual([searchPrefixOf(question)]);
  });

  test("letters of other scripts stay unchanged", () => {
    for (const name of ["陈小明", "محمد", "हिन्दी", "ภาษาไทย", "ирина", "🎉 🎈"])
      expect(folded(name)).toBe(name.normalize("NFKD"));
    expect(folded("हिन्दी")).not.toBe(folded("हनद"));
  });
});

describe("a blocked word", () => {
  test.each([
    ["case", "What a BadWord!"],
    ["width", "ｂａｄｗｏｒｄ"],
    ["accents", "bádẅörd"],
    [
      "many marks on each letter",
      [..."badword"].map((char) => `${char}\u0301\u0323\u035c`).join(""),
    ],
    ["zero-width characters", "b\u200ba\u200cd\u200dw\u2060o\ufeffr\u00add"],
    ["the direction of text", "\u202ebad\u202cword\u200f"],
    ["fillers and selectors", "b\u3164a\u034fd\ufe0fw\u{e0041}ord"],
    ["Cyrillic letters", "bаdwоrd"],
    ["Greek letters", "bαdwοrd"],
    ["letters of mathematics", "𝓫𝓪𝓭𝔀𝓸𝓻𝓭 𝐛𝐚𝐝𝐰𝐨𝐫𝐝"],
    ["letters in circles and squares", "ⓑⓐⓓⓦⓞⓡⓓ"],
    ["white letters in black squares", "🅱🅰🅳🆆🅾🆁🅳"],
    ["flags", "🇧\u200b🇦🇩🇼🇴🇷🇩"],
    ["small capitals", "ʙᴀᴅᴡᴏʀᴅ"],
    ["Greek letters throughout", "βαδωοяδ βαδωογδ βαдωοяδ"],
    ["Coptic letters", "ⲃⲁⲇⲱⲟⲅⲇ"],
    ["Canadian syllabics", "ᗷᗩᗪᗯOᖇᗪ"],
    ["other Canadian syllabics", "ᗸᗅᗞᗯᝪᖇᗞ"],
    ["Cherokee letters", "ᏰᏗᎴᏇᎧᏒᎴ"],
    ["Cherokee and Latin letters", "bᎪdᎳᎾᏒd"],
    ["letters with strokes", "ƀⱥđwøɍđ"],
    ["letters in parentheses", "⒝⒜⒟⒲⒪⒭⒟"],
    ["capitals in parentheses", "🄑🄐🄓🄦🄞🄡🄓"],
    ["an inverted V", "bʌdword BΛDWORD"],
    ["typographic signs", "b@∂w0r∂"],
    ["digits", "b4dw0rd"],
    ["signs", "b@dword"],
  ])("is found whatever %s", (_, text) => {
    for (const word of ["badword", "BadWord", "bádword", "ｂａｄｗｏｒｄ"])
      expect(blockedWordIn(`so ${text}.`, ["nice", word])).toBe(word);
  });

  test.each([
    ["idiot", ["İDİOT", "ıdıot", "1d1ot", "IDIOT", "|d!ot"]],
    ["hello", ["heIIo", "he11o", "HELLO"]],
    ["сука", ["СУКА", "cyka", "cу\u200bкa"]],
    ["straße", ["STRASSE", "strasse"]],
    ["bad word", ["bad  word", "BAD\u00a0WORD", "bad\nword"]],
    ["قبيح", ["قَبِيح"]],
    ["31", ["31", "３１"]],
    ["bastard", ["βαѕταяδ", "ᗷᗩᔕTᗩᖇᗪ", "bʌ§†ʌrd"]],
    ["⒝⒜⒟", ["bad", "ⓑⓐⓓ"]],
  ])("%s is known in its other forms", (word, texts) => {
    for (const text of texts) expect(blockedWordIn(text, [word])).toBe(word);
  });

  test.each([
    ["ass", "455 lira"],
    ["mail", "a small town"],
    ["31", "elma"],
    ["so", "50"],
    ["कि", "क"],
    ["\u200b", "anything"],
    ["badword", "bad words are two"],
    ["bad", "(b)(a)(d) is three letters"],
    ["sex", "5 × 5"],
    ["lad", "λόγος και δύναμη"],
    ["ass", "400 € §§ 55"],
  ])("%s is not found in %s", (word, text) => {
    expect(blockedWordIn(text, [word])).toBeUndefined();
  });

  test("is found between any other text, and reading ends for all text", () => {
    const blns: string[] = corpus("blns.json");
    const odd = [...samples.map(({ value }) => value), ...blns.filter((text) => text !== "")];
    const around = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...odd));
    fc.assert(
      fc.property(around, around, (before, after) => {
        expect(blockedWordIn(`${before} badword ${after}`, ["badword"])).toBe("badword");
      }),
      { numRuns: 300 },
    );
  });
});

describe("invisible characters", () => {
  const unseen = [
    ...["\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4", "\u180e", "\u200b", "\u200c"],
    ...["\u200d", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b", "\u202c", "\u202d"],
    ...["\u202e", "\u2060", "\u2061", "\u2064", "\u2066", "\u2067", "\u2068", "\u2069", "\u206a"],
    ...["\u2800", "\u3164", "\ufe00", "\ufe0f", "\ufeff", "\uffa0", "\ufff9", "\u{1d173}"],
    ...["\u{e0001}", "\u{e0041}", "\u{e0100}"],
  ];

  test.each(unseen.map((char) => [char.codePointAt(0)!.toString(16), char]))(
    "U+%s is not visible, alone and between letters, and is left out",
    (_, char) => {
      for (const text of [char, `Ad${char}min`, `❤a${char}`]) {
        expect(isVisible(text)).toBe(false);
        expect(withoutInvisible(text)).toBe(text.replace(char, ""));
      }
    },
  );

  test.each([
    ...[
      "Ayşe",
      "José\u0301",
      "أحمد",
      "陈",
      "हिन्दी",
      "ภาษา",
      "Ólafur Örn",
      "O'Neil-Smith",
      "a\u00a0b",
    ],
    ...["❤️", "👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "1️⃣", "🇹🇷", "👩🏿‍🚀 Ada", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "zalgo e\u0301\u0301\u0301"],
  ])("%s is visible as it is", (name) => {
    expect(isVisible(name)).toBe(true);
    expect(withoutInvisible(name)).toBe(name);
  });

  test("an emoji hides no text behind it", () => {
    for (const text of ["❤️\ufe0f", "👨‍", "👨‍a", "🏴\u{e0061}\u{e007f}", "a\u200d👨"])
      expect(isVisible(text)).toBe(false);
  });
});
