import { isOpening, type Subscriber } from "../../domain/log/subscriber.ts";
import { limits } from "../runtime/limits.ts";
import { allDone } from "../runtime/waiting.ts";
import { dropConnection } from "../store/log/connections.ts";
import { isInSlice, removeSubscriber, type Slice } from "../store/log/subscribers.ts";
import type { Audience, Push } from "./audience.ts";
import { type Memory, subscriptionName } from "./memory.ts";

/**
 * If more than a few connections are dead, they get this much time to be removed by their own
 * `$disconnect`. When a large group leaves at once, removing it here would delay the room and
 * duplicate that work.
 */
const crowdMilliseconds = 5_000;

/** Records that a connection returned 410, unless it may still be opening. */
export function markDead(
  { now, memory }: Pick<Push, "now" | "memory">,
  subscriber: Subscriber,
): void {
  if (isOpening(subscriber, now) || isDead(memory, subscriber)) return;
  memory.dead.set(subscriptionName(subscriber), { subscriber, at: now.getTime() });
}

/**
 * Whether this subscription's connection is known to be dead. A later subscription of the same
 * connection is not.
 */
export const isDead = ({ dead }: Memory, subscriber: Subscriber): boolean =>
  dead.get(subscriptionName(subscriber))?.subscriber.revision === subscriber.revision;

/** Forgets dead subscriptions of a slice that are no longer in its list of subscribers. */
export function forgetRemoved(
  { streamId, memory: { dead } }: Pick<Audience, "streamId" | "memory">,
  slice: Slice,
  subscribers: readonly Subscriber[],
): void {
  if (dead.size === 0) return;
  const current = new Set(subscribers.map(subscriptionName));
  for (const [name, { subscriber }] of dead)
    if (
      subscriber.streamId === streamId &&
      !current.has(name) &&
      isInSlice(streamId, subscriber.connectionId, slice)
    )
      dead.delete(name);
}

/**
 * Removes the items of dead connections, at most `deadPerCall` of them: `$disconnect` is not
 * guaranteed to be called.
 */
export async function removeDead({ now, memory }: Pick<Push, "now" | "memory">): Promise<void> {
  const latest = now.getTime() - (memory.dead.size > limits().deadAtOnce ? crowdMilliseconds : 0);
  const due = [...memory.dead].filter(([, { at }]) => at <= latest).slice(0, limits().deadPerCall);
  await allDone(
    due.map(async ([name, { subscriber }]) => {
      const { streamId, connectionId, revision } = subscriber;
      memory.dead.delete(name);
      await removeSubscriber(streamId, connectionId, revision);
      await dropConnection(connectionId);
    }),
  );
}
