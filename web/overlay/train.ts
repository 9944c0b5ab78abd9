import type { Sums } from "../../client/index.ts";
import { coin, make } from "../chat/dom.ts";
import type { Moment } from "../chat/moment-card.ts";
import type { Translator } from "../chat/translations.ts";

const resultMilliseconds = 10_000;

/** The stream's hype train: its level, progress to the next one, and its result for a while. */
export function createTrain({ translate, number }: Translator) {
  const title = make("span", { class: "ov-train-title" });
  const amount = make("span", { class: "ov-train-amount number" });
  const bar = make("span", { class: "ov-train-bar" });
  const element = make(
    "div",
    { class: "ov-train", hidden: true },
    make("p", { class: "ov-train-head" }, title, amount),
    make("span", { class: "ov-train-track" }, bar),
  );
  let shown: Moment | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function show(train: Moment, credits: number, next: number | null): void {
    shown = train;
    clearTimeout(timer);
    title.textContent = `${translate("train")} · ${translate("level", { n: train.level ?? 0 })}`;
    const of = next === null ? "" : ` / ${number(next)}`;
    amount.replaceChildren(coin(), `${number(credits)}${of}`);
    bar.style.setProperty("--share", (next === null ? 1 : Math.min(1, credits / next)).toFixed(4));
    element.classList.toggle("ov-train-reached", next === null);
    element.hidden = false;
  }

  function hide(): void {
    shown = undefined;
    element.hidden = true;
  }

  return {
    element,
    setOpen(train: Moment | undefined, sum: Sums[string] | undefined): void {
      if (train === undefined) {
        if (shown?.status === "open") hide();
        return;
      }
      const [, credits = 0, next = null] = Array.isArray(sum) ? sum : [];
      show(train, credits ?? 0, next);
    },
    end(train: Moment): void {
      const { result } = train;
      if (shown?.id !== train.id || result === null || !("level" in result)) return;
      show({ ...train, level: result.level }, result.credits, null);
      timer = setTimeout(hide, resultMilliseconds);
    },
  };
}
