import goalIcon from "icon:goal";
import trainIcon from "icon:train-front";
import type { Sums } from "../../client/index.ts";
import { coin, make } from "./dom.ts";
import { type Card, frameOf, type Moment, type Sum } from "./moment-card.ts";
import { pollCard } from "./poll-card.ts";
import type { Translator } from "./translations.ts";

/** A user's actions in polls; `end` is for moderators. */
type Acts = { vote(poll: Moment, options: number[]): void; end(moment: Moment): void };

/** How long a result is shown. */
const resultMilliseconds = 15_000;
const tickMilliseconds = 1_000;

/**
 * The cards of polls, goals and trains above the list: one is open, the others take one line each.
 */
export function createMoments(translator: Translator, acts: Acts) {
  const element = make("div", { class: "moments" });
  const cards = new Map<string, { card: Card; moment: Moment; sum: Sum; goneAt?: number }>();
  let isModerator = false;
  let isClosed = false;
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
    cards.set(moment.id, { ...known, card, moment, sum });
    const isOver = isClosed && moment.status === "open";
    const shown: Moment = isOver ? { ...moment, status: "ended" } : moment;
    card.show(shown, sum);
    card.element.classList.toggle("moderated", isModerator && shown.status === "open");
    if (known === undefined) element.prepend(card.element);
    // The newest poll is open, and any other card that the viewer opens.
    if (known === undefined && moment.kind === "poll")
      for (const { card: other } of cards.values())
        other.element.toggleAttribute("open", other === card);
  }

  function refresh(): void {
    for (const { moment, sum } of cards.values()) place(moment, sum);
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
    /** Shows the open moments with their sums; called whenever either changes. */
    show(sums: Sums, open: readonly Moment[]): void {
      // A card without an end, whose moment is no longer open: the event of the end was lost.
      for (const [id, { card, goneAt }] of cards)
        if (goneAt === undefined && !open.some((one) => one.id === id)) {
          card.element.remove();
          cards.delete(id);
        }
      for (const moment of open) {
        const known = cards.get(moment.id);
        if (known?.moment.status !== "ended" && known?.moment.status !== "cancelled")
          place(moment, sums[moment.id]);
      }
    },
    /**
     * Shows a moment's result for a while; a cancelled moment disappears at once. Until the result
     * is counted, the sum stays.
     */
    end(moment: Moment): void {
      const known = cards.get(moment.id);
      // The event came first: the late response to the call that ended it knows less.
      if (known === undefined || known.goneAt !== undefined) return;
      const { result, status } = moment;
      if (status === "cancelled") known.goneAt = performance.now();
      else if (result !== null) known.goneAt = performance.now() + resultMilliseconds;
      place(moment, result === null ? known.sum : sumOf(result));
    },
    /** Shows the user's own vote: one just cast, or the one that the server has stored. */
    choose: (momentId: string, options: number[]) => cards.get(momentId)?.card.choose(options),
    allow(moderates: boolean): void {
      isModerator = moderates;
      refresh();
    },
    /** Takes no more votes: the stream has ended, and the results come a little later. */
    close(): void {
      isClosed = true;
      refresh();
    },
    stop: () => clearInterval(ticking),
  };
}

/** The sum that corresponds to a result. */
function sumOf(result: NonNullable<Moment["result"]>): Sum {
  if ("votes" in result) return result.votes;
  return "amount" in result ? result.amount : [result.level, result.credits, null];
}

/** A progress bar, on one line that does not expand; without a target it is full. */
function barOf(frame: ReturnType<typeof frameOf>, { number }: Translator, hasCoin: boolean) {
  const amount = make("span", { class: "number" });
  const bar = make("span", { class: "goal-bar" });
  frame.left.before(make("span", { class: "amount" }, hasCoin && coin(), amount));
  frame.head.append(make("span", { class: "goal-track" }, bar));
  frame.element.append(make("p", { class: "moment-foot" }, frame.end));
  return (has: number, target: number | null) => {
    amount.textContent = target === null ? number(has) : `${number(has)} / ${number(target)}`;
    bar.style.setProperty("--share", Math.min(1, target === null ? 1 : has / target).toFixed(4));
  };
}

function goalCard(goal: Moment, translator: Translator, onEnd: () => void): Card {
  const frame = frameOf(goal, goalIcon, translator, onEnd);
  const showBar = barOf(frame, translator, goal.of === "credits");
  return {
    element: frame.element,
    choose() {},
    show(moment, sum): void {
      frame.show(moment);
      const [has, target] = [typeof sum === "number" ? sum : 0, moment.target ?? 1];
      showBar(has, target);
      frame.element.classList.toggle("reached", moment.reached === true || has >= target);
    },
  };
}

/** The level of a hype train, and a progress bar towards the next one. */
function trainCard(train: Moment, translator: Translator, onEnd: () => void): Card {
  const { translate } = translator;
  const frame = frameOf({ ...train, title: translate("train") }, trainIcon, translator, onEnd);
  const level = make("strong", { class: "train-level", role: "status" });
  frame.left.before(level);
  const showBar = barOf(frame, translator, true);
  return {
    element: frame.element,
    choose() {},
    show(moment, sum): void {
      frame.show(moment);
      const [, credits, next = null] = Array.isArray(sum) ? sum : [];
      const text = translate("level", { n: moment.level ?? 0 });
      // A screen reader announces the level whenever it is set, even to the same text.
      if (level.textContent !== text) level.textContent = text;
      showBar(credits ?? 0, next);
    },
  };
}
