import pinIcon from "icon:pin";
import unpinIcon from "icon:pin-off";
import type { ChatMessage, Event, Sums } from "../../client/index.ts";
import { ignoreHeldKey } from "../repeated-presses.ts";
import { createAnnouncer } from "./announcer.ts";
import { Composer } from "./composer.ts";
import { icon, make } from "./dom.ts";
import { createEmojiSheet } from "./emoji.ts";
import { createHead } from "./head.ts";
import { createHearts } from "./hearts.ts";
import { Log } from "./log.ts";
import { createMenu, type MessageAction } from "./menu.ts";
import type { Moment } from "./moment-card.ts";
import { createMoments } from "./moments.ts";
import { nameOf, type Person } from "./person.ts";
import { type GiftType, Picker } from "./picker.ts";
import type { Sheet } from "./sheet.ts";
import { createSpotlight } from "./spotlight.ts";
import { ConnectionStatus, Toasts } from "./status.ts";
import { createSuperlikes } from "./superlikes.ts";
import type { Translator, Word } from "./translations.ts";

/** The text for a viewer who is not admitted, by the code of a refusal or the reason of an end. */
const refusals: Record<string, Word> = {
  member_blocked: "blocked",
  blocked: "blocked",
  pass_required: "passNeeded",
  pass: "passNeeded",
};

/** The user's actions in the chat. */
export type Handlers = {
  send(text: string, replyTo: ChatMessage | undefined): void;
  give(type: GiftType, count: number): void;
  superlike(): void;
  /** Called when the gift picker opens. */
  pick(): void;
  like(): void;
  vote(poll: Moment, options: number[]): void;
  endMoment(moment: Moment): void;
  act(act: MessageAction, message: ChatMessage, seconds?: number): void;
  older(): void;
  people(): Iterable<Person>;
};

/** Delay before a skeleton is shown, so that fast loads do not flicker. */
const skeletonMilliseconds = 200;
const skeletonRows = 6;

/** Everything visible of one chat. It does not use the network. */
export class View {
  readonly element: HTMLElement;
  readonly log: Log;
  readonly menu: ReturnType<typeof createMenu>;
  readonly superlikes: ReturnType<typeof createSuperlikes>;
  readonly spotlight: ReturnType<typeof createSpotlight>;
  readonly moments: ReturnType<typeof createMoments>;
  readonly composer: Composer;
  readonly picker: Picker;
  readonly toasts: Toasts;
  /** Whether `showEnd` was called: nothing more is shown until the chat is restarted. */
  isEnded = false;
  #translator: Translator;
  #onPick: () => void;
  #strip: ConnectionStatus;
  #head: ReturnType<typeof createHead>;
  #announcer: ReturnType<typeof createAnnouncer>;
  #hearts: ReturnType<typeof createHearts>;
  #emoji: Sheet;
  #pinned = make("div", { class: "pinned", hidden: true });
  #skeleton = make("div", { class: "skeleton", "aria-hidden": "true", hidden: true });
  #loading: ReturnType<typeof setTimeout>;

