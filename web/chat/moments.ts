import pollIcon from "icon:chart-no-axes-column";
import checkIcon from "icon:check";
import goalIcon from "icon:goal";
import trainIcon from "icon:train-front";
import type { EventData, Sums } from "../../client/index.ts";
import { clockOf } from "../clock.ts";
import { serverNow } from "../server-time.ts";
import { coin, icon, make } from "./dom.ts";
import type { Translator } from "./translations.ts";

export type Moment = EventData["moment.started"];

/** A user's actions in polls; `end` is for moderators. */
type Acts = { vote(poll: Moment, options: number[]): void; end(moment: Moment): void };

/** How long a result is shown. */
const resultMilliseconds = 15_000;
const tickMilliseconds = 1_000;

type Sum = Sums[string] | undefined;

type Card = {
  element: HTMLElement;
  /** Shows the newest state of the moment and its sum. */
  show(moment: Moment, sum: Sum): void;
  choose(options: number[]): void;
};

/**
 * The cards of polls, goals and trains above the list: one is open, the others take one line each.
 */
export function createMoments(translator: Translator, acts: Acts) {
  const element = make("div", { class: "moments" });
  const cards = new Map<string, { card: Card; moment: Moment; goneAt?: number }>();
  let isModerator = false;
  const ticking = setInterval(tick, tickMilliseconds);

  function cardOf(moment: Moment): Card {
    const onEnd = () => acts.end(moment);
    if (moment.kind === "train") return trainCard(moment, translator, onEnd);
    return moment.kind === "poll"
      ? pollCard(moment, translator, { vote: (options) => acts.vote(moment, options), onEnd })
      : goalCard(moment, translator, onEnd);
  }

  function place(moment: Moment, sum: Sum): void {
    const known = cards.get(moment.id);
    const card = known?.card ?? cardOf(moment);
    cards.set(moment.id, { ...known, card, moment });
    card.show(moment, sum);
    card.element.classList.toggle("moderated", isModerator && moment.status === "open");
    if (known === undefined) element.prepend(card.element);
    // The newest poll is open, and any other card that the viewer opens.
    if (known === undefined && moment.kind === "poll")
      for (const { card: other } of cards.values())
        other.element.toggleAttribute("open", other === card);
  }

  function tick(): void {
    const now = performance.now();
    for (const [id, { card, moment, goneAt = Number.POSITIVE_INFINITY }] of cards) {
      if (goneAt <= now) {
        card.element.remove();
        cards.delete(id);
      } else if (moment.status === "open") card.element.dispatchEvent(new Event("tick"));
    }
  }

  return {
    element,
    /** Shows the open ones with their sums; called whenever either changes. */
    show(sums: Sums, open: readonly Moment[]): void {
      for (const moment of open) {
        const known = cards.get(moment.id);
        if (known?.moment.status !== "ended" && known?.moment.status !== "cancelled")
          place(moment, sums[moment.id]);
      }
    },
    /** Shows its result for a while; a cancelled one disappears at once. */
    end(moment: Moment): void {
      const known = cards.get(moment.id);
      if (known === undefined) return;
      const { result } = moment;
      place(moment, result === null ? undefined : sumOf(result));
      const stays = moment.status === "cancelled" ? 0 : resultMilliseconds;
      cards.set(moment.id, { card: known.card, moment, goneAt: performance.now() + stays });
    },
    /** The user's own vote as stored by the server. */
    choose: (momentId: string, options: number[]) => cards.get(momentId)?.card.choose(options),
    allow(moderates: boolean): void {
      isModerator = moderates;
      for (const { card, moment } of cards.values())
        card.element.classList.toggle("moderated", moderates && moment.status === "open");
    },
    stop: () => clearInterval(ticking),
  };
}

/** The sum that corresponds to a result. */
function sumOf(result: NonNullable<Moment["result"]>): Sum {
  if ("votes" in result) return result.votes;
  return "amount" in result ? result.amount : [result.level, result.credits, null];
}

