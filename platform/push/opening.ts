import { openingMilliseconds, type Subscriber } from "../../domain/log/subscriber.ts";
import { findSubscriber } from "../store/log/subscribers.ts";
import type { Audience } from "./audience.ts";
import { type Payload, type PostResult, payloadOf } from "./gateway.ts";
import { post } from "./post.ts";

/** Whether a connection may not be open yet. */
export const isYoung = ({ now }: Pick<Audience, "now">, { connectedAt }: Subscriber) =>
  now.getTime() - connectedAt < openingMilliseconds;

/**
 * Sends a connection's first message. One that has just been made may not be open yet: it is tried
 * again after each of these waits (milliseconds), while its subscription is there (a client that is
 * gone has removed it).
 */
export async function postOpening(
  audience: Audience,
  subscriber: Subscriber,
  payload: Payload,
  waits: readonly number[],
): Promise<PostResult> {
  const { streamId, connectionId, revision } = subscriber;
  for (const wait of [...(isYoung(audience, subscriber) ? waits : []), 0]) {
    const result = await post(audience, subscriber, payload);
    if (result !== "gone" || wait === 0) return result;
    await new Promise((done) => setTimeout(done, wait));
    const current = await findSubscriber(streamId, connectionId);
    if (current?.revision !== revision) return "gone";
  }
  return "gone";
}

/** The first and only message of a subscription that was refused. */
export function refusalOf({ refusal, requestId }: Subscriber): Payload {
  const message = { type: "error", ...refusal, requestId };
  return payloadOf(JSON.stringify(message));
}
