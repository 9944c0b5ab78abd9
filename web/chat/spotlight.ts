import type { EventData } from "../../client/index.ts";
import { make } from "../chat/dom.ts";
import { giftPicture, play } from "../chat/gift-picture.ts";
import { nameOf } from "../chat/person.ts";
import type { Speaker } from "../chat/translations.ts";

type Gift = EventData["gift.sent"];
type Turn = { gift: Gift; count: number };

/** Gifts from this price on appear centre screen. */
export const largeCredits = 500;
/** As long as overlay.css shows one, and a breath between two. */
const shownMilliseconds = 1_600;
const breathMilliseconds = 200;
/** Beyond this many the cheapest is left out: its row is in the column all the same. */
const waitingMax = 20;

/**
 * The middle of the picture, for large gifts: never two at once. Those of one kind from one person
 * that wait are shown together.
 */
export function createSpotlight({ say, number }: Speaker, onShow: (gift: Gift) => void) {
  const element = make("div", { class: "ov-spotlight" });
  let waiting: Turn[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function next(): void {
    timer = undefined;
    element.replaceChildren();
    const turn = waiting.shift();
    if (turn === undefined) return;
    const { gift, count } = turn;
    const { name, svgUrl } = gift.giftType;
    const picture = giftPicture(svgUrl, 40);
    picture.classList.add("ov-large-picture");
    play(picture, svgUrl, `spotlight-${gift.id}`);
    const who = make("bdi", { class: "ov-large-name" }, nameOf(gift.sender));
    const said = make("span", { class: "ov-large-text" }, say("gave", { gift: name }));
    const times = count > 1 && make("span", { class: "ov-large-times" }, `×${number(count)}`);
    element.append(
      make("div", { class: "ov-large" }, picture, make("p", { class: "ov-large-said" }, who, said)),
    );
    if (times) element.querySelector(".ov-large-said")!.append(times);
    onShow(gift);
    timer = setTimeout(() => {
      element.replaceChildren();
      timer = setTimeout(next, breathMilliseconds);
    }, shownMilliseconds);
  }

  return {
    element,
    add(gift: Gift): void {
      const count = gift.count * Math.max(1, gift.receivers.length);
      const same = waiting.find(
        (one) =>
          one.gift.sender._id === gift.sender._id && one.gift.giftType.id === gift.giftType.id,
      );
      if (same !== undefined) same.count += count;
      else waiting.push({ gift, count });
      if (waiting.length > waitingMax) waiting.splice(waiting.indexOf(cheapestOf(waiting)), 1);
      if (timer === undefined) next();
    },
    /** Leaves out what must not be seen any more. */
    remove(isMeant: (gift: Gift) => boolean): void {
      waiting = waiting.filter(({ gift }) => !isMeant(gift));
    },
    stop: () => clearTimeout(timer),
  };
}

const cheapestOf = (turns: Turn[]) =>
  turns.reduce((least, one) =>
    one.gift.giftType.creditAmount < least.gift.giftType.creditAmount ? one : least,
  );