/** The frame of all cards: title and time, and an end button for moderators. */
function frameOf(moment: Moment, picture: string, translator: Translator, onEnd: () => void) {
  const left = make("span", { class: "left number" });
  const head = make(
    "summary",
    { class: "moment-head" },
    icon(picture, 16),
    make("bdi", { class: "moment-title" }, moment.title ?? ""),
    left,
  );
  const end = make("button", { class: "link end", type: "button", onclick: onEnd });
  end.textContent = translator.translate("endPoll");
  const element = make("details", { class: `moment ${moment.kind}`, "data-id": moment.id }, head);
  let { endsAt } = moment;
  const tick = () => {
    const seconds = endsAt === null ? 0 : Math.max(0, Date.parse(endsAt) - serverNow()) / 1_000;
    const rounded = Math.ceil(seconds);
    left.textContent = rounded === 0 ? "" : clockOf(rounded);
  };
  element.addEventListener("tick", tick);
  return {
    ...{ element, head, end, left },
    /** Its end arrives later, with the result. */
    isOver: () => endsAt !== null && serverNow() >= Date.parse(endsAt),
    show(next: Moment): void {
      endsAt = next.status === "open" ? next.endsAt : null;
      element.dataset.status = next.status;
      tick();
    },
  };
}

type PollActs = { vote(options: number[]): void; onEnd(): void };

/** Options with live bars. A click votes for one; if several are allowed, clicks toggle them. */
function pollCard(poll: Moment, translator: Translator, { vote, onEnd }: PollActs): Card {
  const { translate, number } = translator;
  const frame = frameOf(poll, pollIcon, translator, onEnd);
  const choices = poll.choices ?? 1;
  let own: number[] = [];
  let isOpen = true;
  const options = (poll.options ?? []).map((text, place) => {
    const share = make("span", { class: "share number" });
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
      share,
    );
    return { button, share };
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
    ...{ element: frame.element, choose },
    show(moment, sum): void {
      frame.show(moment);
      isOpen = moment.status === "open";
      const votes = Array.isArray(sum) ? sum.map((one) => one ?? 0) : options.map(() => 0);
      const all = votes.reduce((a, b) => a + b, 0);
      const winner = moment.result !== null && "winner" in moment.result && moment.result.winner;
      for (const [place, { button, share }] of options.entries()) {
        const part = all === 0 ? 0 : (votes[place] ?? 0) / all;
        button.style.setProperty("--share", part.toFixed(4));
        share.textContent = `${number(Math.round(part * 100))} %`;
        button.classList.toggle("winner", place === winner);
      }
      showVotable();
      total.textContent = translate("votes", { n: all });
    },
  };
}

/** A progress bar towards a number, on one line that does not expand. */
function goalCard(goal: Moment, translator: Translator, onEnd: () => void): Card {
  const { number } = translator;
  const frame = frameOf(goal, goalIcon, translator, onEnd);
  const amount = make("span", { class: "number" });
  const bar = make("span", { class: "goal-bar" });
  frame.left.before(make("span", { class: "amount" }, goal.of === "credits" && coin(), amount));
  frame.head.append(make("span", { class: "goal-track" }, bar));
  frame.element.append(make("p", { class: "moment-foot" }, frame.end));
  return {
    element: frame.element,
    choose() {},
    show(moment, sum): void {
      frame.show(moment);
      const [has, target] = [typeof sum === "number" ? sum : 0, moment.target ?? 1];
      amount.textContent = `${number(has)} / ${number(target)}`;
      bar.style.setProperty("--share", Math.min(1, has / target).toFixed(4));
      frame.element.classList.toggle("reached", moment.reached === true || has >= target);
    },
  };
}

/** The level of a hype train, and a progress bar towards the next one. */
function trainCard(train: Moment, translator: Translator, onEnd: () => void): Card {
  const { translate, number } = translator;
  const frame = frameOf({ ...train, title: translate("train") }, trainIcon, translator, onEnd);
  const level = make("strong", { class: "train-level", role: "status" });
  const amount = make("span", { class: "number" });
  const bar = make("span", { class: "goal-bar" });
  frame.left.before(level, make("span", { class: "amount" }, coin(), amount));
  frame.head.append(make("span", { class: "goal-track" }, bar));
  frame.element.append(make("p", { class: "moment-foot" }, frame.end));
  return {
    element: frame.element,
    choose() {},
    show(moment, sum): void {
      frame.show(moment);
      const [, credits, next] = Array.isArray(sum) ? sum : [];
      const has = credits ?? 0;
      level.textContent = translate("level", { n: moment.level ?? 0 });
      amount.textContent = next == null ? number(has) : `${number(has)} / ${number(next)}`;
      bar.style.setProperty("--share", (next == null ? 1 : Math.min(1, has / next)).toFixed(4));
    },
  };
}
