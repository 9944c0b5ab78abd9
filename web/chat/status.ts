import offlineIcon from "icon:wifi-off";
import { icon, make } from "./dom.ts";
import type { Translator, Word } from "./translations.ts";

const toldMilliseconds = 6_000;
const backMilliseconds = 4_000;
/** A shorter outage, such as a change of servers, is not shown. */
const patienceMilliseconds = 2_000;
/** Events within this time after a socket opened were missed while offline. */
const catchUpMilliseconds = 1_000;

/** The strip at the top that shows the connection's state. */
export class ConnectionStatus {
  readonly element = make("p", { class: "strip", role: "status", hidden: true });
  #translator: Translator;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether it shows an outage. */
  #isShown = false;
  #missed: number | undefined;
  #isOver = false;

  constructor(translator: Translator) {
    this.#translator = translator;
  }

  /** Counts an event: right after a reconnection it is a missed one. */
  count(): void {
    if (this.#missed !== undefined) this.#missed++;
  }

  /** Offline: soon shows since when. Online again: shows how many events were missed. */
  showState(state: "online" | "offline"): void {
    const { translate, time } = this.#translator;
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    if (state === "offline") {
      this.#missed = undefined;
      this.element.hidden = !this.#isShown;
      const since = time(new Date().toISOString());
      this.#timer = setTimeout(() => {
        this.#isShown = true;
        this.#show(translate("offline", { time: since }), "warn");
      }, patienceMilliseconds);
    } else if (this.#isShown) {
      this.#isShown = false;
      this.#missed = 0;
      this.#timer = setTimeout(() => {
        const n = this.#missed ?? 0;
        this.#welcome(n === 0 ? translate("back") : translate("backWith", { n }));
      }, catchUpMilliseconds);
    }
  }

  /** Shows that events were lost and that not everything could be loaded. */
  lose(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#isShown = false;
    this.#welcome(this.#translator.translate("backLost"));
  }

  /** Shows why the chat has ended, whatever becomes of the connection. */
  end(text: string): void {
    clearTimeout(this.#timer);
    this.#isOver = true;
    this.#show(text, "bad");
  }

  #show(text: string, kind: "warn" | "good" | "bad"): void {
    this.element.replaceChildren(...(kind === "good" ? [] : [icon(offlineIcon, 16)]), text);
    this.element.className = `strip ${kind}`;
    this.element.hidden = false;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #welcome(text: string): void {
    this.#missed = undefined;
    this.#show(text, "good");
    this.#timer = setTimeout(() => {
      this.element.hidden = true;
    }, backMilliseconds);
  }
}

/** Short messages that disappear, each with an optional button, by default "Undo". */
export class Toasts {
  readonly element = make("div", { class: "toasts", role: "status", "aria-atomic": "false" });
  #translator: Translator;

  constructor(translator: Translator) {
    this.#translator = translator;
  }

  /**
   * Shows a message for six seconds. One without a button replaces the last such message; those
   * with a button all stay, and scroll where there is no space for them.
   */
  tell(text: string, act?: () => void, word: Word = "undo"): void {
    const toast = make("p", { class: "toast" }, make("span", {}, text));
    const onclick = ({ detail }: MouseEvent) => {
      // The second press of a double click could hit the button of another message.
      if (detail > 1) return;
      toast.remove();
      act?.();
    };
    const label = this.#translator.translate(word);
    if (act) toast.append(make("button", { class: "link", type: "button", onclick }, label));
    else this.element.querySelector(".toast:not(:has(button))")?.remove();
    this.element.append(toast);
    this.element.scrollTop = this.element.scrollHeight;
    // No toast disappears while one of them has the pointer or the focus.
    const isUsed = () => this.element.matches(":hover, :focus-within");
    const removeSoon = () =>
      setTimeout(() => {
        if (!isUsed()) toast.remove();
        else if (toast.isConnected) removeSoon();
      }, toldMilliseconds);
    removeSoon();
  }
}
