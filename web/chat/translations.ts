import { timeFormat } from "../clock.ts";
import { translations } from "./words.ts";

export type Language = keyof typeof translations;
export type Word = keyof (typeof translations)["en"];

/** All languages with their texts, exported for the tests. */
export const languages = translations as Record<Language, Record<Word, string>>;

/** The closest language to a tag such as `tr-TR`; English if there is none. */
export function languageOf(tag: string | undefined): Language {
  const first = tag?.toLowerCase().split("-")[0] ?? "";
  return first in translations ? (first as Language) : "en";
}

const units = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** Translates keys to a language, filling placeholders; numbers are formatted for it. */
export function translatorFor(language: Language) {
  const numbers = new Intl.NumberFormat(language);
  const percents = new Intl.NumberFormat(language, { style: "percent" });
  const times = timeFormat(language, { timeStyle: "short" });
  const translate = (word: Word, gaps: Record<string, string | number> = {}): string => {
    const [one, other = one] = languages[language][word].split("|") as [string, string?];
    const text = gaps.n === 1 ? one : other;
    return text.replace(/\{(\w+)\}/g, (_, name) => {
      const value = gaps[name] ?? "";
      return typeof value === "number" ? numbers.format(value) : value;
    });
  };
  return {
    language,
    translate,
    /** A duration in its largest unit, such as `10 minutes`. */
    duration: (seconds: number) => {
      const [unit, size] =
        units.find(([, length]) => seconds >= length) ?? (["second", 1] as const);
      const form = { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 } as const;
      return new Intl.NumberFormat(language, form).format(seconds / size);
    },
    number: (value: number) => numbers.format(value),
    /** A share of 0 to 1 in whole percent. */
    percent: (share: number) => percents.format(share),
    time: (iso: string) => times.format(new Date(iso)),
  };
}

export type Translator = ReturnType<typeof translatorFor>;
