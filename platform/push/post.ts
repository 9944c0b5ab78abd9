import type { Frame } from "../../domain/log/frame.ts";
import {
  type Recovery,
  recover,
  type ShownSums,
  subscribedMessage,
} from "../../domain/log/recovery.ts";
import { isOpening, type Subscriber } from "../../domain/log/subscriber.ts";
import { allDone, stragglersMilliseconds, waitAtMost } from "../runtime/deadline.ts";
import { limits } from "../runtime/limits.ts";
import { dropSubscribed, forgetStream } from "../store/log/connections.ts";
import {
  findSubscriber,
  isInSlice,
  removeSubscriber,
  type Slice,
} from "../store/log/subscribers.ts";
import type { Audience, Outlet, Push, SliceOutlet } from "./audience.ts";
import { type Payload, type PostResult, payloadOf } from "./gateway.ts";
import { type Memory, subscriptionName } from "./memory.ts";

/** A stream, with the parts of the outlet that posting needs. */
type Sender = Audience<SliceOutlet>;

/** Posts one message to a subscriber's connection when the stage's rate permits it. */
export async function post(
  sender: Sender,
  subscriber: Subscriber,
  payload: Payload,
): Promise<PostResult> {
  await sender.outlet.governor.take();
  return postNow(sender, subscriber, payload);
}

/**
 * Posts one message without asking the governor. Records the result in the memory: a dead
 * connection, a slow one, or one that is no longer slow.
 */
export async function postNow(
  sender: Sender,
  subscriber: Subscriber,
  payload: Payload,
): Promise<PostResult> {
  const { slow } = sender.memory;
  const result = await sender.outlet.poster.post(subscriber.connectionId, payload);
  if (result === "lost") slow.add(subscriptionName(subscriber));
  else slow.delete(subscriptionName(subscriber));
  if (result === "gone") markDead(sender, subscriber);
  return result;
}

/**
 * Sends a connection's first message. If the connection may still be opening, retries after each of
 * these waits (milliseconds) while the subscription exists; a disconnected client has removed it.
 */
async function postOpening(
  audience: Audience,
  subscriber: Subscriber,
  payload: Payload,
  waits: readonly number[],
): Promise<PostResult> {
  const { streamId, connectionId, revision } = subscriber;
  for (const wait of [...(isOpening(subscriber, audience.now) ? waits : []), 0]) {
    const result = await post(audience, subscriber, payload);
    if (result !== "gone" || wait === 0) return result;
    await new Promise((done) => setTimeout(done, wait));
    const current = await findSubscriber(streamId, connectionId);
    if (current?.revision !== revision) return "gone";
  }
  return "gone";
}

/** The parameters of a `subscribe`, with the id that its response contains. */
export type Request = Pick<Subscriber, "since" | "requestId">;

/**
 * What was read for `subscribed`. `shown` reads the state (totals, moments) at a frame of the log.
 */
type OpeningFacts = {
  epoch: string;
  /** The position after which all frames are sent. */
  head: number;
  next: Frame | undefined;
  viewers: number;
  shown: (head: number) => Promise<ShownSums>;
};

/**
 * Sends `subscribed`, of which a client accepts the first. `next` is the stored frame after the
 * viewer's position, if any. Returns the post's result, and which frames are recovered if the
 * request had `since`.
 */
export async function openSubscription(
  audience: Audience,
  subscriber: Subscriber,
  { since, requestId }: Request,
  { epoch, head, next, viewers, shown }: OpeningFacts,
  waits: readonly number[],
): Promise<{ result: PostResult; recovery: Recovery | undefined }> {
  const { streamId, now } = audience;
  const end = { epoch, head };
  const recovery = since && recover(since, end, next, now);
  const isReplayed = recovery !== undefined && recovery !== "lost" && recovery.from <= end.head;
  const about = {
    recovery,
    viewers,
    requestId,
    shown: isReplayed ? undefined : await shown(end.head),
  };
  const message = subscribedMessage(streamId, end, about);
  const payload = payloadOf(JSON.stringify(message));
  return { result: await postOpening(audience, subscriber, payload, waits), recovery };
}

/**
 * Sends a refusal, the connection's only message for this subscription, and removes the
 * subscription. If the connection may still be opening, calls `later` instead of removing it.
 */
export async function refuseSubscription(
  audience: Audience,
  subscriber: Subscriber,
  waits: readonly number[],
  later?: () => Promise<void>,
): Promise<void> {
  const { streamId, connectionId, revision, refusal, requestId } = subscriber;
  const message =
    refusal !== undefined && "movedTo" in refusal
      ? { type: "moved", streamId, url: refusal.movedTo, requestId }
      : { type: "error", ...refusal, requestId };
  const payload = payloadOf(JSON.stringify(message));
  const result = await postOpening(audience, subscriber, payload, waits);
  if (later !== undefined && result === "gone" && isOpening(subscriber, audience.now))
    return later();
  await removeSubscriber(streamId, connectionId, revision);
}

/**
 * Notifies the connection of a user who was blocked or lost their pass, and removes the
 * subscription. Does not wait long for a slow connection.
 */
export async function endSubscription(
  { poster }: Pick<Outlet, "poster">,
  subscriber: Subscriber,
  reason: "blocked" | "pass" = "blocked",
): Promise<void> {
  const { streamId, connectionId, revision } = subscriber;
  const message = { type: "unsubscribed", streamId, reason };
  const posting = poster.post(connectionId, payloadOf(JSON.stringify(message)));
  await waitAtMost(stragglersMilliseconds, posting);
  await removeSubscriber(streamId, connectionId, revision);
  await forgetStream(connectionId, streamId);
}

/**
 * If more than a few connections are dead, they get this much time to be removed by their own
 * `$disconnect`. When a large group leaves at once, removing it here would delay the room and
 * duplicate that work.
 */
const crowdMilliseconds = 15_000;

/** Records that a connection returned 410, unless it may still be opening. */
function markDead({ now, memory }: Pick<Push, "now" | "memory">, subscriber: Subscriber): void {
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
      memory.dead.delete(name);
      await dropSubscribed(subscriber);
    }),
  );
}
