import { make } from "../chat/dom.ts";
import type { Moment } from "../chat/moments.ts";
import type { Speaker } from "../chat/translations.ts";

const resultMilliseconds = 10_000;

/** The stream's newest open poll with its bars, and its result for a while. */
export function createPoll({ say, number }: Speaker) {
  const element = make("div", { class: "ov-poll", hidden: true });
  let shown: Moment | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function show(poll: Moment, votes: number[]): void {
    const { result, options } = poll;
    const all = votes.reduce((a, b) => a + b, 0);
    const winner = result !== null && "winner" in result ? result.winner : undefined;
    const lines = (options ?? []).map((text, place) => {
      const share = all === 0 ? 0 : votes[place]! / all;
      return make(
        "div",
        {
          class: `ov-poll-option${place === winner ? " ov-poll-winner" : ""}`,
          "--share": share.toFixed(4),
        },
        make("span", { class: "ov-poll-bar" }),
        make("bdi", { class: "ov-poll-text" }, text),
        make("span", { class: "ov-poll-share number" }, `${number(Math.round(share * 100))} %`),
      );
    });
    // Bars that are there grow, and are not drawn anew.
    const bars = [...element.querySelectorAll<HTMLElement>(".ov-poll-option")];
    const isSame = shown?.id === poll.id && bars.length === lines.length;
    if (isSame)
      for (const [place, line] of lines.entries()) {
        bars[place]!.className = line.className;
        bars[place]!.style.cssText = line.style.cssText;
        bars[place]!.lastElementChild!.replaceWith(line.lastElementChild!);
      }
    else
      element.replaceChildren(make("bdi", { class: "ov-poll-title" }, poll.title ?? ""), ...lines);
    const total = make("span", { class: "ov-poll-total number" }, say("votes", { n: all }));
    element.querySelector(".ov-poll-total")?.remove();
    element.append(total);
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
    setOpen(poll: Moment | undefined, sum: number | number[] | undefined): void {
      if (poll === undefined) {
        if (shown?.status === "open") hide();
        return;
      }
      clearTimeout(timer);
      show(poll, Array.isArray(sum) ? sum : (poll.options ?? []).map(() => 0));
    },
    end(poll: Moment): void {
      const { result } = poll;
      if (shown?.id !== poll.id || result === null || !("votes" in result)) return;
      show(poll, result.votes);
      clearTimeout(timer);
      timer = setTimeout(hide, resultMilliseconds);
    },
  };
}
