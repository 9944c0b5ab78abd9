import type { Rates } from "../platform/env.ts";

/**
 * No kind of call is above 50 a second, and none above twice its rate at once but those whose rate
 * is of minutes.
 */
export const prodRates: Rates = {
  reads: { perSecond: 20, burst: 40 },
  writes: { perSecond: 25, burst: 50 },
  searches: { perSecond: 10, burst: 20 },
  chat: { perSecond: 20, burst: 40 },
  money: { perSecond: 8, burst: 16 },
  accounting: { perSecond: 50, burst: 100 },
  transfers: { perSecond: 2, burst: 4 },
  notifications: { perSecond: 5, burst: 10 },
  // Twenty at once and then two a minute.
  streams: { perSecond: 1 / 30, burst: 20 },
  announcements: { perSecond: 1 / 30, burst: 20 },
  polls: { perSecond: 5, burst: 10 },
  // Four polls that wait at a time, or for 20 s eight.
  waits: { perSecond: 4, burst: 80 },
  tickets: { perSecond: 5, burst: 10 },
  exports: { perSecond: 1 / 60, burst: 3 },
  handshakes: { perSecond: 10, burst: 20 },
  probes: { perSecond: 1 / 60, burst: 1 },
  messages: { perSecond: 10, burst: 20 },
  subscribes: { perSecond: 5, burst: 15 },
};

/** So high that tests which are quick pass, and low enough to stop a loop that has run away. */
export const devRates: Rates = {
  reads: { perSecond: 100, burst: 500 },
  writes: { perSecond: 100, burst: 500 },
  searches: { perSecond: 100, burst: 200 },
  chat: { perSecond: 1_000, burst: 2_000 },
  money: { perSecond: 100, burst: 500 },
  accounting: { perSecond: 100, burst: 500 },
  transfers: { perSecond: 100, burst: 200 },
  notifications: { perSecond: 100, burst: 500 },
  streams: { perSecond: 50, burst: 200 },
  announcements: { perSecond: 50, burst: 200 },
  polls: { perSecond: 100, burst: 200 },
  waits: { perSecond: 100, burst: 2_000 },
  tickets: { perSecond: 50, burst: 100 },
  exports: { perSecond: 1, burst: 20 },
  handshakes: { perSecond: 100, burst: 500 },
  probes: { perSecond: 10, burst: 1_000 },
  messages: { perSecond: 50, burst: 150 },
  subscribes: { perSecond: 50, burst: 150 },
};
