import { type Language, languageOf } from "../chat/translations.ts";

/** The look of an overlay, and the stream it shows. */
export type Settings = {
  streamId: string;
  /** The host; instead of one stream, shows the host's newest live one. */
  channel: string;
  key: string;
  /** Maximum number of rows, 1 to 50. */
  max: number;
  /** Seconds until a row fades, 1 to 600; 0: rows stay until newer ones replace them. */
  fade: number;
  theme: "dark" | "light" | "panel";
  /** A font family installed on this machine; undefined: ours. */
  family: string | undefined;
  /** Font size in pixels, 12 to 72; undefined: depends on the page's size. */
  pixels: number | undefined;
  align: "left" | "center" | "right";
  badges: boolean;
  language: Language;
  /** No sound. */
  mute: boolean;
  /** A demo that needs no server. */
  demo: boolean;
  /** The goal in credits, 1 to 1,000,000,000; undefined: no bar. */
  goal: number | undefined;
};

const yes = ["1", "true", "on", "yes", ""];
const no = ["0", "false", "off", "no"];
const demoGoal = 5_000;
const fontForm = /^((?:\p{L}[\p{L}\p{M}\d -]{0,39}?)?) ?(\d{1,3})?$/u;

/**
 * Reads the query of the page's URL. Missing, unknown and invalid values fall back to defaults: an
 * overlay is on air and has no user to ask.
 */
export function settingsOf(query: string, browserLanguage: string): Settings {
  const given = new URLSearchParams(query);
  const whole = (name: string, min: number, max: number): number | undefined => {
    const text = given.get(name)?.trim() ?? "";
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  };
  const oneOf = <Choice extends string>(name: string, choices: readonly [Choice, ...Choice[]]) =>
    choices.find((choice) => choice === given.get(name)?.trim().toLowerCase()) ?? choices[0];
  const flag = (name: string, otherwise: boolean): boolean => {
    const text = given.get(name)?.trim().toLowerCase();
    if (text === undefined) return otherwise;
    return yes.includes(text) || (!no.includes(text) && otherwise);
  };
  const [, family, pixels] = fontForm.exec(given.get("font")?.trim() ?? "") ?? [];
  const height = Number(pixels ?? Number.NaN);
  const demo = flag("demo", false);
  return {
    streamId: given.get("streamId")?.trim() ?? "",
    channel: given.get("channel")?.trim() ?? "",
    key: given.get("key")?.trim() ?? "",
    max: whole("max", 1, 50) ?? 12,
    fade: whole("fade", 0, 600) ?? 30,
    theme: oneOf("theme", ["dark", "light", "panel"]),
    family: family || undefined,
    pixels: height >= 12 && height <= 72 ? height : undefined,
    align: oneOf("align", ["left", "center", "right"]),
    badges: flag("badges", true),
    language: languageOf(given.get("lang") ?? browserLanguage),
    mute: flag("mute", false),
    demo,
    goal: whole("goal", 1, 1_000_000_000) ?? (demo ? demoGoal : undefined),
  };
}