  constructor(translator: Translator, handlers: Handlers) {
    this.#translator = translator;
    this.element = make("section", { class: "panel", "aria-label": translator.translate("chat") });
    this.log = new Log(translator, handlers.older);
    this.menu = createMenu(translator, this.element, handlers.act);
    this.superlikes = createSuperlikes(translator);
    this.toasts = new Toasts(translator);
    this.#strip = new ConnectionStatus(translator);
    this.spotlight = createSpotlight(translator, "");
    this.moments = createMoments(translator, { vote: handlers.vote, end: handlers.endMoment });
    this.#hearts = createHearts(translator);
    this.#head = createHead(translator, this.#hearts.count);
    this.#announcer = createAnnouncer(translator);
    this.composer = new Composer(translator, {
      send: handlers.send,
      // A double click pays once.
      superlike: ({ detail }) => detail > 1 || handlers.superlike(),
      gift: () => this.#toggle(this.picker.sheet),
      emoji: () => this.#toggle(this.#emoji),
      like: () => {
        this.#hearts.tap();
        handlers.like();
      },
      leave: () => this.log.list.focus(),
      people: handlers.people,
    });
    this.picker = new Picker(translator, handlers.give);
    this.#onPick = handlers.pick;
    this.#emoji = createEmojiSheet(translator, (emoji) => this.composer.insert(emoji));
    this.#skeleton.append(...Array.from({ length: skeletonRows }, () => make("span")));
    this.#loading = setTimeout(() => {
      this.#skeleton.hidden = false;
    }, skeletonMilliseconds);
    this.element.append(
      this.#head.element,
      this.#strip.element,
      this.#pinned,
      this.moments.element,
      this.superlikes.element,
      make("div", { class: "frame" }, ...this.log.elements, this.#skeleton),
      this.picker.sheet.element,
      this.#emoji.element,
      make(
        "div",
        { class: "foot" },
        this.toasts.element,
        this.composer.element,
        this.#hearts.element,
      ),
      this.spotlight.element,
      this.#announcer.element,
    );
    // Some buttons spend credits, or move the focus to a button that does.
    this.element.addEventListener("keydown", ignoreHeldKey);
  }

  /** Shows the stream's sums, and its open polls and goals. */
  showSums(sums: Sums, moments: readonly Moment[]): void {
    if (typeof sums.likes === "number") this.#hearts.set(sums.likes);
    this.moments.show(sums, moments);
  }

  showViewers = (count: number) => this.#head.showViewers(count);

  showBalance(credits: number): void {
    this.#head.showBalance(credits);
    this.picker.setBalance(credits);
  }

  showReady(): void {
    clearTimeout(this.#loading);
    this.#skeleton.hidden = true;
  }

  showState = (state: "online" | "offline") => this.#strip.showState(state);

  showLost = () => this.#strip.lose();

  /** Counts an event for the status strip and for the next screen reader announcement. */
  count({ type }: Event): void {
    this.#strip.count();
    if (type === "chat.message") this.#announcer.count("messages");
    else if (type === "gift.sent" || type === "superlike.sent") this.#announcer.count("gifts");
  }

  /** Shows that the chat is over, and why: the user was disconnected or is not admitted. */
  showEnd(reason: string, code = reason): void {
    this.isEnded = true;
    this.showReady();
    const { translate } = this.#translator;
    const word = refusals[code];
    const text = word === undefined ? translate("over", { reason }) : translate(word);
    this.#strip.end(text);
    this.composer.refuse(text);
    this.#close();
  }

  /** The stream has ended: the chat is read-only. */
  showOver(): void {
    this.composer.refuse(this.#translator.translate("ended"));
    this.#close();
  }

  /** Disables likes, votes and gifts, which the server would refuse. */
  #close(): void {
    this.moments.close();
    this.allowGifts(false);
    this.composer.like.hidden = true;
  }

  /** `onUnpin` is for moderators. */
  showPinned(message: ChatMessage | undefined, onUnpin?: () => void): void {
    this.#pinned.hidden = message === undefined;
    if (message === undefined) return;
    const label = this.#translator.translate("unpin");
    const given = { class: "tool", type: "button", "aria-label": label, title: label };
    this.#pinned.replaceChildren(
      icon(pinIcon, 16),
      make("bdi", { class: "name" }, nameOf(message.sender)),
      make("p", { class: "text", dir: "auto" }, message.content),
      ...(onUnpin ? [make("button", { ...given, onclick: onUnpin }, icon(unpinIcon, 16))] : []),
    );
  }

  allowGifts(isAllowed: boolean): void {
    this.composer.showTools(isAllowed);
    if (!isAllowed) this.picker.sheet.hide();
  }

  stop(): void {
    clearTimeout(this.#loading);
    this.#strip.stop();
    this.log.stop();
    this.composer.stop();
    this.#announcer.stop();
    this.superlikes.stop();
    this.#hearts.stop();
    this.spotlight.stop();
    this.moments.stop();
  }

  /** One sheet is open at a time. */
  #toggle(sheet: Sheet): void {
    const { picker, composer } = this;
    const wasOpen = sheet.isOpen();
    for (const one of [picker.sheet, this.#emoji]) one.hide();
    if (wasOpen) return;
    if (sheet === picker.sheet) {
      picker.open(composer.gift);
      this.#onPick();
    } else sheet.open(composer.emoji, sheet.element.querySelector<HTMLElement>(".emoji"));
  }
}
