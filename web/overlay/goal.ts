import { coin, make } from "../chat/dom.ts";
import type { Speaker } from "../chat/translations.ts";

/**
 * The progress bar of the goal. Totals come with each gift; the last total is stored for the next
 * page load, which would otherwise show none until the next gift.
 */
export function createGoal(goal: number, streamId: string, { say, number }: Speaker) {
  const storageKey = `ovation.overlay.${streamId}`;
  const amount = make("span", { class: "ov-goal-amount number" });
  const bar = make("span", { class: "ov-goal-bar" });
  const element = make(
    "div",
    { class: "ov-goal" },
    make(
      "p",
      { class: "ov-goal-head" },
      make("span", { class: "ov-goal-title" }, say("goal")),
      amount,
    ),
    make("span", { class: "ov-goal-track" }, bar),
  );

  function show(credits: number | undefined): void {
    const said = credits === undefined ? "" : `${number(credits)} / `;
    const share = Math.min(1, Math.max(0, (credits ?? 0) / goal));
    amount.replaceChildren(coin(), `${said}${number(goal)}`);
    bar.style.setProperty("--share", share.toFixed(4));
    element.classList.toggle("ov-goal-reached", share === 1);
  }

  const kept = Number(read(storageKey) ?? Number.NaN);
  show(Number.isSafeInteger(kept) ? kept : undefined);
  return {
    element,
    set(credits: number): void {
      show(credits);
      if (streamId !== "") write(storageKey, `${credits}`);
    },
  };
}

/** A browser may keep nothing for a page, and says so by throwing. */
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
    // The bar is right until the page is closed.
  }
}
