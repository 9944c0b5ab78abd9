import type { EventData, Sums } from "../../client/index.ts";
import { clockOf } from "../clock.ts";
import { serverNow } from "../server-time.ts";
import { confirmButton } from "./confirm-button.ts";
import { icon, make } from "./dom.ts";
import type { Translator } from "./translations.ts";

export type Moment = EventData["moment.started"];

export type Sum = Sums[string] | undefined;

/** A poll, a goal or a train above the list. */
export type Card = {
  element: HTMLElement;
  /** Shows the newest state of the moment and its sum. */
  show(moment: Moment, sum: Sum): void;
  choose(options: number[]): void;
};

/** The frame of all cards: title and time, and an end button for moderators. */
export function frameOf(
  moment: Moment,
  picture: string,
  translator: Translator,
  onEnd: () => void,
) {
  const left = make("span", { class: "left number" });
  const head = make(
    "summary",
    { class: "moment-head" },
    icon(picture, 16),
    make("bdi", { class: "moment-title" }, moment.title ?? ""),
    left,
  );
  const { translate } = translator;
  const end = confirmButton("link end", translate("endPoll"), translate("sureEnd"), onEnd);
  const element = make("details", { class: `moment ${moment.kind}`, "data-id": moment.id }, head);
  let { endsAt } = moment;
  const tick = () => {
    const seconds = endsAt === null ? 0 : Math.max(0, Date.parse(endsAt) - serverNow()) / 1_000;
    const rounded = Math.ceil(seconds);
    left.textContent = rounded === 0 ? "" : clockOf(rounded);
  };
  element.addEventListener("tick", tick);
  return {
    element,
    head,
    end,
    left,
    /** Whether the time is over. The event of the end arrives later, with the result. */
    isOver: () => endsAt !== null && serverNow() >= Date.parse(endsAt),
    show(next: Moment): void {
      endsAt = next.status === "open" ? next.endsAt : null;
      element.dataset.status = next.status;
      tick();
    },
  };
}
