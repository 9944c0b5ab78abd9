import closeIcon from "icon:x";
import { icon, make } from "./dom.ts";
import type { Translator } from "./translations.ts";

/** A sheet above the composer, which shortens the list. Closing focuses its opener again. */
export class Sheet {
  readonly element: HTMLElement;
  #opener: HTMLElement | undefined;

  constructor({ translate }: Translator, label: string, inside: { head?: Node[]; body: Node[] }) {
    const close = make(
      "button",
      {
        class: "tool",
        type: "button",
        "aria-label": translate("close"),
        onclick: () => this.hide(),
      },
      icon(closeIcon),
    );
    const title = make("h2", { class: "title" }, label);
    const head = make("div", { class: "head" }, title, ...(inside.head ?? []), close);
    const given = { class: "picker", role: "dialog", "aria-label": label, hidden: true };
    this.element = make("div", given, head, ...inside.body);
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.hide();
    });
  }

  isOpen = () => !this.element.hidden;

  /** Opens it with the focus on an element in it. */
  open(opener: HTMLElement, first: HTMLElement | null): void {
    this.#opener = opener;
    this.element.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    first?.focus({ preventScroll: true });
  }

  hide(): void {
    if (!this.isOpen()) return;
    this.element.hidden = true;
    this.#opener?.setAttribute("aria-expanded", "false");
    this.#opener?.focus();
  }
}
