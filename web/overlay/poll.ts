import type { Sums } from "../../client/index.ts";
import { make } from "../chat/dom.ts";
import type { Moment } from "../chat/moment-card.ts";
import type { Translator } from "../chat/translations.ts";

const resultMilliseconds = 10_000;

/** The stream's newest open poll with its bars, and its result for a while. */
export function createPoll({ translate, percent }: Translator) {
  const element = make("div", { class: "ov-poll", hidden: true });
  const total = make("span", { class: "ov-poll-total number" });
  let options: { line: HTMLElement; share: HTMLElement }[] = [];
  let shown: Moment | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Shows the open poll that waits while the result of a newer one is shown. */
  let showNext: (() => void) | undefined;

  function begin(poll: Moment): void {
    options = (poll.options ?? []).map((text) => {
      const share = make("span", { class: "ov-poll-share number" });
      const bar = make("span", { class: "ov-poll-bar" });
      const name = make("bdi", { class: "ov-poll-text" }, text);
      return { share, line: make("div", { class: "ov-poll-option" }, bar, name, share) };
    });
    const title = make("bdi", { class: "ov-poll-title" }, poll.title ?? "");
    element.replaceChildren(title, ...options.map(({ line }) => line), total);
  }

  function show(poll: Moment, votes: number[]): void {
    const { result } = poll;
    const all = votes.reduce((a, b) => a + b, 0);
    const winner = result !== null && "winner" in result ? result.winner : undefined;
    // Bars of the same poll are kept, so that they move to their new widths.
    if (shown?.id !== poll.id) begin(poll);
    for (const [place, { line, share }] of options.entries()) {
      const part = all === 0 ? 0 : (votes[place] ?? 0) / all;
      line.style.setProperty("--share", part.toFixed(4));
      line.classList.toggle("ov-poll-winner", place === winner);
      share.textContent = percent(part);
    }
    total.textContent = translate("votes", { n: all });
    shown = poll;
    element.hidden = false;
  }

  function hide(): void {
    shown = undefined;
    element.hidden = true;
    element.replaceChildren();
  }

  return {
    element,
    setOpen(poll: Moment | undefined, sum: Sums[string] | undefined): void {
      showNext = undefined;
      if (poll === undefined) {
        if (shown?.status === "open") hide();
        return;
      }
      const votes = Array.isArray(sum) ? sum : [];
      const showIt = () =>
        show(
          poll,
          (poll.options ?? []).map((_, place) => votes[place] ?? 0),
        );
      if (shown !== undefined && shown.status !== "open" && poll.startedAt < shown.startedAt)
        showNext = showIt;
      else {
        clearTimeout(timer);
        showIt();
      }
    },
    end(poll: Moment): void {
      const { result } = poll;
      if (shown?.id !== poll.id || result === null || !("votes" in result)) return;
      show(poll, result.votes);
      clearTimeout(timer);
      timer = setTimeout(() => {
        hide();
        showNext?.();
      }, resultMilliseconds);
    },
  };
}
