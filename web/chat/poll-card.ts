import pollIcon from "icon:chart-no-axes-column";
import checkIcon from "icon:check";
import { icon, make } from "./dom.ts";
import { type Card, frameOf, type Moment } from "./moment-card.ts";
import type { Translator } from "./translations.ts";

type PollActs = { vote(options: number[]): void; onEnd(): void };

/** Options with live bars. A click votes for one; if several are allowed, clicks toggle them. */
export function pollCard(poll: Moment, translator: Translator, { vote, onEnd }: PollActs): Card {
  const { translate, percent } = translator;
  const frame = frameOf(poll, pollIcon, translator, onEnd);
  const choices = poll.choices ?? 1;
  let own: number[] = [];
  let isOpen = true;
  const options = (poll.options ?? []).map((text, place) => {
    const share = make("span", { class: "share number" });
    const won = make("span", { class: "hidden" });
    const onclick = () => {
      if (!mayVote()) return;
      const without = own.filter((one) => one !== place);
      if (choices === 1) choose([place]);
      else if (without.length < own.length && without.length > 0) choose(without);
      else choose([...without, place].slice(-choices));
      vote(own);
    };
    const button = make(
      "button",
      { class: "option", type: "button", "aria-pressed": "false", onclick },
      make("span", { class: "fill", "aria-hidden": "true" }),
      make("span", { class: "mark", "aria-hidden": "true" }, icon(checkIcon, 14)),
      make("bdi", { class: "option-text" }, text),
      ...[won, share],
    );
    return { button, share, won };
  });
  const total = make("span", { class: "number" });
  const hint = choices > 1 && make("span", {}, translate("choose", { n: choices }));
  const group = { class: "options", role: "group", "aria-label": poll.title ?? "" };
  frame.element.append(
    make("div", group, ...options.map(({ button }) => button)),
    make("p", { class: "moment-foot" }, total, hint, frame.end),
  );

  const mayVote = () => isOpen && !frame.isOver();
  const showVotable = () => {
    for (const { button } of options) button.setAttribute("aria-disabled", `${!mayVote()}`);
  };
  frame.element.addEventListener("tick", showVotable);

  function choose(places: number[]): void {
    own = places;
    for (const [place, { button }] of options.entries())
      button.setAttribute("aria-pressed", `${own.includes(place)}`);
  }

  return {
    element: frame.element,
    choose,
    show(moment, sum): void {
      frame.show(moment);
      isOpen = moment.status === "open";
      const votes = Array.isArray(sum) ? sum.map((one) => one ?? 0) : options.map(() => 0);
      const all = votes.reduce((a, b) => a + b, 0);
      const winner = moment.result !== null && "winner" in moment.result && moment.result.winner;
      for (const [place, { button, share, won }] of options.entries()) {
        const part = all === 0 ? 0 : (votes[place] ?? 0) / all;
        button.style.setProperty("--share", part.toFixed(4));
        share.textContent = percent(part);
        button.classList.toggle("winner", place === winner);
        won.textContent = place === winner ? translate("winner") : "";
      }
      showVotable();
      total.textContent = translate("votes", { n: all });
    },
  };
}
