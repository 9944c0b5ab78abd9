import fc from "fast-check";
import { settingsOf } from "../../web/overlay/settings.ts";

const usual = settingsOf("", "en-GB");

test("without a query an overlay has the default settings, in the browser's language", () => {
  expect(usual).toEqual({
    streamId: "",
    channel: "",
    key: "",
    max: 12,
    fade: 30,
    theme: "dark",
    align: "left",
    family: undefined,
    pixels: undefined,
    badges: true,
    language: "en",
    mute: false,
    demo: false,
    goal: undefined,
  });
  expect(settingsOf("", "tr-TR").language).toBe("tr");
});

test("each setting is taken at its limits", () => {
  const query =
    "streamId=s&key=k&max=50&fade=600&theme=PANEL&font=Noto+Serif+72&align=right&badges=0" +
    "&lang=zh&mute=1&demo&goal=1000000000";
  expect(settingsOf(query, "en")).toEqual({
    streamId: "s",
    channel: "",
    key: "k",
    max: 50,
    fade: 600,
    theme: "panel",
    align: "right",
    family: "Noto Serif",
    pixels: 72,
    badges: false,
    language: "zh",
    mute: true,
    demo: true,
    goal: 1_000_000_000,
  });
  expect(settingsOf("max=1&fade=0&font=12&goal=1", "en")).toMatchObject({
    max: 1,
    fade: 0,
    family: undefined,
    pixels: 12,
    goal: 1,
  });
  expect(settingsOf("font=Georgia", "en")).toMatchObject({ family: "Georgia", pixels: undefined });
});

test.each([
  ...["max=0", "max=51", "max=-3", "max=1e1", "max=ten", "max=", "fade=601", "fade=0.5"],
  ...["theme=pink", "align=top", "badges=maybe", "mute=2", "demo=perhaps", "lang=xx"],
  ...["goal=0", "goal=1000000001", "goal=99999999999", "font=11", "font=73", "font=100"],
  ...["font=url(x)", "font=a;b", 'font="x"', "font=a%2Cb", `font=${"a".repeat(41)}`],
])("%s is invalid and falls back to the default", (query) => {
  expect(settingsOf(query, "en")).toEqual(usual);
});

test("the settings stay within their limits, whatever the query is", () => {
  const name = fc.constantFrom("max", "fade", "font", "theme", "align", "goal", "lang");
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string())), (pairs) => {
      const { max, fade, family, pixels, goal } = settingsOf(`${new URLSearchParams(pairs)}`, "en");
      expect(Number.isInteger(max) && max >= 1 && max <= 50).toBe(true);
      expect(Number.isInteger(fade) && fade >= 0 && fade <= 600).toBe(true);
      expect(family ?? "a").toMatch(/^[\p{L}\p{M}\d -]{1,40}$/u);
      expect((pixels ?? 12) >= 12 && (pixels ?? 12) <= 72).toBe(true);
      expect(goal === undefined || (goal >= 1 && goal <= 1_000_000_000)).toBe(true);
    }),
  );
});
