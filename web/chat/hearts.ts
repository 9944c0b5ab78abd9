import heart from "icon:heart";
import { icon, make } from "./dom.ts";
import type { Translator } from "./translations.ts";

/** The maximum number of floating hearts, and of hearts for other viewers' taps per update. */
const floatingMax = 24;
const burstMax = 5;
/** Delay between the hearts of a burst. */
const stepMilliseconds = 140;

/** Likes: their number, and hearts that float up from the button for every viewer's taps. */
export function createHearts(translator: Translator) {
  const count = make("span", { class: "number" }, "0");
  const element = make("div", { class: "floats", "aria-hidden": "true" });
  const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  let shown: number | undefined;

  function float(afterMilliseconds = 0): void {
    if (isStill() || document.hidden || element.childElementCount >= floatingMax) return;
    const made = make("span", {
      class: "float",
      "--hue": Math.floor(Math.random() * 60) - 20,
      "--drift": `${Math.round(Math.random() * 48 - 36)}px`,
      "--after": `${afterMilliseconds}ms`,
      onanimationend: () => made.remove(),
    });
    made.append(icon(heart));
    element.append(made);
  }

  const show = (likes: number) => {
    count.textContent = translator.number(likes);
  };

  return {
    element,
    count: make(
      "span",
      { class: "likes", role: "group", "aria-label": translator.translate("likes") },
      icon(heart, 16),
      count,
    ),
    /** A tap of the user: counted at once, until the stream's number arrives. */
    tap(): void {
      float();
      shown = (shown ?? 0) + 1;
      show(shown);
    },
    /** Sets the stream's number of likes. */
    set(likes: number): void {
      const more = shown === undefined ? 0 : likes - shown;
      for (let n = 0; n < Math.min(more, burstMax); n++) float(n * stepMilliseconds);
      shown = likes;
      show(likes);
    },
  };
}
