import type { Subscriber } from "../../domain/log/subscriber.ts";
import { BoundedMap, BoundedSet } from "../runtime/bounded.ts";
import type { LogCache } from "./log-cache.ts";

/**
 * What one environment remembers between batches. All of it may be lost or stale: the table
 * decides, and memory only saves reads.
 */
export type Memory = {
  /** What is known of the streams' logs: numbers, ids and times, never bytes. */
  logs: Map<string, LogCache>;
  /**
   * Distinct viewers of the streams, how many of them are posted to where that is known (relays
   * serve the others), and when they were counted (milliseconds).
   */
  viewers: Map<string, { count: number; posted?: number | undefined; at: number }>;
  /**
   * Subscriptions whose last post is still on its way: they are not sent another one meanwhile.
   */
  busy: Set<string>;
  /** Subscriptions whose last post was lost: nobody waits for them until one arrives again. */
  slow: Set<string>;
  /** Subscriptions whose connection answered 410, and when, until they have been removed. */
  dead: Map<string, { subscriber: Subscriber; at: number }>;
  /** Ids of the notifications that were sent, so that a batch that comes again is quiet. */
  notifications: Map<string, true>;
};

/**
 * How much is remembered of each. A dead connection that is forgotten answers 410 again, a slow one
 * is waited for once more. `busy` has room for all posts that one environment can have begun, three
 * rooms of 100,000: the connection that it would forget has hung the longest, and may be sent the
 * next frame while one hangs, a gap that the client closes.
 */
const sizes = {
  ...{ logs: 500, viewers: 1_000, dead: 10_000, notifications: 10_000 },
  ...{ busy: 300_000, slow: 10_000 },
};

/** A memory of nothing yet. */
export const createMemory = (): Memory => ({
  logs: new BoundedMap(sizes.logs),
  viewers: new BoundedMap(sizes.viewers),
  busy: new BoundedSet(sizes.busy),
  slow: new BoundedSet(sizes.slow),
  dead: new BoundedMap(sizes.dead),
  notifications: new BoundedMap(sizes.notifications),
});

/** The memory of this process. */
export const ownMemory = createMemory();

/** What a subscription is remembered by: its stream and its connection. */
export const subscriptionName = ({
  streamId,
  connectionId,
}: Pick<Subscriber, "streamId" | "connectionId">) => `${streamId} ${connectionId}`;
