/** Units of one kind that one user may take: on average, and at once. */
export type Rate = { perSecond: number; burst: number };

/**
 * The kinds of things that have a rate of their own, each with what one of them is. What the
 * numbers are is the stage's.
 */
export const rateKinds = [
  /** A call that reads. */
  "reads",
  /** A call that changes something. */
  "writes",
  /** A question to a search. */
  "searches",
  /** A chat message, in whatever stream. */
  "chat",
  /** A call with which users spend or buy credits. */
  "money",
  /** A call of a back end that keeps wallets: what comes in, goes out, or may be spent. */
  "accounting",
  /** A call that says how often a user has tapped. */
  "likes",
  /** A vote in a poll. */
  "votes",
  /** Credits given from one user to another. */
  "transfers",
  /** A notification that users make for themselves. */
  "notifications",
  /** A stream that is created. */
  "streams",
  /** A stream that goes live, which notifies followers. */
  "announcements",
  /** A reading of frames over HTTP. */
  "polls",
  /** A second for which such a reading waits. */
  "waits",
  /** A ticket for one handshake. */
  "tickets",
  /** A kilobyte of a picture that is uploaded. */
  "uploads",
  /** A call that changes up to a thousand items. */
  "bulk",
  /** A copy of everything that is kept about the caller, or its removal. */
  "exports",
  /** A handshake of a WebSocket. */
  "handshakes",
  /** A search among a user's sockets for those that have ended without a word. */
  "probes",
  /** A message on any of the user's sockets. */
  "messages",
  /** A message among them that subscribes. */
  "subscribes",
] as const;
export type RateKind = (typeof rateKinds)[number];

/** Milliseconds of a bucket that `count` calls use up. */
const shareOf = (count: number, { perSecond }: Rate) => (count * 1000) / perSecond;

/**
 * The token bucket as one number: the moment (milliseconds since 1970) up to which earlier calls
 * have used up the rate, which lies in the past while the bucket is full. Answers that moment after
 * `count` more calls, whether they fit or not.
 * https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
 */
export const usedAfter = (usedUntil: number, count: number, rate: Rate, now: number) =>
  Math.max(usedUntil, now) + shareOf(count, rate);

/** How far `usedUntil` may lie at most for one more call to fit. */
export const usedAtMost = (rate: Rate, now: number) => now + shareOf(rate.burst - 1, rate);

/** Milliseconds until one more call fits; 0 or less where it fits now. */
export const waitFor = (usedUntil: number, rate: Rate, now: number) =>
  usedUntil - usedAtMost(rate, now);

/** Calls that the bucket still holds. */
const leftIn = (usedUntil: number, rate: Rate, now: number) =>
  rate.burst - (Math.max(usedUntil - now, 0) * rate.perSecond) / 1000;

/**
 * What one environment knows of one user's calls of one kind. Times are in milliseconds since 1970.
 */
export type LocalUsage = {
  /** Up to which the calls that were admitted unasked have used up what may be. */
  unaskedUntil: number;
  /** Calls that were admitted unasked and that the table has not been told of. */
  untold: number;
  /** Calls that the table has counted already and that are still to come. */
  lent: number;
  lentUntil: number;
  /** How many were lent at the last time. */
  lentLast: number;
  /** Until when every call is asked about, since the user was near the rate. */
  watchedUntil: number;
  refusedUntil: number;
  /** The table's own number, when it was last asked. */
  usedUntil: number;
};

/** What an environment knows of a user whom it has not seen. */
export const unseen: LocalUsage = {
  unaskedUntil: 0,
  untold: 0,
  lent: 0,
  lentUntil: 0,
  lentLast: 0,
  watchedUntil: 0,
  refusedUntil: 0,
  usedUntil: 0,
};

/**
 * Parts of the whole: of the burst that one environment admits unasked at once, of the
 * rate at which it may do so again, and of what is left that the table lends at once. How the error
 * and the cost follow from them is what `npm run bench -- rates` prints.
 */
const parts = { unaskedBurst: 32, unaskedRate: 200, lent: 8 };

/** A burst below which every call is asked about: such calls are rare, and dear. */
const askedBurst = 20;

/** How long the calls of a user who was near the rate are all asked about. */
const watchedMilliseconds = 10_000;

/** A refusal holds this long at least where it was met, so that a flood is not asked about. */
const refusedMilliseconds = 1_000;

