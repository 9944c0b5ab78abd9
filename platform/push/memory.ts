import type { Subscriber } from "../../domain/log/subscriber.ts";
import type { LogCache } from "./log-cache.ts";

/**
 * What one environment remembers between batches. All of it may be lost or stale: the table
 * decides, and what is remembered only saves readings.
 */
export type Memory = {
  /** What is known of the streams' logs: numbers, ids and times, never bytes. */
  logs: Map<string, LogCache>;
  /** Distinct viewers of the streams, and when they were counted (milliseconds). */
  viewers: Map<string, { count: number; at: number }>;
  /**
   * Subscriptions with a post on its way that was not waited for: they are not sent a second one.
   */
  busy: Set<string>;
  /** Subscriptions whose last post was lost: nobody waits for them until one arrives again. */
  slow: Set<string>;
  /** Subscriptions whose connection answered 410, and when, until somebody has removed them. */
  gone: Map<string, { subscriber: Subscriber; at: number }>;
};

export const createMemory = (): Memory => ({
  logs: new Map(),
  viewers: new Map(),
  busy: new Set(),
  slow: new Set(),
  gone: new Map(),
});

/** The memory of this process. */
export const ownMemory = createMemory();

/** One stream in the hands of one batch. */
export type Room = { streamId: string; now: Date; memory: Memory };

/** What a subscription is remembered by: its stream and its connection. */
export const nameOf = ({ streamId, connectionId }: Pick<Subscriber, "streamId" | "connectionId">) =>
  `${streamId} ${connectionId}`;

/** Keeps a map of what is remembered within a bound: the oldest entry goes first. */
export function remember<Value>(
  map: Map<string, Value>,
  name: string,
  value: Value,
  sizeMax: number,
): void {
  map.delete(name);
  if (map.size >= sizeMax) map.delete(map.keys().next().value!);
  map.set(name, value);
}
