/** A user's limit for one kind of call: units per second on average, and units at once. */
export type Rate = { perSecond: number; burst: number };

/**
 * The kinds of calls that have separate rates, each with its unit. The stage sets the numbers.
 */
export const rateKinds = [
  /** A call that reads. */
  "reads",
  /** A call that changes something. */
  "writes",
  /** A search. */
  "searches",
  /** A chat message, in any stream. */
  "chat",
  /** A call that spends or buys the user's own credits. */
  "money",
  /** A call that books credits without spending the caller's: a top-up, a payout or a refund. */
  "accounting",
  /** A call that reports a user's taps. */
  "likes",
  /** A vote in a poll. */
  "votes",
  /** Credits given from one user to another. */
  "transfers",
  /** A notification that users create for themselves. */
  "notifications",
  /** A stream that is created. */
  "streams",
  /** A stream that goes live, which notifies followers. */
  "announcements",
  /** A long poll for frames over HTTP. */
  "polls",
  /** A second for which such a long poll waits. */
  "waits",
  /** A ticket for one handshake. */
  "tickets",
  /** A kilobyte of a picture that is uploaded. */
  "uploads",
  /** An attempt to fetch a picture of another host. */
  "fetches",
  /** A call that changes up to a thousand items. */
  "bulk",
  /** An export of all data about the caller, or its deletion. */
  "exports",
  /** A WebSocket handshake. */
  "handshakes",
  /** A search among a user's sockets for those that have disconnected silently. */
  "probes",
  /** A message on any of the user's sockets. */
  "messages",
  /** A `subscribe` message, which is also one of the `messages`. */
  "subscribes",
] as const;
export type RateKind = (typeof rateKinds)[number];

/** The milliseconds of a bucket that `count` calls use up. */
const shareOf = (count: number, { perSecond }: Rate) => (count * 1000) / perSecond;

/**
 * The token bucket as one number: the time (milliseconds since 1970) up to which earlier calls have
 * used up the rate, which is in the past while the bucket is full. Returns that time after `count`
 * more calls, even if they do not fit.
 * https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
 */
export const usedAfter = (usedUntil: number, count: number, rate: Rate, now: number) =>
  Math.max(usedUntil, now) + shareOf(count, rate);

/** The largest `usedUntil` at which one more call fits. */
export const usedAtMost = (rate: Rate, now: number) => now + shareOf(rate.burst - 1, rate);

/** The largest clock skew, in milliseconds. */
const skewMilliseconds = 60_000;

/** The largest `usedUntil` that calls lead to; a larger one was written by a wrong clock. */
export const latestUse = (rate: Rate, now: number) =>
  now + shareOf(2 * rate.burst, rate) + skewMilliseconds;

/** Milliseconds until one more call fits; 0 or less if it fits now. */
export const waitFor = (usedUntil: number, rate: Rate, now: number) =>
  usedUntil - usedAtMost(rate, now);

/** Calls left in the bucket. */
const leftIn = (usedUntil: number, rate: Rate, now: number) =>
  rate.burst - (Math.max(usedUntil - now, 0) * rate.perSecond) / 1000;

/**
 * One environment's view of one user's calls of one kind. Times are in milliseconds since 1970.
 */
export type LocalUsage = {
  /** The time up to which calls admitted locally have used up the local share. */
  localUntil: number;
  /** Calls that were admitted locally and not yet reported to the table. */
  unreported: number;
  /** Calls that the table has counted in advance for this environment and that are still unused. */
  reserved: number;
  reservedUntil: number;
  /** The size of the last such reservation. */
  lastReserved: number;
  /** Until when every call asks the table, because the user was near the rate. */
  watchedUntil: number;
  refusedUntil: number;
  /** The table's own value at the last request. */
  usedUntil: number;
};

/** The view of a user whom the environment has not seen yet. */
export const unusedUsage: LocalUsage = {
  localUntil: 0,
  unreported: 0,
  reserved: 0,
  reservedUntil: 0,
  lastReserved: 0,
  watchedUntil: 0,
  refusedUntil: 0,
  usedUntil: 0,
};

/**
 * Divisors: an environment admits a 32nd of the burst locally, at a 200th of the rate, and reserves
 * at most an eighth of the remaining calls at once. `npm run bench -- rates` prints the error and
 * the cost that follow from them.
 */
const parts = { localBurst: 32, localRate: 200, reserved: 8 };

/** Below this burst every call asks the table: such calls are rare and costly. */
const localBurstMin = 20;

/** How long all calls of a user near the rate ask the table. */
const watchedMilliseconds = 10_000;

/** A refusal holds locally for at least this long, so that a flood does not reach the table. */
const refusedMilliseconds = 1_000;

