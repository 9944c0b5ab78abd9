import { timeFormat } from "./clock.ts";

const numbers = new Intl.NumberFormat("en");
const dates = timeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** A number with separators, on pages in English. */
export const formatted = (value: number) => numbers.format(value);

/** A date with the time to the minute, on pages in English. */
export const dateTimeOf = (iso: string) => dates.format(new Date(iso));
