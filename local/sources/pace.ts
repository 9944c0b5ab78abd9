import { watchIdleShare } from "../idle-share.ts";

/**
 * The mean time between polls. On an idle machine writes are read at once; on a busy one they
 * accumulate. Lambda itself polls four times a second.
 */
const lookMilliseconds = { idle: 10, busy: 50 };
/** Polls allowed in quick succession, for the first writes after an idle period. */
const looksAtOnce = 4;
/**
 * How long a reader rests after a batch on a busy machine, as a share of the batch's duration:
 * writers get time, and the next batch is larger. At most as long as Lambda.
 */
const restShare = 0.75;
const restMillisecondsMax = 250;

/** The state of the poll limiter (a token bucket). Times are epoch milliseconds. */
export type Pace = { looksLeft: number; lookedAt: number; restsUntil: number };

export const newPace: Pace = { looksLeft: looksAtOnce, lookedAt: 0, restsUntil: 0 };

/** Takes a poll from the budget: returns how long it must wait, and the new state. */
export function paceLook(
  { looksLeft, lookedAt, restsUntil }: Pace,
  now: number,
  strain: number,
): { wait: number; pace: Pace } {
  const { idle, busy } = lookMilliseconds;
  const apart = idle + (busy - idle) * strain;
  const left = Math.min(looksAtOnce, looksLeft + (now - lookedAt) / apart) - 1;
  const wait = Math.max(0, -left * apart, restsUntil - now);
  return { wait, pace: { looksLeft: left, lookedAt: now, restsUntil } };
}

/** Notes the end of a batch and how long it took. */
export function paceBatch(pace: Pace, now: number, milliseconds: number, strain: number): Pace {
  const rest = Math.min(milliseconds * restShare, restMillisecondsMax) * strain;
  return { ...pace, restsUntil: now + rest };
}

/** Shares of idle processor time at which a machine counts as idle and as busy. */
const idleShares = { idle: 0.3, busy: 0.1 };
const sampleMilliseconds = 200;

/** Measures how busy the machine is, 0 to 1, about every 200 ms. */
export function watchStrain(now: () => number = Date.now, idleShare = watchIdleShare()) {
  let sampledAt = now();
  let strain = 0;
  return (): number => {
    if (now() - sampledAt < sampleMilliseconds) return strain;
    sampledAt = now();
    const { idle, busy } = idleShares;
    strain = Math.min(1, Math.max(0, (idle - idleShare()) / (idle - busy)));
    return strain;
  };
}
