import hostIcon from "icon:crown";
import moreIcon from "icon:ellipsis";
import replyIcon from "icon:reply";
import moderatorIcon from "icon:shield";
import superlikeIcon from "icon:sparkles";
import type { ChatMessage, EventData, PendingMessage } from "../../client/index.ts";
import { type Combo, comboMilliseconds } from "./combos.ts";
import { coin, icon, make } from "./dom.ts";
import { giftPicture, play } from "./gift-picture.ts";
import { hueOf, initialOf, nameOf, type Person, pictureOf } from "./person.ts";
import { isMentioned, textNodes } from "./text.ts";
import { hueOfGift, tierOf } from "./tier.ts";
import type { Translator } from "./translations.ts";

/** A round picture, or the initial in the user's own colour. */
function avatarOf(person: Person): HTMLElement {
  const picture = pictureOf(person);
  const initial = make("span", { class: "initial" }, initialOf(person));
  return make(
    "span",
    { class: "avatar", "--hue": hueOf(person._id), "aria-hidden": "true" },
    picture === undefined
      ? initial
      : make("img", { src: picture, alt: "", width: 24, height: 24, loading: "lazy" }),
  );
}

/** Name, badge and username: names are not unique, and the username tells two users apart. */
function whoOf(person: Person, { translate }: Translator): HTMLElement {
  const { role, username } = person;
  const name = nameOf(person);
  return make(
    "span",
    { class: "who", "--hue": hueOf(person._id) },
    make("bdi", { class: "name", title: name }, name),
    role !== undefined &&
      make(
        "span",
        {
          class: `badge ${role}`,
          role: "img",
          "aria-label": translate(role),
          title: translate(role),
        },
        icon(role === "host" ? hostIcon : moderatorIcon, 14),
      ),
    username !== "" && username !== name && make("bdi", { class: "handle" }, `@${username}`),
  );
}

/** The quote above a reply: a line that is filled in once the other message is known. */
function quoteLine(messageId: string): HTMLElement {
  const words = make("span", { class: "quoted" }, "…");
  return make("p", { class: "quote", "data-quote": messageId }, icon(replyIcon, 14), words);
}

/** Fills in quotes of a message; a deleted one is no longer quoted. */
export function showQuote(
  root: ParentNode,
  messageId: string,
  message: ChatMessage | undefined,
  { translate }: Translator,
): void {
  for (const words of root.querySelectorAll(`[data-quote="${messageId}"] .quoted`)) {
    if (!message?.content) words.replaceChildren(translate("gone"));
    else words.replaceChildren(make("bdi", {}, nameOf(message.sender)), ` ${message.content}`);
  }
}

type MessageActs = {
  /** The reader's username. */
  me: string;
  /** Opens the menu of the message. */
  onMenu(message: ChatMessage, button: HTMLElement): void;
};

/** The row of a message. */
export function messageRow(
  message: ChatMessage,
  translator: Translator,
  { me, onMenu }: MessageActs,
): HTMLElement {
  const { sender, content, createdAt, replyTo } = message;
  const name = nameOf(sender);
  const button = make(
    "button",
    {
      class: "more",
      type: "button",
      tabindex: -1,
      "aria-label": translator.translate("more", { name }),
      "aria-haspopup": "menu",
      onclick: () => onMenu(message, button),
    },
    icon(moreIcon, 16),
  );
  const row = make(
    "article",
    { class: `row message ${sender.role ?? ""}`, tabindex: -1, "data-sender": sender._id },
    avatarOf(sender),
    make(
      "div",
      { class: "body" },
      replyTo !== undefined && quoteLine(replyTo),
      whoOf(sender, translator),
      make("time", { datetime: createdAt }, translator.time(createdAt)),
      make("p", { class: "text", dir: "auto" }, ...textNodes(content, me)),
    ),
    button,
  );
  row.classList.toggle("mentions", isMentioned(content, me));
  row.addEventListener("keydown", (event) => {
    if (event.target !== row || (event.key !== "m" && event.key !== "Enter")) return;
    // The menu takes the focus: the same key press would also choose its first item.
    event.preventDefault();
    onMenu(message, button);
  });
  return row;
}

/** The user's own message that is pending or failed. */
export function pendingRow(
  pending: PendingMessage,
  { translate }: Translator,
  reason: string,
): HTMLElement {
  const isFailed = pending.status === "failed";
  const act = (word: "again" | "discard", onclick: () => void) =>
    make("button", { class: "link", type: "button", onclick }, translate(word));
  return make(
    "div",
    { class: `row pending ${pending.status}`, ...(isFailed && { role: "alert" }) },
    make("p", { class: "text", dir: "auto" }, pending.content),
    isFailed &&
      make(
        "p",
        { class: "reason" },
        make("span", {}, `${translate("notSent")}. ${reason}`),
        act("again", () => void pending.retry().catch(() => {})),
        act("discard", () => pending.discard()),
      ),
  );
}

/** The text of a row of gifts. */
export const giftWords = ({ gift, count, isMixed }: Combo, { translate }: Translator): string =>
  isMixed
    ? translate("gaveGifts", { n: count })
    : translate(count > 1 ? "gaveMany" : "gave", { n: count, gift: gift.giftType.name });

/** A row of gifts: while active it counts up and its bar runs down. */
export function giftRow(combo: Combo, translator: Translator) {
  const { number } = translator;
  const { giftType, sender } = combo.gift;
  const picture = giftPicture(giftType.svgUrl, 32);
  const said = make("p", { class: "text" });
  const times = make("span", { class: "times number", "aria-hidden": "true" });
  const credits = make("span", { class: "number" });
  const bar = make("span", { class: "bar", "aria-hidden": "true" });
  const row = make(
    "article",
    {
      class: "row gift",
      tabindex: -1,
      "--seconds": `${comboMilliseconds / 1000}s`,
      "--gift-hue": hueOfGift(giftType),
    },
    picture,
    make("div", { class: "body" }, whoOf(sender, translator), said),
    make("span", { class: "worth" }, times, make("span", { class: "price" }, coin(), credits)),
    bar,
  );
  function show(): void {
    const { count } = combo;
    said.textContent = giftWords(combo, translator);
    row.dataset.tier = tierOf(combo.credits);
    times.textContent = count > 1 ? `×${number(count)}` : "";
    credits.textContent = number(combo.credits);
  }
  function playAgain(): void {
    play(picture, combo.gift.giftType.svgUrl, combo.gift.id);
  }
  show();
  return {
    row,
    /** Counts one more gift, replays the animation and restarts the bar. */
    grow(): void {
      show();
      row.classList.remove("over");
      row.classList.toggle("even");
      playAgain();
    },
    start: playAgain,
    end: () => row.classList.add("over"),
  };
}

/** A superlike's row in the list, which stays after its card above the chat has disappeared. */
export const superlikeRow = (
  { senderSnapshot, price }: EventData["superlike.sent"],
  translator: Translator,
): HTMLElement =>
  make(
    "article",
    { class: "row gift over superlike-row", tabindex: -1 },
    make("span", { class: "spark" }, icon(superlikeIcon, 20)),
    make(
      "div",
      { class: "body" },
      whoOf(senderSnapshot as Person, translator),
      make("p", { class: "text" }, translator.translate("superliked")),
    ),
    make(
      "span",
      { class: "worth" },
      make("span", { class: "price" }, coin(), translator.number(price)),
    ),
  );

/** An unobtrusive line about an event. */
export const noticeRow = (text: string): HTMLElement =>
  make("p", { class: "row notice", tabindex: -1 }, text);
