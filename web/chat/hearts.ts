import heart from "icon:heart";
import { icon, make } from "./dom.ts";
import type { Translator } from "./translations.ts";

/** Hearts on their way up at once, and of those that others tapped with one change of the sum. */
const floatingMax = 24;
const burstMax = 5;
/** Hearts of a burst leave one after the other. */
const stepMilliseconds = 140;

/** Likes: the number of them, and hearts that float up from the button for taps of anybody. */
export function createHearts(translator: Translator) {
  const count = make("span", { class: "number" }, "0");
  const element = make("div", { class: "floats", "aria-hidden": "true" });
  const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  let shown: number | undefined;

  function float(afterMilliseconds = 0): void {
    if (isStill() || document.hidden || element.childElementCount >= floatingMax) return;
    const made = make("span", {
      ...{ class: "float", "--hue": Math.floor(Math.random() * 60) - 20 },
      ...{ "--drift": `${Math.round(Math.random() * 48 - 36)}px` },
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
    /** A tap of the user: it is seen at once, until the stream's number comes. */
    tap(): void {
      float();
      shown = (shown ?? 0) + 1;
      show(shown);
    },
    /** How many the stream has. */
    set(likes: number): void {
      const more = shown === undefined ? 0 : likes - shown;
      for (let n = 0; n < Math.min(more, burstMax); n++) float(n * stepMilliseconds);
      shown = likes;
      show(likes);
    },
  };
}
