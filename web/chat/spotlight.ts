import type { EventData } from "../../client/index.ts";
import { make } from "./dom.ts";
import { giftPicture, play } from "./gift-picture.ts";
import { nameOf } from "./person.ts";
import { hueOfGift } from "./tier.ts";
import type { Translator } from "./translations.ts";

type Gift = EventData["gift.sent"];
type Turn = { gift: Gift; count: number };

/** How long a gift is shown, as in the style sheets, and the pause before the next one. */
const shownMilliseconds = 1_600;
const breathMilliseconds = 200;
/** Beyond this many waiting gifts the cheapest is dropped: it still has its row. */
const waitingMax = 20;

/**
 * Large gifts in the middle of the picture, one at a time. Waiting gifts of one type by one sender
 * are combined. `prefix` starts the names of its classes.
 */
export function createSpotlight(
  { translate, number }: Translator,
  prefix: string,
  onShow?: (gift: Gift) => void,
) {
  const element = make("div", { class: `${prefix}spotlight`, "aria-hidden": "true" });
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
    picture.classList.add(`${prefix}large-picture`);
    play(picture, svgUrl, `spotlight-${gift.id}`);
    const who = make("bdi", { class: `${prefix}large-name` }, nameOf(gift.sender));
    const said = make("span", { class: `${prefix}large-text` }, translate("gave", { gift: name }));
    const times = count > 1 && make("span", { class: `${prefix}large-times` }, `×${number(count)}`);
    const words = make("p", { class: `${prefix}large-said` }, who, said, times);
    const hue = hueOfGift(gift.giftType);
    element.append(make("div", { class: `${prefix}large`, "--hue": hue }, picture, words));
    onShow?.(gift);
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
    /** Removes gifts that must no longer be shown. */
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
