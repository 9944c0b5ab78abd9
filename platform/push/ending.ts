import type { Subscriber } from "../../domain/log/subscriber.ts";
import { forgetStream } from "../store/log/connections.ts";
import { removeSubscriber } from "../store/log/subscribers.ts";
import type { Outlet } from "./audience.ts";
import { payloadOf } from "./gateway.ts";
import { stragglersMilliseconds, waitAtMost } from "./timeouts.ts";

/**
 * Tells a blocked user's connection that the stream is over for it, and removes its subscription.
 * A connection that does not take the message is not waited for long.
 */
export async function endSubscription(
  { poster }: Pick<Outlet, "poster">,
  subscriber: Subscriber,
): Promise<void> {
  const { streamId, connectionId, revision } = subscriber;
  const message = { type: "unsubscribed", streamId, reason: "blocked" };
  const posting = poster.post(connectionId, payloadOf(JSON.stringify(message)));
  await waitAtMost(stragglersMilliseconds, posting);
  await removeSubscriber(streamId, connectionId, revision);
  await forgetStream(connectionId, streamId);
}
