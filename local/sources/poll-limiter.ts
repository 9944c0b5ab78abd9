import { watchIdleShare } from "../idle-share.ts";

/**
 * The mean time between polls. On an idle machine writes are read at once; on a busy one they
 * accumulate. Lambda itself polls four times a second.
 */
export const pollMilliseconds = { idle: 10, busy: 50 };
/**
 * `pollMilliseconds` in a stage with a relay, whose rooms may be large: ten frames a second cost
 * less than one for each event.
 */
export const relayPollMilliseconds: typeof pollMilliseconds = { idle: 100, busy: 100 };
/** Polls allowed in quick succession, for the first writes after an idle period. */
const pollBurst = 4;
/**
 * How long a reader rests after a batch on a busy machine, as a share of the batch's duration:
 * writers get time, and the next batch is larger. At most as long as Lambda.
 */
const restShare = 0.75;
const restMillisecondsMax = 250;

/**
 * The state of the poll limiter (a token bucket). Times are milliseconds of a clock that is never
 * set back.
 */
export type PollBudget = { pollsLeft: number; polledAt: number; restsUntil: number };

export const fullPollBudget: PollBudget = { pollsLeft: pollBurst, polledAt: 0, restsUntil: 0 };

/** Takes a poll from the budget: returns how long it must wait, and the new state. */
export function takePoll(
  { pollsLeft, polledAt, restsUntil }: PollBudget,
  now: number,
  load: number,
  { idle, busy } = pollMilliseconds,
): { wait: number; budget: PollBudget } {
  const apart = idle + (busy - idle) * load;
  const left = Math.min(pollBurst, pollsLeft + (now - polledAt) / apart) - 1;
  const wait = Math.max(0, -left * apart, restsUntil - now);
  return { wait, budget: { pollsLeft: left, polledAt: now, restsUntil } };
}

/** Notes the end of a batch and how long it took. */
export function pauseAfterBatch(
  budget: PollBudget,
  now: number,
  milliseconds: number,
  load: number,
): PollBudget {
  const rest = Math.min(milliseconds * restShare, restMillisecondsMax) * load;
  return { ...budget, restsUntil: now + rest };
}

/** Shares of idle processor time at which a machine counts as idle and as busy. */
const idleShares = { idle: 0.3, busy: 0.1 };
const sampleMilliseconds = 200;

/** Measures how busy the machine is, 0 to 1, about every 200 ms. */
export function watchLoad(now = () => performance.now(), idleShare = watchIdleShare()) {
  let sampledAt = now();
  let load = 0;
  return (): number => {
    if (now() - sampledAt < sampleMilliseconds) return load;
    sampledAt = now();
    const { idle, busy } = idleShares;
    load = Math.min(1, Math.max(0, (idle - idleShare()) / (idle - busy)));
    return load;
  };
}
