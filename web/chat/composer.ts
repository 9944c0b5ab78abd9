import giftIcon from "icon:gift";
import heartIcon from "icon:heart";
import replyIcon from "icon:reply";
import sendIcon from "icon:send-horizontal";
import emojiIcon from "icon:smile";
import superlikeIcon from "icon:sparkles";
import closeIcon from "icon:x";
import type { ChatMessage } from "../../client/index.ts";
import { coin, icon, isComposing, isPressed, make } from "./dom.ts";
import { createMentions } from "./mentions.ts";
import { nameOf, type Person } from "./person.ts";
import type { Translator } from "./translations.ts";

const charactersMax = 500;
/** Show the remaining characters from this length on. */
const counterFrom = 400;
/** The input grows up to four lines of text, then scrolls. */
const pixelsMax = 104;
const lookMilliseconds = 250;

type Acts = {
  send(text: string, replyTo: ChatMessage | undefined): void;
  gift(): void;
  emoji(): void;
  superlike(click: MouseEvent): void;
  like(): void;
  leave(): void;
  /** The users of the chat, the latest first. */
  people(): Iterable<Person>;
};
type Button = "send" | "gift" | "superlike" | "emoji" | "like";

/**
 * The message input. Enter sends, Shift+Enter adds a line, Esc closes. In slow mode the button
 * counts down, and the text stays.
 */
export class Composer {
  readonly element: HTMLElement;
  readonly gift: HTMLButtonElement;
  readonly emoji: HTMLButtonElement;
  readonly like: HTMLButtonElement;
  #acts: Acts;
  #translator: Translator;
  #box: HTMLTextAreaElement;
  #send: HTMLElement;
  #mentions: ReturnType<typeof createMentions>;
  #superlike: HTMLElement;
  #superlikePrice = make("span", { class: "tag number", "aria-hidden": "true" });
  #reply = make("p", { class: "replying", hidden: true });
  #replyTo: ChatMessage | undefined;
  #seconds = make("span", { class: "seconds number", "aria-hidden": "true" });
  #note = make("p", { class: "note", id: "note", hidden: true });
  #waitUntil = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #refusals: { muted?: string | undefined; over?: string | undefined } = {};

