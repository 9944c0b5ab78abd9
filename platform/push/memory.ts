import type { Subscriber } from "../../domain/log/subscriber.ts";
import type { LogCache } from "./log-cache.ts";

/**
 * What one environment remembers between batches. All of it may be lost or stale: the table
 * decides, and memory only saves reads.
 */
export type Memory = {
  /** What is known of the streams' logs: numbers, ids and times, never bytes. */
  logs: Map<string, LogCache>;
  /** Distinct viewers of the streams, and when they were counted (milliseconds). */
  viewers: Map<string, { count: number; at: number }>;
  /**
   * Subscriptions whose last post is still on its way: they are not sent another one meanwhile.
   */
  busy: Set<string>;
  /** Subscriptions whose last post was lost: nobody waits for them until one arrives again. */
  slow: Set<string>;
  /** Subscriptions whose connection answered 410, and when, until somebody has removed them. */
  gone: Map<string, { subscriber: Subscriber; at: number }>;
  /** Ids of the notifications that were sent, so that a batch that comes again is quiet. */
  notifications: Map<string, true>;
};

/** A map that forgets its oldest entry when it would grow beyond its bound. */
class BoundedMap<Name, Value> extends Map<Name, Value> {
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    super();
    this.#sizeMax = sizeMax;
  }

  override set(name: Name, value: Value): this {
    this.delete(name);
    if (this.size >= this.#sizeMax) this.delete(this.keys().next().value!);
    return super.set(name, value);
  }
}

/** A set that forgets its oldest member when it would grow beyond its bound. */
class BoundedSet<Value> extends Set<Value> {
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    super();
    this.#sizeMax = sizeMax;
  }

  override add(value: Value): this {
    this.delete(value);
    if (this.size >= this.#sizeMax) this.delete(this.values().next().value!);
    return super.add(value);
  }
}

/**
 * How much is remembered of each. A dead connection that is forgotten answers 410 again, a slow one
 * is waited for once more. `busy` has room for all posts that one environment can have begun, three
 * rooms of 100,000: the connection that it would forget has hung the longest, and may be sent the
 * next frame beside the one that hangs, a hole that heals.
 */
const sizes = {
  ...{ logs: 500, viewers: 1_000, gone: 10_000, notifications: 10_000 },
  ...{ busy: 300_000, slow: 10_000 },
};

/** A memory of nothing yet. */
export const createMemory = (): Memory => ({
  logs: new BoundedMap(sizes.logs),
  viewers: new BoundedMap(sizes.viewers),
  busy: new BoundedSet(sizes.busy),
  slow: new BoundedSet(sizes.slow),
  gone: new BoundedMap(sizes.gone),
  notifications: new BoundedMap(sizes.notifications),
});

/** The memory of this process. */
export const ownMemory = createMemory();

/** What a subscription is remembered by: its stream and its connection. */
export const subscriptionName = ({
  streamId,
  connectionId,
}: Pick<Subscriber, "streamId" | "connectionId">) => `${streamId} ${connectionId}`;
