import type { Frame } from "../../domain/log/frame.ts";
import {
  type Recovery,
  recover,
  type ShownSums,
  subscribedMessage,
} from "../../domain/log/recovery.ts";
import { isOpening, type Subscriber } from "../../domain/log/subscriber.ts";
import { findCurrent, removeSubscriber } from "../store/log/subscribers.ts";
import type { Audience } from "./audience.ts";
import { type Payload, type PostResult, payloadOf } from "./gateway.ts";
import { post } from "./post.ts";

/** The result of a post to a subscription; `ended`: the subscription was replaced or removed. */
export type SendResult = PostResult | "ended";

/**
 * Sends a connection's first message. If the connection may still be opening, retries after each of
 * these waits (milliseconds) while the subscription exists; a disconnected client has removed it.
 */
async function postOpening(
  audience: Audience,
  subscriber: Subscriber,
  payload: Payload,
  waits: readonly number[],
): Promise<SendResult> {
  for (const wait of [...(isOpening(subscriber, audience.now) ? waits : []), 0]) {
    const result = await post(audience, subscriber, payload);
    if (result !== "gone" || wait === 0) return result;
    await new Promise((done) => setTimeout(done, wait));
    if ((await findCurrent(subscriber)) === undefined) return "ended";
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
): Promise<{ result: SendResult; recovery: Recovery | undefined }> {
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
