import hostIcon from "icon:crown";
import moderatorIcon from "icon:shield";
import heart from "icon:sparkles";
import type { EventData } from "../../client/index.ts";
import { type Combo, comboMilliseconds } from "../chat/combos.ts";
import { coin, icon, make } from "../chat/dom.ts";
import { giftPicture, play } from "../chat/gift-picture.ts";
import { hueOf, nameOf, type Person } from "../chat/person.ts";
import { giftWords } from "../chat/rows.ts";
import type { Translator } from "../chat/translations.ts";

/** Names of classes are documented in docs/overlay.md: streamers write CSS for them. */
const row = (kind: string, sender: Person, given: Record<string, string>, ...inside: Node[]) =>
  make("div", { class: `ov-row ov-${kind}`, "--hue": hueOf(sender._id), ...given }, ...inside);

const nameTag = (person: Person) => make("bdi", { class: "ov-name" }, nameOf(person));

function badgeOf({ role }: Person): HTMLElement | undefined {
  if (role === undefined) return undefined;
  const picture = icon(role === "host" ? hostIcon : moderatorIcon, 20);
  return make("span", { class: `ov-badge ov-badge-${role}` }, picture);
}

/** A chat message. */
export function messageRow(
  { _id, sender, content }: EventData["chat.message"],
  hasBadges: boolean,
): HTMLElement {
  const said = make("bdi", { class: "ov-text" }, content.replace(/\s+/g, " "));
  const badge = hasBadges ? badgeOf(sender) : undefined;
  const who = make("span", { class: "ov-who" }, badge, nameTag(sender));
  const role = sender.role === undefined ? {} : { "data-role": sender.role };
  return row("message", sender, { "data-id": _id, ...role }, who, said);
}

/** A superlike. */
export function superlikeRow(
  { senderSnapshot, price }: EventData["superlike.sent"],
  { translate, number }: Translator,
): HTMLElement {
  const sender = senderSnapshot as Person;
  const said = make("span", { class: "ov-text" }, translate("superliked"));
  const worth = make("span", { class: "ov-credits number" }, coin(), number(price));
  const picture = make("span", { class: "ov-picture" }, icon(heart, 20));
  const body = make("span", { class: "ov-body" }, nameTag(sender), " ", said);
  return row("superlike", sender, {}, picture, body, worth);
}

/** A row of gifts of one type by one sender, which counts up while the combo is active. */
export function giftRow(combo: Combo, translator: Translator) {
  const { gift } = combo;
  const picture = giftPicture(gift.giftType.svgUrl, 40);
  picture.classList.add("ov-picture");
  const said = make("span", { class: "ov-text" });
  const times = make("span", { class: "ov-times number" });
  const body = make("span", { class: "ov-body" }, nameTag(gift.sender), " ", said);
  const seconds = { "--seconds": `${comboMilliseconds / 1000}s` };
  const bar = make("span", { class: "ov-bar" });
  const element = row("gift", gift.sender, seconds, picture, body, times, bar);
  const show = () => {
    // The count has its own element.
    said.textContent = giftWords(combo.isMixed ? combo : { ...combo, count: 1 }, translator);
    times.textContent = combo.count > 1 ? `×${translator.number(combo.count)}` : "";
    play(picture, combo.gift.giftType.svgUrl, combo.gift.id);
  };
  show();
  return {
    element,
    /** Counts one more gift. */
    grow(): void {
      show();
      element.classList.remove("ov-over");
      element.classList.toggle("ov-even");
    },
    end: () => element.classList.add("ov-over"),
  };
}