/** What to do with a call: `ask` tells the table of `count` calls, this one among them. */
type RateDecision =
  | { verdict: "admit"; usage: LocalUsage }
  | { verdict: "refuse"; usage: LocalUsage; waitMilliseconds: number }
  | { verdict: "ask"; usage: LocalUsage; count: number; lent: number };

/**
 * Decides about one call of weight `cost` from what this environment knows. Only where a user comes
 * near the rate in it is the table asked, which then counts what was admitted unasked before, and
 * lends some of what is left.
 */
export function judge(usage: LocalUsage, rate: Rate, now: number, cost = 1): RateDecision {
  if (now < usage.refusedUntil)
    return { verdict: "refuse", usage, waitMilliseconds: usage.refusedUntil - now };
  if (now < usage.lentUntil && usage.lent >= cost)
    return { verdict: "admit", usage: { ...usage, lent: usage.lent - cost } };
  const unasked = unaskedOf(rate);
  if (unasked.burst > 0 && now >= usage.watchedUntil) {
    // What was used before the bucket was full again no longer counts.
    const untold = usage.unaskedUntil <= now ? 0 : usage.untold;
    const unaskedUntil = usedAfter(usage.unaskedUntil, cost, unasked, now);
    if (unaskedUntil <= now + shareOf(unasked.burst, unasked))
      return { verdict: "admit", usage: { ...usage, unaskedUntil, untold: untold + cost } };
  }
  const lent = lendable(usage, rate, now, cost);
  return { verdict: "ask", usage, count: cost + usage.untold + lent, lent };
}

/**
 * What to borrow: twice as much as last time where that was used up in time, otherwise as much as
 * was used, so that what nobody comes for is not taken from the user's other environments.
 */
function lendable(usage: LocalUsage, rate: Rate, now: number, cost: number): number {
  const { lent, lentLast, lentUntil, usedUntil } = usage;
  const wanted = now < lentUntil ? 2 * lentLast + cost : Math.max(0, lentLast - lent - cost);
  const left = leftIn(usedUntil, rate, now);
  // What is lent is for calls like this one.
  const calls = Math.floor(Math.min(wanted, left / parts.lent) / cost);
  return Math.max(0, calls * cost);
}

const unaskedOf = ({ perSecond, burst }: Rate): Rate => ({
  perSecond: perSecond / parts.unaskedRate,
  burst: burst < askedBurst ? 0 : Math.max(1, Math.floor(burst / parts.unaskedBurst)),
});

/**
 * What an environment knows after the table was asked, and admitted the call: `usedUntil` is the
 * table's number afterwards. What was lent is for the time in which the bucket fills.
 */
export function admitted(
  usage: LocalUsage,
  { usedUntil, lent }: { usedUntil: number; lent: number },
  rate: Rate,
  now: number,
): LocalUsage {
  const isNear = leftIn(usedUntil, rate, now) < rate.burst / 2;
  return {
    ...unseen,
    unaskedUntil: isNear ? usage.unaskedUntil : 0,
    lent,
    lentUntil: now + shareOf(rate.burst, rate),
    lentLast: lent,
    watchedUntil: isNear ? now + watchedMilliseconds : 0,
    usedUntil,
  };
}

/** What an environment knows after the table was asked, and had no call left. */
export function refused(usage: LocalUsage, usedUntil: number, rate: Rate, now: number): LocalUsage {
  const wait = Math.max(waitFor(usedUntil, rate, now), refusedMilliseconds);
  return {
    ...usage,
    usedUntil,
    lent: 0,
    lentLast: 0,
    refusedUntil: now + wait,
    watchedUntil: now + wait + watchedMilliseconds,
  };
}

/**
 * What a user has left of a rate, as far as one environment knows: others may have admitted calls
 * since the table was asked. `left` is 0 only while calls are refused; `resetSeconds` is how long
 * it takes until the bucket is full again, or until a refused user may come again.
 */
export function standingOf(usage: LocalUsage, rate: Rate, now: number) {
  if (now < usage.refusedUntil)
    return { left: 0, resetSeconds: Math.ceil((usage.refusedUntil - now) / 1000) };
  const untold = usage.unaskedUntil <= now ? 0 : usage.untold;
  const lent = now < usage.lentUntil ? usage.lent : 0;
  const known = Math.floor(leftIn(usage.usedUntil, rate, now)) - untold + lent;
  const left = Math.min(Math.max(known, 1), rate.burst);
  return { left, resetSeconds: Math.ceil((rate.burst - left) / rate.perSecond) };
}
