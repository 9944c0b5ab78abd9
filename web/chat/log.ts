import { scheduleFrame } from "./animation-frame.ts";
import { chunkRows, chunksOf, dropRows, previousChunk, removeRow, split } from "./chunks.ts";
import { isHeld, make } from "./dom.ts";
import { moveInRows } from "./keyboard-navigation.ts";
import type { Translator } from "./translations.ts";

/** Maximum number of rows, also while the user has scrolled up. */
const rowsMax = 500;
/** Chunks at the end that are always laid out: more than fit on a screen. */
const freshMax = 3;
/** The list follows new rows if it is scrolled to within this many pixels of the end. */
const endPixels = 32;
const closeMilliseconds = 200;

/**
 * The list of rows. It follows the end until the user scrolls up or walks through it by keyboard;
 * then nothing in view moves, earlier rows are added above, and a button shows the number of new
 * ones. Rows are added in one batch per animation frame, but not while a button of a row is
 * pressed or the menu of one is open, and the oldest are dropped.
 */
export class Log {
  readonly list: HTMLElement;
  readonly elements: HTMLElement[];
  #last = make("div", { class: "unsent" });
  #unsent: HTMLElement[] | undefined;
  /** Rows of active combos, which stay in view below the list. */
  #lane = make("div", { class: "lane", tabindex: -1 });
  #going: HTMLElement[] | undefined;
  #rows = make("div", { class: "rows" });
  #empty: HTMLElement;
  #full: HTMLElement;
  #newer: HTMLElement;
  #translator: Translator;
  #onTop: () => void;
  #sizes: ResizeObserver;
  #waiting: HTMLElement[] = [];
  /** The server's time of what each row shows. */
  #times = new WeakMap<Element, string>();
  #isFollowing = true;
  #turn = {
    change: () => (isHeld(this.list) ? scheduleFrame(this.#turn) : this.#flush()),
    settle: () => this.#isFollowing && this.#toEnd(),
  };
  #top = 0;

  /** `onTop` is called when the user scrolls to the oldest row, unless the list is full. */
  constructor(translator: Translator, onTop: () => void) {
    const { translate } = translator;
    this.#translator = translator;
    this.#onTop = onTop;
    this.#empty = make("p", { class: "empty", hidden: true }, translate("empty"));
    this.#full = make("p", { class: "full", hidden: true }, translate("newest", { n: rowsMax }));
    this.list = make(
      "div",
      {
        class: "log",
        role: "log",
        tabindex: 0,
        "aria-live": "off",
        "aria-label": translate("chat"),
      },
      this.#full,
      this.#empty,
      this.#rows,
      this.#last,
    );
    this.#newer = make("button", {
      class: "newer",
      type: "button",
      hidden: true,
      onclick: () => this.follow(),
    });
    this.elements = [make("div", { class: "stretch" }, this.list, this.#newer), this.#lane];
    this.list.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.list.addEventListener("keydown", (event) => {
      const walked = moveInRows(event, this.list);
      if (walked === "row") this.#isFollowing = false;
      else if (walked === "end") this.follow();
    });
    this.list.addEventListener("focusout", ({ relatedTarget }) => {
      // While its menu is open, a row stays where it is.
      const isAway = relatedTarget instanceof Element && !relatedTarget.closest(".log, .menu");
      if (isAway && this.#isAtEnd()) this.follow();
    });
    // A keyboard that slides in, or a card above the list, must not hide the newest row.
    this.#sizes = new ResizeObserver(() => this.#isFollowing && this.#toEnd());
    this.#sizes.observe(this.list);
    this.#sizes.observe(this.#last);
  }

  /** Adds a row in the next frame, at the position of its time (ISO 8601). */
  add(row: HTMLElement, at: string): void {
    this.#times.set(row, at);
    this.#waiting.push(row);
    if (this.#waiting.length > 2 * rowsMax) this.#waiting.shift();
    scheduleFrame(this.#turn);
  }

  /**
   * Shows the user's pending rows below the others. It applies in the next animation frame, so a
   * pending row disappears in the frame in which its confirmed row appears.
   */
  showPending(rows: HTMLElement[]): void {
    this.#unsent = rows;
    scheduleFrame(this.#turn);
  }

  /** Moves these rows out of the list and keeps them below it, from the next frame on. */
  keepInView(rows: HTMLElement[]): void {
    this.#going = rows;
    scheduleFrame(this.#turn);
  }

  /** Removes a row: at once if it still waits to be shown, with an animation if it is visible. */
  remove(row: HTMLElement): void {
    const at = this.#waiting.indexOf(row);
    if (at >= 0) this.#waiting.splice(at, 1);
    row.classList.add("leaving");
    setTimeout(() => removeRow(row), closeMilliseconds);
    scheduleFrame(this.#turn);
  }

  /** Shows the empty state if there are no messages. */
  showEmpty(): void {
    const isEmpty = this.#rows.childElementCount === 0 && this.#waiting.length === 0;
    const unsent = this.#unsent ?? [...this.#last.children];
    this.#empty.hidden = !isEmpty || unsent.length > 0;
  }

  /** Shows all waiting rows and scrolls to the end. */
  follow(): void {
    this.#isFollowing = true;
    this.#flush();
    this.#toEnd();
  }

  stop(): void {
    this.#sizes.disconnect();
  }

  #flush(): void {
    if (this.#unsent !== undefined) this.#fillLast(this.#unsent);
    this.#unsent = undefined;
    if (this.#going !== undefined) this.#fillLane(this.#going);
    this.#going = undefined;
    this.#waiting.sort((a, b) => compare(this.#timeOf(a), this.#timeOf(b)));
    if (!this.#isFollowing) this.#showEarlier();
    this.#waiting.splice(0, this.#waiting.length - rowsMax);
    const count = this.#waiting.length;
    this.#newer.hidden = this.#isFollowing || count === 0;
    const n = count < rowsMax ? count : `${rowsMax}+`;
    this.#newer.textContent = this.#translator.translate("newer", { n });
    if (!this.#isFollowing || count === 0) return;
    for (const row of this.#waiting) this.#insert(row);
    this.#waiting = [];
    this.#prune();
    // Older chunks are laid out only when visible.
    for (const chunk of [...this.#rows.children].slice(0, -freshMax)) chunk.classList.add("past");
    this.#empty.hidden = true;
  }

  /** Adds the waiting rows that are older than all others; what is in view stays there. */
  #showEarlier(): void {
    const first = this.#rows.firstElementChild?.firstElementChild;
    if (first == null) return;
    const firstNewer = this.#waiting.findIndex((row) => this.#timeOf(row) >= this.#timeOf(first));
    const count = firstNewer < 0 ? this.#waiting.length : firstNewer;
    if (count === 0) return;
    const { top } = first.getBoundingClientRect();
    this.#rows.prepend(...chunksOf(this.#waiting.splice(0, count)));
    this.#prune();
    this.list.scrollTop += first.getBoundingClientRect().top - top;
    this.#top = this.list.scrollTop;
  }

  /** Does not move rows that stay: the user may be pressing a button in one. */
  #fillLast(rows: HTMLElement[]): void {
    const { children } = this.#last;
    for (const row of [...children]) if (!rows.includes(row as HTMLElement)) row.remove();
    for (const [at, row] of rows.entries())
      if (row !== children[at]) this.#last.insertBefore(row, children[at] ?? null);
  }

  /** Keeps the elements of rows that stay, so that their animations do not restart. */
  #fillLane(rows: HTMLElement[]): void {
    for (const row of [...this.#lane.children])
      if (!rows.includes(row as HTMLElement)) row.remove();
    for (const row of rows) {
      if (row.parentElement === this.#lane) continue;
      const at = this.#waiting.indexOf(row);
      if (at >= 0) this.#waiting.splice(at, 1);
      else if (row.isConnected) removeRow(row);
      this.#lane.append(row);
    }
  }

  /** Inserts a row by its time: mostly at the end, but earlier messages may be read later. */
  #insert(row: HTMLElement): void {
    let before: Element | null = null;
    let last = this.#rows.lastElementChild?.lastElementChild ?? null;
    while (last !== null && this.#timeOf(last) > this.#timeOf(row)) {
      before = last;
      last = last.previousElementSibling ?? previousChunk(last)?.lastElementChild ?? null;
    }
    if (before === null) {
      this.#lastChunk().append(row);
      return;
    }
    before.before(row);
    split(before.parentElement!);
  }

  #lastChunk(): Element {
    const last = this.#rows.lastElementChild;
    if (last !== null && last.childElementCount < chunkRows) return last;
    const made = make("div", { class: "chunk" });
    this.#rows.append(made);
    return made;
  }

  #prune(): void {
    // By chunk, since a search for rows would visit every element of the list.
    const rows = [...this.#rows.children].flatMap((chunk) => [...chunk.children]);
    const oldest = rows.slice(0, -rowsMax);
    dropRows(oldest, this.list);
    if (oldest.length > 0) this.#full.hidden = false;
  }

  #isAtEnd(): boolean {
    const { scrollHeight, clientHeight, scrollTop } = this.list;
    return scrollHeight - clientHeight - scrollTop < endPixels;
  }

  #timeOf = (row: Element) => this.#times.get(row) ?? "";

  #toEnd(): void {
    this.list.scrollTop = this.list.scrollHeight;
    this.#top = this.list.scrollTop;
  }

  #scrolled(): void {
    const { scrollTop } = this.list;
    const isUp = scrollTop < this.#top;
    const isDown = scrollTop > this.#top;
    const isAtEnd = this.#isAtEnd();
    this.#top = scrollTop;
    // A row with the focus keeps the list still, also when an earlier scroll is reported late.
    const isHeld = !isDown && this.list.querySelector(".row:focus") !== null;
    if (isAtEnd && !this.#isFollowing && !isHeld) this.follow();
    // Only scrolling up leaves the end; a growing row does not.
    else if (!isAtEnd && isUp) this.#isFollowing = false;
    if (scrollTop < endPixels && isUp && this.#full.hidden) this.#onTop();
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
