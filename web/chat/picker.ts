import minusIcon from "icon:minus";
import plusIcon from "icon:plus";
import { coin, icon, make } from "./dom.ts";
import { giftPicture, play } from "./gift-picture.ts";
import { moveInGrid } from "./keyboard-navigation.ts";
import { Sheet } from "./sheet.ts";
import type { Translator } from "./translations.ts";

/** A gift type as the API lists it. */
export type GiftType = { id: string; name: string; creditAmount: number; svgUrl: string };

const columns = 4;
const countMax = 999;
/** Price limits for sending with one click; 0: never. */
const quickPrices = [0, 10, 50, 100];
const quickKey = "ovation.one-click";

type Give = (type: GiftType, count: number) => void;

/**
 * The gift picker. A click selects a gift, and the button below sends the quantity for the price
 * shown on it. Gifts up to a price limit that the viewer chooses are sent with one click.
 */
export class Picker {
  readonly sheet: Sheet;
  #translator: Translator;
  #give: Give;
  #grid: HTMLElement;
  #amount = make("span", { class: "number" });
  #count = make("input", { class: "count number", type: "number", min: 1, max: countMax });
  #send: HTMLButtonElement;
  #words = make("span", {});
  #price = make("span", { class: "number" });
  #quick: HTMLSelectElement;
  #held = 0;
  #types: GiftType[] = [];
  #cards = new Map<string, { card: HTMLElement; show(type: GiftType): void }>();
  #chosen: GiftType | undefined;

