import { openingMilliseconds, type Subscriber } from "../../domain/log/subscriber.ts";
import { allDone } from "../all-done.ts";
import { limits } from "../limits.ts";
import { dropConnection } from "../store/log/connections.ts";
import { isInSlice, removeSubscriber, type Slice } from "../store/log/subscribers.ts";
import type { Audience, Push } from "./audience.ts";
import { type Memory, subscriptionName } from "./memory.ts";

/**
 * More than a few are left to their own `$disconnect` for so long: when a crowd leaves at once, removing all
 * of it here would silence the room meanwhile, and would be done twice.
 */
const crowdMilliseconds = 5_000;

/**
 * Notes that a connection has answered 410. One that is younger than 10 s is only not open yet: API
 * Gateway opens the socket after `$connect` has answered.
 */
export function noteGone(
  { now, memory }: Pick<Push, "now" | "memory">,
  subscriber: Subscriber,
): void {
  if (now.getTime() - subscriber.connectedAt <= openingMilliseconds || isGone(memory, subscriber))
    return;
  memory.gone.set(subscriptionName(subscriber), { subscriber, at: now.getTime() });
}

/** Whether this subscription's connection is known to be gone; a later subscription's is not. */
export const isGone = ({ gone }: Memory, subscriber: Subscriber): boolean =>
  gone.get(subscriptionName(subscriber))?.subscriber.revision === subscriber.revision;

/**
 * Forgets those of a slice of a stream who are not among its subscribers any more: somebody has
 * removed them.
 */
export function forgetRemoved(
  { streamId, memory: { gone } }: Pick<Audience, "streamId" | "memory">,
  slice: Slice,
  subscribers: readonly Subscriber[],
): void {
  if (gone.size === 0) return;
  const current = new Set(subscribers.map(subscriptionName));
  for (const [name, { subscriber }] of gone)
    if (
      subscriber.streamId === streamId &&
      !current.has(name) &&
      isInSlice(streamId, subscriber.connectionId, slice)
    )
      gone.delete(name);
}

/** Removes what belongs to connections that are gone: `$disconnect` may never have been called. */
export async function dropGone({ now, memory }: Pick<Push, "now" | "memory">): Promise<void> {
  const latest = now.getTime() - (memory.gone.size > limits().goneAtOnce ? crowdMilliseconds : 0);
  const due = [...memory.gone].filter(([, { at }]) => at <= latest).slice(0, limits().gonePerCall);
  await allDone(
    due.map(async ([name, { subscriber }]) => {
      const { streamId, connectionId, revision } = subscriber;
      memory.gone.delete(name);
      await removeSubscriber(streamId, connectionId, revision);
      await dropConnection(connectionId);
    }),
  );
}
