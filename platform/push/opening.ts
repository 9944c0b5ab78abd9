import { openingMilliseconds, type Subscriber } from "../../domain/log/subscriber.ts";
import { findSubscriber } from "../store/log/subscribers.ts";
import { noteGone } from "./dead-connections.ts";
import { type Payload, type PostResult, payloadOf, poster } from "./gateway.ts";
import { governor } from "./governor.ts";
import type { Room } from "./memory.ts";

/** Whether a connection may not be open yet. */
export const isYoung = ({ now }: Pick<Room, "now">, { connectedAt }: Subscriber) =>
  now.getTime() - connectedAt < openingMilliseconds;

/**
 * Sends a connection's first message. One that has just been made may not be open yet: it is tried
 * again after each of these waits (milliseconds), while its subscription is there (a client that is
 * gone has removed it).
 */
export async function postOpening(
  room: Room,
  subscriber: Subscriber,
  payload: Payload,
  waits: readonly number[],
): Promise<PostResult> {
  const { streamId, connectionId, revision } = subscriber;
  for (const wait of [...(isYoung(room, subscriber) ? waits : []), 0]) {
    await governor().take();
    const result = await poster().post(connectionId, payload);
    if (result !== "gone" || wait === 0) {
      if (result === "gone") noteGone(room, subscriber);
      return result;
    }
    await new Promise((done) => setTimeout(done, wait));
    const current = await findSubscriber(streamId, connectionId);
    if (current?.revision !== revision) return "gone";
  }
  return "gone";
}

/** What the first message of a subscription says that cannot be. */
export function refusalOf({ refusal, requestId }: Subscriber): Payload {
  const said = { type: "error", ...refusal, requestId };
  return payloadOf(JSON.stringify(said));
}
