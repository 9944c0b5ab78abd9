import { languageOf, languages, translatorFor, type Word } from "../../web/chat/translations.ts";
import { timeFormat } from "../../web/clock.ts";

const words = Object.keys(languages.en) as Word[];
const gapsOf = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();

test.each(Object.entries(languages))("%s has every text, with the same placeholders", (_, said) => {
  expect(Object.keys(said).sort()).toEqual(words.toSorted());
  for (const word of words) {
    expect([word, said[word].trim()]).not.toEqual([word, ""]);
    // A singular may leave its number out, since it is one.
    const [one, other = one] = said[word].split("|");
    const [, english = languages.en[word]] = languages.en[word].split("|");
    expect([word, ...gapsOf(other!)]).toEqual([word, ...gapsOf(english)]);
  }
});

test("no text is left in English in another language", () => {
  const spoken = words.filter((word) => /\p{L}/u.test(languages.en[word].replace(/\{\w+\}/g, "")));
  for (const language of ["tr", "zh"] as const)
    expect(spoken.filter((word) => languages[language][word] === languages.en[word])).toEqual([]);
});

test("a tag finds its language, whatever its region; an unknown one is English", () => {
  expect(["tr", "TR-tr", "zh-Hant-TW", "en-GB", "fr", "", undefined].map(languageOf)).toEqual([
    ...["tr", "tr", "zh", "en", "en", "en", "en"],
  ]);
});

test("one is singular, and numbers are formatted for the language", () => {
  const english = translatorFor("en");
  expect(english.translate("newMessages", { n: 1 })).toBe("1 new message");
  expect(english.translate("newMessages", { n: 1200 })).toBe("1,200 new messages");
  expect(translatorFor("tr").translate("newMessages", { n: 1200 })).toBe("1.200 yeni mesaj");
  expect(["en", "tr", "zh"].map((one) => translatorFor(languageOf(one)).percent(0.754))).toEqual([
    ...["75%", "%75", "75%"],
  ]);
  // A value for a placeholder is never searched for placeholders itself.
  expect(english.translate("didMute", { name: "{n} $& {name}" })).toBe("{n} $& {name} is muted.");
});

test("times have 12 or 24 hours as elsewhere in the user's browser, whatever the page's language", () => {
  const evening = new Date(2026, 0, 1, 17, 5);
  const read = (language: string, locale?: string) =>
    timeFormat(language, { timeStyle: "short" }, locale).format(evening);
  for (const language of ["en", "tr", "zh"]) {
    expect(read(language, "en-GB")).toBe("17:05");
    expect(read(language, "en-US")).toMatch(/5:05/);
    const chat = translatorFor(languageOf(language)).time(evening.toISOString());
    expect(chat).toBe(read(language));
  }
});
