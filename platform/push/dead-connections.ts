import { isOpening, type Subscriber } from "../../domain/log/subscriber.ts";
import { limits } from "../runtime/limits.ts";
import { allDone } from "../runtime/waiting.ts";
import { dropConnection } from "../store/log/connections.ts";
import { isInSlice, removeSubscriber, type Slice } from "../store/log/subscribers.ts";
import type { Audience, Push } from "./audience.ts";
import { type Memory, subscriptionName } from "./memory.ts";

/**
 * More than a few are left to their own `$disconnect` for so long: when a crowd leaves at once,
 * removing all of it here would silence the room meanwhile, and would be done twice.
 */
const crowdMilliseconds = 5_000;

/** Notes that a connection has answered 410, unless it may still be opening. */
export function noteDead(
  { now, memory }: Pick<Push, "now" | "memory">,
  subscriber: Subscriber,
): void {
  if (isOpening(subscriber, now) || isDead(memory, subscriber)) return;
  memory.dead.set(subscriptionName(subscriber), { subscriber, at: now.getTime() });
}

/** Whether this subscription's connection is known to be dead; a later subscription's is not. */
export const isDead = ({ dead }: Memory, subscriber: Subscriber): boolean =>
  dead.get(subscriptionName(subscriber))?.subscriber.revision === subscriber.revision;

/**
 * Forgets those of a slice of a stream who have been removed from its subscribers.
 */
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

/** Removes what belongs to connections that are dead: `$disconnect` may never have been called. */
export async function dropDead({ now, memory }: Pick<Push, "now" | "memory">): Promise<void> {
  const latest = now.getTime() - (memory.dead.size > limits().goneAtOnce ? crowdMilliseconds : 0);
  const due = [...memory.dead].filter(([, { at }]) => at <= latest).slice(0, limits().gonePerCall);
  await allDone(
    due.map(async ([name, { subscriber }]) => {
      const { streamId, connectionId, revision } = subscriber;
      memory.dead.delete(name);
      await removeSubscriber(streamId, connectionId, revision);
      await dropConnection(connectionId);
    }),
  );
}
