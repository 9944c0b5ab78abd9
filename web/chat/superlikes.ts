import heart from "icon:sparkles";
import type { EventData } from "../../client/index.ts";
import { icon, make } from "./dom.ts";
import { hueOf, nameOf, type Person } from "./person.ts";
import type { Translator } from "./translations.ts";

/** How long a superlike stays above the chat. */
const shownMilliseconds = 20_000;
const shownMax = 2;
const waitingMax = 50;

/** A ring, and on it the time that is left. */
const circle = '<circle cx="12" cy="12" r="9" pathLength="1"/>';
const ring = circle + circle;

/** The cards above the chat: at most two, with a count of those waiting. */
export function createSuperlikes(translator: Translator) {
  const cards = make("div", { class: "superlikes" });
  const more = make("span", { class: "more-superlikes number", hidden: true });
  const waiting: EventData["superlike.sent"][] = [];
  const timers = new Set<ReturnType<typeof setTimeout>>();
  cards.append(more);

  function count(): void {
    more.hidden = waiting.length === 0;
    more.textContent = `+${waiting.length}`;
  }

  function next(): void {
    const shown = cards.querySelectorAll(".superlike").length;
    const superlike = shown < shownMax ? waiting.shift() : undefined;
    if (superlike !== undefined) {
      const card = cardOf(superlike);
      cards.insertBefore(card, more);
      const timer = setTimeout(() => {
        timers.delete(timer);
        card.remove();
        next();
      }, shownMilliseconds);
      timers.add(timer);
    }
    count();
  }

  function cardOf({ senderSnapshot: sender, price }: EventData["superlike.sent"]): HTMLElement {
    const seconds = shownMilliseconds / 1000;
    return make(
      "div",
      { class: "superlike", "--seconds": `${seconds}s`, "--hue": hueOf(sender._id) },
      icon(heart, 20),
      make(
        "span",
        { class: "said" },
        make("bdi", { class: "name" }, nameOf(sender as Person)),
        ` ${translator.translate("superliked")}`,
      ),
      make("span", { class: "price number" }, translator.number(price)),
      make("span", { class: "time-left" }, icon(ring, 16)),
    );
  }

  return {
    element: cards,
    add(superlike: EventData["superlike.sent"]): void {
      waiting.push(superlike);
      // In a flood the cards show the newest; older ones are in the list below.
      if (waiting.length > waitingMax) waiting.shift();
      next();
    },
    stop(): void {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