  constructor(translator: Translator, give: Give) {
    this.#translator = translator;
    this.#give = give;
    const { translate, number } = translator;
    const onkeydown = (event: KeyboardEvent) => moveInGrid(event, ".card", columns);
    this.#grid = make("div", { class: "grid", onkeydown });
    // The head of the chat announces the balance to screen readers.
    const balance = make("span", { class: "balance", "aria-hidden": "true" }, coin(), this.#amount);
    this.#count.value = "1";
    this.#count.setAttribute("aria-label", translate("count"));
    this.#count.addEventListener("input", () => this.#showSend());
    const step = (label: "minus" | "plus", by: number, inside: string) =>
      make(
        "button",
        {
          class: "tool",
          type: "button",
          "aria-label": translate(label),
          onclick: () => this.#setCount(this.#counted() + by),
        },
        icon(inside, 16),
      );
    this.#send = make(
      "button",
      { class: "give", type: "button", onclick: () => this.#sendChosen() },
      this.#words,
      coin(),
      this.#price,
    );
    const counting = [step("minus", -1, minusIcon), this.#count, step("plus", 1, plusIcon)];
    this.#quick = make(
      "select",
      { onchange: () => keep(this.#quick.value) },
      ...quickPrices.map((price) =>
        make(
          "option",
          { value: price, selected: price === kept() },
          price === 0 ? translate("never") : translate("upTo", { n: number(price) }),
        ),
      ),
    );
    this.sheet = new Sheet(translator, translate("gifts"), {
      head: [balance],
      body: [
        this.#grid,
        make(
          "div",
          { class: "giving" },
          make("div", { class: "counting" }, ...counting),
          this.#send,
        ),
        make("label", { class: "quick" }, `${translate("oneClick")} `, this.#quick),
      ],
    });
  }

  open(opener: HTMLElement): void {
    this.sheet.open(opener, this.#grid.querySelector<HTMLElement>(".card"));
  }

  setTypes = (types: GiftType[]): void => {
    const hadNone = this.#types.length === 0;
    this.#types = types;
    this.#chosen = types.find(({ id }) => id === this.#chosen?.id) ?? types[0];
    this.#render();
    // If the sheet was opened before the gifts had loaded, there was nothing to focus.
    if (hadNone && this.sheet.isOpen()) this.#grid.querySelector<HTMLElement>(".card")?.focus();
  };

  setBalance(credits: number): void {
    this.#held = credits;
    this.#amount.textContent = this.#translator.number(credits);
    this.#render();
  }

  #counted = () => Math.min(countMax, Math.max(1, Math.floor(Number(this.#count.value)) || 1));

  #setCount(count: number): void {
    this.#count.value = `${Math.min(countMax, Math.max(1, count))}`;
    this.#showSend();
  }

  #costs = () => (this.#chosen?.creditAmount ?? 0) * this.#counted();

  #showSend(): void {
    const { translate, number } = this.#translator;
    const missing = this.#costs() - this.#held;
    this.#words.textContent =
      missing > 0 ? translate("missing", { n: missing }) : translate("sendGift");
    this.#price.textContent = number(this.#costs());
    const isDisabled = this.#chosen === undefined || missing > 0;
    this.#send.setAttribute("aria-disabled", `${isDisabled}`);
  }

  #sendChosen(): void {
    const type = this.#chosen;
    if (type === undefined || this.#costs() > this.#held) return;
    const image = this.#cards.get(type.id)?.card.querySelector("img");
    if (image) play(image, type.svgUrl, `${performance.now()}`);
    this.#give(type, this.#counted());
  }

  #choose(type: GiftType, isByKey: boolean): void {
    const isQuick = type.creditAmount <= kept();
    if (type.id !== this.#chosen?.id || isQuick) this.#count.value = "1";
    this.#chosen = type;
    this.#render();
    if (isQuick) this.#sendChosen();
    else if (isByKey) this.#send.focus();
  }

  /** Each gift keeps its card, which may be pressed or have the focus. */
  #render(): void {
    const cards = this.#types.map((type) => {
      const made = this.#cards.get(type.id) ?? this.#makeCard();
      this.#cards.set(type.id, made);
      made.show(type);
      return made.card;
    });
    const kept = new Set<Element>(cards);
    const focused = cards.find((card) => card.matches(":focus"));
    for (const one of [...this.#grid.children]) if (!kept.has(one)) one.remove();
    for (const [at, card] of cards.entries()) {
      const before = this.#grid.children[at] ?? null;
      if (card !== before) this.#grid.insertBefore(card, before);
    }
    // A card that was moved has lost the focus.
    focused?.focus();
    this.#showSend();
  }

  #makeCard() {
    const { translate, number } = this.#translator;
    const name = make("span", { class: "name" });
    const [price, amount] = [make("span", { class: "price number" }, coin()), make("span", {})];
    const missing = make("span", { class: "missing" });
    price.append(amount);
    const card = make("button", { class: "card", type: "button" }, name, price, missing);
    let shown: GiftType | undefined;
    card.addEventListener("click", ({ detail }) => {
      // A click by keyboard has the detail 0.
      if (shown && shown.creditAmount <= this.#held) this.#choose(shown, detail === 0);
    });
    const show = (type: GiftType) => {
      const { id, creditAmount, svgUrl } = type;
      if (svgUrl !== shown?.svgUrl) {
        if (shown !== undefined) card.firstElementChild?.remove();
        card.prepend(giftPicture(svgUrl, 32));
      }
      shown = type;
      const lacks = creditAmount - this.#held;
      name.textContent = `${type.name} `;
      amount.textContent = number(creditAmount);
      missing.textContent = lacks > 0 ? translate("missing", { n: lacks }) : "";
      price.hidden = lacks > 0;
      missing.hidden = lacks <= 0;
      card.setAttribute("aria-disabled", `${lacks > 0}`);
      card.setAttribute("aria-pressed", `${id === this.#chosen?.id}`);
    };
    return { card, show };
  }
}

/** A browser may block storage and throw: then each gift takes two clicks. */
function kept(): number {
  try {
    return Number(localStorage.getItem(quickKey) ?? 0);
  } catch {
    return 0;
  }
}

function keep(price: string): void {
  try {
    localStorage.setItem(quickKey, price);
  } catch {
    // The choice is lost with the page.
  }
}
