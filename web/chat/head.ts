import viewersIcon from "icon:eye";
import { coin, icon, make } from "./dom.ts";
import type { Translator } from "./translations.ts";

/** The title, the viewer count and the balance. */
export function createHead({ translate, number }: Translator, likes: HTMLElement) {
  const viewers = make("span", { class: "number" }, "–");
  const credits = make("span", { class: "number" }, "–");
  return {
    element: make(
      "header",
      { class: "head" },
      // A page may replace the title, and add tools at the end.
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
