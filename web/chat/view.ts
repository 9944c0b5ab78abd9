import pinIcon from "icon:pin";
import type { ChatMessage, Event } from "../../client/index.ts";
import { createAnnouncer } from "./announcer.ts";
import { Composer } from "./composer.ts";
import { icon, make } from "./dom.ts";
import { createHead } from "./head.ts";
import { Log } from "./log.ts";
import { type Act, createMenu } from "./menu.ts";
import { nameOf } from "./person.ts";
import { type GiftType, Picker } from "./picker.ts";
import { Strip, Toast } from "./status.ts";
import { createSuperlikes } from "./superlikes.ts";
import type { Speaker } from "./translations.ts";

/** What a person does in the chat. */
export type Handlers = {
  say(text: string): void;
  give(type: GiftType): void;
  superlike(): void;
  act(act: Act, message: ChatMessage): void;
  older(): void;
};

/** A skeleton is shown only where it would be seen. */
const skeletonMilliseconds = 200;
const skeletonRows = 6;

/** Everything that is seen of one chat. It knows nothing of the network. */
export class View {
  readonly element: HTMLElement;
  readonly log: Log;
  readonly menu: ReturnType<typeof createMenu>;
  readonly superlikes: ReturnType<typeof createSuperlikes>;
  readonly composer: Composer;
  readonly picker: Picker;
  readonly toast: Toast;
  #speaker: Speaker;
  #strip: Strip;
  #head: ReturnType<typeof createHead>;
  #announcer: ReturnType<typeof createAnnouncer>;
  #pinned = make("div", { class: "pinned", hidden: true });
  #skeleton = make("div", { class: "skeleton", "aria-hidden": "true", hidden: true });
  #loading: ReturnType<typeof setTimeout>;

  constructor(speaker: Speaker, handlers: Handlers) {
    this.#speaker = speaker;
    this.element = make("section", { class: "panel", "aria-label": speaker.say("chat") });
    this.log = new Log(speaker, handlers.older);
    this.menu = createMenu(speaker, this.element, handlers.act);
    this.superlikes = createSuperlikes(speaker);
    this.toast = new Toast(speaker);
    this.#strip = new Strip(speaker);
    this.#head = createHead(speaker);
    this.#announcer = createAnnouncer(speaker);
    this.composer = new Composer(speaker, {
      send: handlers.say,
      superlike: handlers.superlike,
      gift: () => this.#toggleGifts(),
      leave: () => this.log.list.focus(),
    });
    const closed = () => {
      this.composer.gift.setAttribute("aria-expanded", "false");
      this.composer.gift.focus();
    };
    this.picker = new Picker(speaker, { give: handlers.give, closed });
    this.#skeleton.append(...Array.from({ length: skeletonRows }, () => make("span")));
    this.#loading = setTimeout(() => {
      this.#skeleton.hidden = false;
    }, skeletonMilliseconds);
    this.element.append(
      ...[this.#head.element, this.#strip.element, this.#pinned, this.superlikes.element],
      make("div", { class: "frame" }, ...this.log.elements, this.#skeleton),
      make("div", { class: "foot" }, this.toast.element, this.picker.element),
      this.#announcer.element,
    );
    this.picker.element.after(this.composer.element);
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

  /** Counts an event for the next screen reader announcement. */
  count({ type }: Event): void {
    this.#strip.count();
    if (type === "chat.message") this.#announcer.count("messages");
    else if (type === "gift.sent" || type === "superlike.sent") this.#announcer.count("gifts");
  }

  /** Shows that the stream has ended, and why. */
  showEnd(reason: string): void {
    this.showReady();
    this.#strip.stop();
    const text = this.#speaker.say("over", { reason });
    this.#strip.show(text, "bad");
    this.composer.refuse(text);
  }

  /** The stream is over: it can be read, and nothing more. */
  showOver(): void {
    this.composer.refuse(this.#speaker.say("ended"));
    this.allowGifts(false);
  }

  showPinned(message: ChatMessage | undefined): void {
    this.#pinned.hidden = message === undefined;
    if (message === undefined) return;
    this.#pinned.replaceChildren(
      icon(pinIcon, 16),
      make("bdi", { class: "name" }, nameOf(message.sender)),
      make("p", { class: "text", dir: "auto" }, message.content),
    );
  }

  allowGifts(isAllowed: boolean): void {
    this.composer.showTools(isAllowed);
    if (!isAllowed) this.picker.hide();
  }

  stop(): void {
    clearTimeout(this.#loading);
    this.#strip.stop();
    this.toast.stop();
    this.log.stop();
    this.composer.stop();
    this.#announcer.stop();
    this.superlikes.stop();
  }

  #toggleGifts(): void {
    if (this.picker.isOpen()) {
      this.picker.hide();
      return;
    }
    this.composer.gift.setAttribute("aria-expanded", "true");
    this.picker.open();
  }
}