/** The decision about a call: `ask` reports `count` calls, including this one, to the table. */
type RateDecision =
  | { verdict: "admit"; usage: LocalUsage }
  | { verdict: "refuse"; usage: LocalUsage; waitMilliseconds: number }
  | { verdict: "ask"; usage: LocalUsage; count: number; reserved: number };

/** Milliseconds for which all calls are refused; 0 if none, or if our clock was set back since. */
export function refusedFor({ refusedUntil }: LocalUsage, rate: Rate, now: number): number {
  return refusedUntil > latestUse(rate, now) ? 0 : Math.max(0, refusedUntil - now);
}

/**
 * Decides about one call of weight `cost` from the environment's view. Asks the table only if the
 * user comes near the local share. The table then also counts the calls that were admitted locally,
 * and reserves some calls in advance.
 */
export function decideUse(usage: LocalUsage, rate: Rate, now: number, cost = 1): RateDecision {
  const waitMilliseconds = refusedFor(usage, rate, now);
  if (waitMilliseconds > 0) return { verdict: "refuse", usage, waitMilliseconds };
  if (now < usage.reservedUntil && usage.reserved >= cost)
    return { verdict: "admit", usage: { ...usage, reserved: usage.reserved - cost } };
  const localShare = localShareOf(rate);
  if (localShare.burst > 0 && now >= usage.watchedUntil) {
    // Calls from before the bucket was full again no longer count.
    const unreported = usage.localUntil <= now ? 0 : usage.unreported;
    const localUntil = usedAfter(usage.localUntil, cost, localShare, now);
    if (localUntil <= now + shareOf(localShare.burst, localShare))
      return { verdict: "admit", usage: { ...usage, localUntil, unreported: unreported + cost } };
  }
  const reserved = reservable(usage, rate, now, cost);
  return { verdict: "ask", usage, count: cost + usage.unreported + reserved, reserved };
}

/**
 * How much to reserve: twice the last reservation if that was used up in time, otherwise as much as
 * was used, so that unused calls are not kept from the user's other environments.
 */
function reservable(usage: LocalUsage, rate: Rate, now: number, cost: number): number {
  const { reserved, lastReserved, reservedUntil, usedUntil } = usage;
  const wanted =
    now < reservedUntil ? 2 * lastReserved + cost : Math.max(0, lastReserved - reserved - cost);
  const left = leftIn(usedUntil, rate, now);
  // Reservations are counted in calls of this cost.
  const calls = Math.floor(Math.min(wanted, left / parts.reserved) / cost);
  return Math.max(0, calls * cost);
}

const localShareOf = ({ perSecond, burst }: Rate): Rate => ({
  perSecond: perSecond / parts.localRate,
  burst: burst < localBurstMin ? 0 : Math.max(1, Math.floor(burst / parts.localBurst)),
});

/**
 * The environment's view after the table admitted the call: `usedUntil` is the table's new value. A
 * reservation lasts for the time in which the bucket fills.
 */
export function afterAdmission(
  usage: LocalUsage,
  { usedUntil, reserved }: { usedUntil: number; reserved: number },
  rate: Rate,
  now: number,
): LocalUsage {
  const isNear = leftIn(usedUntil, rate, now) < rate.burst / 2;
  return {
    ...unusedUsage,
    localUntil: isNear ? usage.localUntil : 0,
    reserved,
    reservedUntil: now + shareOf(rate.burst, rate),
    lastReserved: reserved,
    watchedUntil: isNear ? now + watchedMilliseconds : 0,
    usedUntil,
  };
}

/** The environment's view after the table refused the call. */
export function afterRefusal(
  usage: LocalUsage,
  usedUntil: number,
  rate: Rate,
  now: number,
): LocalUsage {
  const wait = Math.max(waitFor(usedUntil, rate, now), refusedMilliseconds);
  return {
    ...usage,
    usedUntil,
    reserved: 0,
    lastReserved: 0,
    refusedUntil: now + wait,
    watchedUntil: now + wait + watchedMilliseconds,
  };
}

/**
 * A user's remaining rate, as far as one environment can tell: others may have admitted calls since
 * the table was asked. `left` is 0 only while calls are refused; `resetSeconds` is the time until
 * the bucket is full again, or until a refused user may call again.
 */
export function remainingOf(usage: LocalUsage, rate: Rate, now: number) {
  const refused = refusedFor(usage, rate, now);
  if (refused > 0) return { left: 0, resetSeconds: Math.ceil(refused / 1000) };
  const unreported = usage.localUntil <= now ? 0 : usage.unreported;
  const reserved = now < usage.reservedUntil ? usage.reserved : 0;
  const known = Math.floor(leftIn(usage.usedUntil, rate, now)) - unreported + reserved;
  const left = Math.min(Math.max(known, 1), rate.burst);
  return { left, resetSeconds: Math.ceil((rate.burst - left) / rate.perSecond) };
}
