import type { Sums } from "../../client/index.ts";
import { coin, make } from "../chat/dom.ts";
import type { Moment } from "../chat/moment-card.ts";
import type { Translator } from "../chat/translations.ts";

/** The bar's content: a title, the current amount (undefined: not known yet), and the target. */
type Progress = { title: string; has: number | undefined; target: number; isCredits: boolean };

/**
 * The progress bar of a goal: the stream's open goal, as the server counts it. If there is none,
 * the `goal` of the overlay's URL, counted by the stream's gifts; the last total is stored for the
 * next page load, which would otherwise show none until the next gift.
 */
export function createGoal(own: number | undefined, { translate, number }: Translator) {
  const title = make("bdi", { class: "ov-goal-title" });
  const amount = make("span", { class: "ov-goal-amount number" });
  const bar = make("span", { class: "ov-goal-bar" });
  const element = make(
    "div",
    { class: "ov-goal" },
    make("p", { class: "ov-goal-head" }, title, amount),
    make("span", { class: "ov-goal-track" }, bar),
  );
  let storageKey: string | undefined;
  let total: number | undefined;
  let open: Moment | undefined;

  function show({ title: text, has, target, isCredits }: Progress): void {
    const said = has === undefined ? "" : `${number(has)} / `;
    const share = Math.min(1, Math.max(0, (has ?? 0) / target));
    title.textContent = text;
    amount.replaceChildren(...(isCredits ? [coin()] : []), `${said}${number(target)}`);
    bar.style.setProperty("--share", share.toFixed(4));
    element.classList.toggle("ov-goal-reached", share === 1);
  }

  function showOwn(): void {
    element.hidden = own === undefined;
    if (own !== undefined)
      show({ title: translate("goal"), has: total, target: own, isCredits: true });
  }

  showOwn();
  return {
    element,
    /** Counts this stream from now on, from its stored total; unknown if none is stored. */
    begin(streamId: string): void {
      storageKey = `ovation.overlay.${streamId}`;
      const kept = Number(read(storageKey) ?? Number.NaN);
      total = Number.isSafeInteger(kept) ? kept : undefined;
      if (open === undefined) showOwn();
    },
    /** Sets the total of all gifts of the stream. */
    setTotal(credits: number): void {
      total = credits;
      if (open === undefined) showOwn();
      if (storageKey !== undefined && own !== undefined) write(storageKey, `${credits}`);
    },
    /** Sets the stream's open goal and its sum; undefined if there is none. */
    setOpen(goal: Moment | undefined, sum: Sums[string] | undefined): void {
      open = goal;
      if (goal === undefined) showOwn();
      else {
        const has = typeof sum === "number" ? sum : undefined;
        const { title: text, target, of } = goal;
        element.hidden = false;
        show({
          title: text ?? translate("goal"),
          has,
          target: target ?? 1,
          isCredits: of === "credits",
        });
      }
    },
  };
}

/** Storage may be blocked, and then throws. */
function read(storageKey: string): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

function write(storageKey: string, text: string): void {
  try {
    localStorage.setItem(storageKey, text);
  } catch {
    // The total is lost when the page closes.
  }
}
