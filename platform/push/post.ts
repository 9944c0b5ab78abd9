import type { Subscriber } from "../../domain/log/subscriber.ts";
import type { Audience, SliceOutlet } from "./audience.ts";
import { noteDead } from "./dead-connections.ts";
import type { Payload, PostResult } from "./gateway.ts";
import { subscriptionName } from "./memory.ts";

/** Who posts to a stream's viewers. */
type Sender = Audience<SliceOutlet>;

/** Posts one message to a subscriber's connection as soon as the stage's rate allows it. */
export async function post(
  sender: Sender,
  subscriber: Subscriber,
  payload: Payload,
): Promise<PostResult> {
  await sender.outlet.governor.take();
  return postNow(sender, subscriber, payload);
}

/**
 * Posts one message that the governor has let go, and remembers what the answer says of the
 * connection: that it is gone, or whether it listens.
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
  if (result === "gone") noteDead(sender, subscriber);
  return result;
}
