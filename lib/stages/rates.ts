import type { Rates } from "../../platform/runtime/env.ts";

/** Rates of the audience's calls: the interface specifies them, so all stages have the same. */
const crowdRates = {
  likes: { perSecond: 1, burst: 3 },
  votes: { perSecond: 2, burst: 5 },
};

/**
 * Units a second, and at once: a call takes what its contract declares (`unitsOf`), at least one.
 * No call is allowed more than 50 times a second, or 100 at once. An hour of the most expensive
 * calls of each kind costs less than a dollar, including refused ones and a domain
 * (`test/conventions/rates.test.ts`).
 */
export const prodRates: Rates = {
  ...crowdRates,
  reads: { perSecond: 18, burst: 36 },
  writes: { perSecond: 18, burst: 36 },
  // Six of the most expensive pages at once.
  searches: { perSecond: 18, burst: 66 },
  // Ten messages a second.
  chat: { perSecond: 20, burst: 40 },
  // Seven gifts a second.
  money: { perSecond: 22, burst: 48 },
  // Fifty top-ups a second: back ends.
  accounting: { perSecond: 100, burst: 200 },
  transfers: { perSecond: 4, burst: 8 },
  // Ten at once.
  notifications: { perSecond: 18, burst: 70 },
  // Twelve new streams at once and then six in five minutes.
  streams: { perSecond: 0.2, burst: 120 },
  announcements: { perSecond: 0.2, burst: 120 },
  // Ten responses at once.
  polls: { perSecond: 20, burst: 60 },
  // Four concurrent long polls, or eight for 20 s.
  waits: { perSecond: 4, burst: 80 },
  tickets: { perSecond: 5, burst: 10 },
  // Kilobytes: 50 MB at once, and then 50 MB a day.
  uploads: { perSecond: 0.6, burst: 51_200 },
  // Sixteen at once, and then about as many a day.
  fetches: { perSecond: 0.0002, burst: 16 },
  // A thousand notifications take 340, a channel with 220 streams 1,469.
  bulk: { perSecond: 16, burst: 20_000 },
  // Three at once and then one a minute.
  exports: { perSecond: 1.85, burst: 333 },
  handshakes: { perSecond: 10, burst: 20 },
  probes: { perSecond: 1 / 60, burst: 1 },
  messages: { perSecond: 10, burst: 20 },
  subscribes: { perSecond: 5, burst: 15 },
};

/**
 * A hundred HTTP calls a second of every kind except `likes`, `votes` and `exports`, so that fast
 * tests pass, and low enough to stop a runaway loop.
 */
export const devRates: Rates = {
  ...crowdRates,
  reads: { perSecond: 3_000, burst: 15_000 },
  writes: { perSecond: 6_000, burst: 15_000 },
  searches: { perSecond: 1_100, burst: 2_200 },
  chat: { perSecond: 2_000, burst: 4_000 },
  money: { perSecond: 1_000, burst: 5_000 },
  accounting: { perSecond: 1_000, burst: 5_000 },
  transfers: { perSecond: 1_000, burst: 2_000 },
  notifications: { perSecond: 3_000, burst: 9_000 },
  streams: { perSecond: 1_500, burst: 6_000 },
  announcements: { perSecond: 1_500, burst: 6_000 },
  polls: { perSecond: 600, burst: 1_200 },
  waits: { perSecond: 100, burst: 2_000 },
  tickets: { perSecond: 200, burst: 400 },
  uploads: { perSecond: 100_000, burst: 10_000_000 },
  fetches: { perSecond: 10, burst: 1_000 },
  bulk: { perSecond: 150_000, burst: 300_000 },
  exports: { perSecond: 111, burst: 2_220 },
  handshakes: { perSecond: 100, burst: 500 },
  probes: { perSecond: 10, burst: 1_000 },
  // A flood is noticed only above this rate: a busy machine handles 60 a second.
  messages: { perSecond: 20, burst: 150 },
  subscribes: { perSecond: 50, burst: 150 },
};