  constructor(translator: Translator, acts: Acts) {
    this.#acts = acts;
    this.#translator = translator;
    const { translate } = translator;
    this.#box = make("textarea", {
      class: "box",
      rows: 1,
      dir: "auto",
      enterkeyhint: "send",
      "aria-label": translate("message"),
      "aria-describedby": "note",
      onkeydown: (event: KeyboardEvent) => this.#press(event),
      oninput: () => this.#measure(),
    });
    this.#mentions = createMentions(translator, this.#box, acts.people);
    const button = (label: Button, inside: string, onclick: Acts["superlike"]) =>
      make(
        "button",
        {
          class: label === "send" ? "send" : "tool",
          type: "button",
          onclick,
          "aria-label": translate(label),
          title: translate(label),
        },
        icon(inside),
      );
    this.#send = button("send", sendIcon, () => this.#trySend());
    this.#send.append(this.#seconds);
    this.gift = button("gift", giftIcon, acts.gift);
    this.emoji = button("emoji", emojiIcon, acts.emoji);
    for (const opener of [this.gift, this.emoji]) {
      opener.setAttribute("aria-haspopup", "dialog");
      opener.setAttribute("aria-expanded", "false");
    }
    this.#superlike = button("superlike", superlikeIcon, acts.superlike);
    this.#superlike.append(this.#superlikePrice);
    this.like = button("like", heartIcon, acts.like);
    this.like.classList.add("like");
    const writing = make("div", { class: "writing" }, this.#box, this.emoji);
    const tools = [this.gift, this.#superlike, writing, this.#send, this.like];
    const above = [this.#mentions.element, this.#reply, this.#note];
    const line = make("div", { class: "line" }, ...tools);
    this.element = make("div", { class: "composer" }, ...above, line);
    this.#show();
  }

  /** Disables sending for this many seconds. */
  wait(seconds: number): void {
    this.#waitUntil = performance.now() + seconds * 1000;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      if (this.#secondsLeft() === 0) {
        // Not during a press: the note disappears, and the rows above it move.
        if (isPressed(this.element.closest(".panel"))) return;
        clearInterval(this.#timer);
      }
      this.#show();
    }, lookMilliseconds);
    this.#show();
  }

  /**
   * After a change of slow mode: shortens a running wait to at most this many seconds. Visible
   * within 250 ms.
   */
  waitAtMost(seconds: number): void {
    this.#waitUntil = Math.min(this.#waitUntil, performance.now() + seconds * 1000);
  }

  /** Restores a text that could not be sent; false if the user has begun something else. */
  restore(text: string): boolean {
    if (this.#box.value !== "" || this.#replyTo !== undefined) return false;
    this.#box.value = text;
    this.#measure();
    return true;
  }

  /** The text and the reply that are being written. */
  draft = () => ({ text: this.#box.value, replyTo: this.#replyTo });

  /** The next message replies to this one; undefined: to none. */
  answer(message: ChatMessage | undefined): void {
    this.#replyTo = message;
    this.#reply.hidden = message === undefined;
    if (message === undefined) return;
    const { translate } = this.#translator;
    const name = nameOf(message.sender);
    const stop = make(
      "button",
      {
        class: "stop",
        type: "button",
        "aria-label": translate("noReply"),
        onclick: () => {
          this.answer(undefined);
          this.focus();
        },
      },
      icon(closeIcon, 16),
    );
    const said = make("bdi", { class: "quoted" }, message.content);
    const words = make("span", { class: "to" }, translate("replyTo", { name }), " ", said);
    this.#reply.replaceChildren(icon(replyIcon, 14), words, stop);
  }

  focus = () => this.#box.focus();

  /** Inserts text at the cursor. */
  insert(text: string): void {
    if (this.#box.readOnly) return;
    const { selectionStart, selectionEnd } = this.#box;
    this.#box.setRangeText(text, selectionStart, selectionEnd, "end");
    this.#measure();
  }

  /** Shows the price of a superlike. */
  showPrice(credits: number): void {
    const { translate, number } = this.#translator;
    const label = `${translate("superlike")} · ${number(credits)}`;
    this.#superlike.setAttribute("aria-label", label);
    this.#superlike.title = label;
    this.#superlikePrice.replaceChildren(coin(), number(credits));
  }

  /** Shows why writing is disabled; undefined enables it. An ended stream wins over a mute. */
  refuse(reason: string | undefined, because: "muted" | "over" = "over"): void {
    this.#refusals[because] = reason;
    this.#show();
  }

  /** Shows the buttons that spend credits, or hides them: hosts cannot pay themselves. */
  showTools(isShown: boolean): void {
    this.gift.hidden = !isShown;
    this.#superlike.hidden = !isShown;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #press(event: KeyboardEvent): void {
    if (this.#mentions.press(event)) return;
    // During IME composition, as in Chinese, Enter confirms the composed word.
    if (event.key === "Enter" && !event.shiftKey && !isComposing(event)) {
      event.preventDefault();
      this.#trySend();
    } else if (event.key === "Escape") {
      if (this.#replyTo === undefined) this.#acts.leave();
      else this.answer(undefined);
    }
  }

  #trySend(): void {
    if (!this.#canSend()) return;
    const { text, replyTo } = this.draft();
    this.#box.value = "";
    this.answer(undefined);
    this.#measure();
    this.#acts.send(text.trim(), replyTo);
  }

  #measure(): void {
    this.#box.style.blockSize = "auto";
    this.#box.style.blockSize = `${Math.min(pixelsMax, this.#box.scrollHeight)}px`;
    this.#show();
  }

  #refusal = () => this.#refusals.over ?? this.#refusals.muted;

  #length = () => [...this.#box.value.trim()].length;

  #secondsLeft = () => Math.max(0, Math.ceil((this.#waitUntil - performance.now()) / 1000));

  #canSend(): boolean {
    const length = this.#length();
    const isFree = this.#secondsLeft() === 0 && this.#refusal() === undefined;
    return length > 0 && length <= charactersMax && isFree;
  }

  #show(): void {
    const left = this.#secondsLeft();
    this.#seconds.textContent = left > 0 ? `${left}` : "";
    this.#send.classList.toggle("waiting", left > 0);
    this.#send.setAttribute("aria-disabled", `${!this.#canSend()}`);
    const refusal = this.#refusal();
    // Read-only and not disabled, so that the box keeps the focus and a text typed before.
    this.#box.readOnly = refusal !== undefined;
    this.#box.placeholder = refusal === undefined ? this.#translator.translate("placeholder") : "";
    const note = refusal ?? this.#noteOf(this.#length(), left);
    // Off for a countdown, which a screen reader would read out every second.
    this.#note.setAttribute("aria-live", refusal === undefined ? "off" : "polite");
    this.#note.hidden = note === "";
    if (this.#note.textContent !== note) this.#note.textContent = note;
    this.#note.classList.toggle("bad", this.#length() > charactersMax);
  }

  #noteOf(length: number, secondsLeft: number): string {
    const { translate } = this.#translator;
    if (secondsLeft > 0 && length > 0) return translate("slow", { n: secondsLeft });
    return length >= counterFrom ? translate("left", { n: charactersMax - length }) : "";
  }
}
