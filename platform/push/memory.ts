import type { Subscriber } from "../../domain/log/subscriber.ts";
import { BoundedMap, BoundedSet } from "../runtime/bounded.ts";
import type { LogCache } from "./log-cache.ts";

/**
 * What one environment remembers between batches. It may be lost or stale at any time: the table
 * decides, and memory only saves reads.
 */
export type Memory = {
  /** Caches of the streams' logs: numbers, ids and times, never bytes. */
  logs: Map<string, LogCache>;
  /**
   * A stream's distinct viewers (`count`), the users among them who are posted to, if known (relays
   * serve the others), and the time of the count in milliseconds.
   */
  viewers: Map<string, { count: number; posted?: number | undefined; at: number }>;
  /** Subscriptions with a post in flight, which are sent no other post meanwhile. */
  busy: Set<string>;
  /** Subscriptions whose last post was lost. Nothing waits for their posts until one arrives. */
  slow: Set<string>;
  /**
   * Subscriptions whose connection returned 410, since `at` (milliseconds), until they are removed.
   */
  dead: Map<string, { subscriber: Subscriber; at: number }>;
  /** Ids of sent notifications, so that a repeated batch does not send them again. */
  notifications: Map<string, true>;
};

/**
 * Capacity of each. An evicted dead connection returns 410 again; an evicted slow one is waited for
 * once more. `busy` can hold all posts that one environment may have in flight, three rooms of
 * 100,000. It evicts the connection that has hung the longest, which may then get the next frame
 * before the previous one arrives: a gap that its client fills.
 */
const sizes = {
  ...{ logs: 500, viewers: 1_000, dead: 10_000, notifications: 10_000 },
  ...{ busy: 300_000, slow: 10_000 },
};

/** Creates an empty memory. */
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

/** A subscription's key in the memory: stream and connection. */
export const subscriptionName = ({
  streamId,
  connectionId,
}: Pick<Subscriber, "streamId" | "connectionId">) => `${streamId} ${connectionId}`;
