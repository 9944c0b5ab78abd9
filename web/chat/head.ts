import viewersIcon from "icon:eye";
import { coin, icon, make } from "./dom.ts";
import type { Translator } from "./translations.ts";

/** What it is, who watches, and what one has to spend. */
export function createHead({ translate, number }: Translator, likes: HTMLElement) {
  const viewers = make("span", { class: "number" }, "–");
  const credits = make("span", { class: "number" }, "–");
  return {
    element: make(
      "header",
      { class: "head" },
      // A page may put something else in its place, and tools of its own at the end.
      make("slot", { name: "title" }, make("h2", { class: "title" }, translate("chat"))),
      make(
        "span",
        { class: "viewers", part: "viewers", role: "group", "aria-label": translate("viewers") },
        icon(viewersIcon, 16),
        viewers,
      ),
      likes,
      make(
        "span",
        { class: "balance", role: "group", "aria-label": translate("credits") },
        coin(),
        make("span", { class: "hidden" }, `${translate("credits")} `),
        credits,
      ),
      make("slot", { name: "tools" }),
    ),
    showViewers(count: number): void {
      viewers.textContent = number(count);
    },
    showBalance(amount: number): void {
      credits.textContent = number(amount);
    },
  };
}
