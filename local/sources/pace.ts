import { watchIdleShare } from "../idle-share.ts";

/**
 * The mean time between two looks of a reader: on a machine that has time a write is seen at once,
 * on one that has none writes gather, and Lambda itself looks four times a second. Milliseconds.
 */
const lookMilliseconds = { idle: 10, busy: 50 };
/** Polls allowed without a pause in between: for the first writes after an idle period. */
const looksAtOnce = 4;
/**
 * How long a reader rests after a batch on a busy machine, as a share of what the batch took:
 * writers get time, and the next batch is larger. No longer than Lambda does.
 */
const restShare = 0.75;
const restMillisecondsMax = 250;

/** When a reader may look at its stream again. Times are milliseconds since 1970. */
export type Pace = { looksLeft: number; lookedAt: number; restsUntil: number };

export const newPace: Pace = { looksLeft: looksAtOnce, lookedAt: 0, restsUntil: 0 };

/** A look that is wanted now: how long it has to wait, and the pace from then on. */
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

/** A batch that took so long is done. */
export function paceBatch(pace: Pace, now: number, milliseconds: number, strain: number): Pace {
  const rest = Math.min(milliseconds * restShare, restMillisecondsMax) * strain;
  return { ...pace, restsUntil: now + rest };
}

/** From this share of idle processor time on a machine has time, and below this one it has none. */
const idleShares = { idle: 0.3, busy: 0.1 };
const sampleMilliseconds = 200;

/** How busy the machine is, 0 to 1, as it was within the last fifth of a second or so. */
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
