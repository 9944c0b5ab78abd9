import closeIcon from "icon:x";
import { coin, icon, make } from "./dom.ts";
import { giftPicture, play } from "./gift-picture.ts";
import type { Speaker } from "./translations.ts";

/** A kind of gift as the list of the API has it. */
export type GiftType = { id: string; name: string; creditAmount: number; svgUrl: string };

const columns = 4;
const steps: Record<string, number> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -columns,
  ArrowDown: columns,
};

type Acts = { give(type: GiftType): void; closed(): void };

/** The sheet over the composer from which a gift is chosen; it stays open for the next one. */
export class Picker {
  readonly element: HTMLElement;
  #speaker: Speaker;
  #acts: Acts;
  #grid: HTMLElement;
  #amount = make("span", { class: "number" });
  #held = 0;
  #types: GiftType[] = [];

  constructor(speaker: Speaker, acts: Acts) {
    this.#speaker = speaker;
    this.#acts = acts;
    const { say } = speaker;
    this.#grid = make("div", { class: "grid", onkeydown: walk });
    // The chat's head says the balance to who listens.
    const balance = make("span", { class: "balance", "aria-hidden": "true" }, coin(), this.#amount);
    const close = make(
      "button",
      { class: "tool", type: "button", "aria-label": say("close"), onclick: () => this.hide() },
      icon(closeIcon),
    );
    const head = make("div", { class: "head" }, make("h2", { class: "title" }, say("gifts")));
    head.append(balance, close);
    this.element = make(
      "div",
      { class: "picker", role: "dialog", "aria-label": say("gifts"), hidden: true },
      ...[head, this.#grid],
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.hide();
    });
  }

  isOpen = () => !this.element.hidden;

  open(): void {
    this.element.hidden = false;
    this.#grid.querySelector<HTMLElement>(".card")?.focus({ preventScroll: true });
  }

  hide(): void {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.#acts.closed();
  }

  setTypes(types: GiftType[]): void {
    this.#types = types;
    this.#render();
  }

  setBalance(credits: number): void {
    const before = this.#held;
    this.#held = credits;
    this.#amount.textContent = this.#speaker.number(credits);
    const isChanged = ({ creditAmount }: GiftType) =>
      creditAmount > credits || creditAmount > before;
    if (this.#types.some(isChanged)) this.#render();
  }

  #render(): void {
    const root = this.#grid.getRootNode() as Document | ShadowRoot;
    const chosen = root.activeElement?.getAttribute("data-id");
    this.#grid.replaceChildren(...this.#types.map((type) => this.#cardOf(type)));
    if (chosen) this.#grid.querySelector<HTMLElement>(`[data-id="${chosen}"]`)?.focus();
  }

  #cardOf(type: GiftType): HTMLElement {
    const { say, number } = this.#speaker;
    const { id, name, creditAmount, svgUrl } = type;
    const missing = creditAmount - this.#held;
    const isDear = missing > 0;
    const picture = giftPicture(svgUrl, 40);
    const onclick = () => {
      if (creditAmount > this.#held) return;
      play(picture, svgUrl, `${performance.now()}`);
      this.#acts.give(type);
    };
    return make(
      "button",
      {
        ...{ class: "card", type: "button", "data-id": id, onclick },
        "aria-disabled": `${isDear}`,
      },
      picture,
      make("span", { class: "name" }, name, " "),
      isDear
        ? make("span", { class: "missing" }, say("missing", { n: missing }))
        : make("span", { class: "price number" }, coin(), number(creditAmount)),
    );
  }
}

function walk(event: KeyboardEvent): void {
  const step = steps[event.key];
  if (step === undefined) return;
  const grid = event.currentTarget as HTMLElement;
  const cards = [...grid.querySelectorAll<HTMLElement>(".card")];
  const card = (event.target as HTMLElement).closest<HTMLElement>(".card");
  event.preventDefault();
  cards[cards.indexOf(card!) + step]?.focus();
}
