import { readFileSync } from "node:fs";
import { join } from "node:path";
import { contrastOf } from "./colour.ts";

const sheet = readFileSync(join(import.meta.dirname, "../../web/tokens.css"), "utf8");

/** A token's value in both themes; the first where it is the same in both. */
function coloursOf(name: string): { light: string; dark: string } {
  const value = new RegExp(`--${name}: ([^;]+);`).exec(sheet)?.[1] ?? "";
  const [, light, dark] = /light-dark\((#\w{6}), (#\w{6})\)/.exec(value) ?? [];
  if (light === undefined || dark === undefined) throw new Error(`--${name} is no colour`);
  return { light, dark };
}

const themes = ["light", "dark"] as const;
const resting = ["page", "surface", "raised"];
const surfaces = [...resting, "hovered", "pressed"];

describe.each(themes)("in the %s theme", (theme) => {
  const colour = (name: string) => coloursOf(name)[theme];
  const rounded = (ratio: number) => Math.floor(ratio * 100) / 100;

  test.each(surfaces)("every text is legible on the %s: 4.5 to 1", (surface) => {
    const texts = ["text", "muted", "accent", "good", "warn", "bad"];
    const poor = texts
      .map((text) => ({ text, ratio: rounded(contrastOf(colour(text), colour(surface))) }))
      .filter(({ ratio }) => ratio < 4.5);
    expect(poor).toEqual([]);
  });

  test.each(surfaces)("every user's name is legible on the %s, whatever its hue", (surface) => {
    const given = new RegExp(`--person-in-${theme}: ([\\d. ]+);`).exec(sheet)?.[1];
    const poor = Array.from({ length: 360 }, (_, hue) => ({
      hue,
      ratio: rounded(contrastOf(`oklch(${given} ${hue})`, colour(surface))),
    })).filter(({ ratio }) => ratio < 4.5);
    expect(poor).toEqual([]);
  });

  test("the initial of every user is legible on its background, whatever its hue", () => {
    const ui = readFileSync(join(import.meta.dirname, "../../web/ui.css"), "utf8");
    const [ground, letter] = [...ui.matchAll(/light-dark\((.+), (oklch\(.+\))\);/g)].map(
      ([, light, dark]) => (theme === "light" ? light! : dark!),
    );
    const poor = Array.from({ length: 360 }, (_, hue) =>
      contrastOf(letter!.replace("var(--hue)", `${hue}`), ground!.replace("var(--hue)", `${hue}`)),
    ).filter((ratio) => ratio < 4.5);
    expect(poor).toEqual([]);
  });

  test("text on the accent is legible, and the edges of controls are visible", () => {
    expect(contrastOf(colour("on-accent"), colour("accent"))).toBeGreaterThanOrEqual(4.5);
    for (const surface of resting)
      expect(contrastOf(colour("edge"), colour(surface))).toBeGreaterThanOrEqual(3);
  });

  test("large text is legible at both ends of the gradient of gifts: 3 to 1", () => {
    const ends = /--gift: linear-gradient\(100deg, (#\w{6}), (#\w{6})\)/.exec(sheet)!.slice(1);
    const word = /--on-gift: (#\w{6});/.exec(sheet)![1]!;
    for (const end of ends) expect(contrastOf(word, end)).toBeGreaterThanOrEqual(3);
  });
});

test("the contrast is computed as in the standard: black on white, and its own example", () => {
  expect(contrastOf("#000000", "#ffffff")).toBeCloseTo(21);
  expect(contrastOf("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  expect(contrastOf("oklch(1 0 0)", "#000000")).toBeCloseTo(21, 1);
  expect(contrastOf("oklch(0.62796 0.25768 29.234)", "#ff0000")).toBeCloseTo(1, 2);
});
