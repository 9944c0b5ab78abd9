import heart from "icon:heart";
import { icon, make } from "./dom.ts";
import type { Translator } from "./translations.ts";

/** The maximum number of floating hearts, and of hearts for other viewers' taps per update. */
const floatingMax = 24;
const burstMax = 5;
/** The longest time until a tap is in the stream's number: the calls' interval, and a frame. */
const countedMilliseconds = 32_000;
/** Delay between the hearts of a burst. */
const stepMilliseconds = 140;

/** Likes: their number, and hearts that float up from the button for every viewer's taps. */
export function createHearts(translator: Translator) {
  const count = make("span", { class: "number" }, "0");
  const element = make("div", { class: "floats", "aria-hidden": "true" });
  const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  let shown: number | undefined;
  /** The stream's number, and a timer that runs while taps may be missing in it. */
  let counted = 0;
  let counting: ReturnType<typeof setTimeout> | undefined;

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
    shown = likes;
    count.textContent = translator.number(likes);
  };
  const settle = () => {
    counting = undefined;
    show(counted);
  };

  return {
    element,
    count: make(
      "span",
      { class: "likes", role: "group", "aria-label": translator.translate("likes") },
      icon(heart, 16),
      count,
    ),
    /** A tap of the user: counted at once, though it is sent later. */
    tap(): void {
      float();
      show((shown ?? 0) + 1);
      clearTimeout(counting);
      counting = setTimeout(settle, countedMilliseconds);
    },
    /** Sets the stream's number of likes. What is shown never falls while taps are on their way. */
    set(likes: number): void {
      counted = likes;
      const more = shown === undefined ? 0 : likes - shown;
      if (more < 0 && counting !== undefined) return;
      for (let n = 0; n < Math.min(more, burstMax); n++) float(n * stepMilliseconds);
      show(likes);
    },
    stop: () => clearTimeout(counting),
  };
}
