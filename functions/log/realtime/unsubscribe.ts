import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import { RequestId } from "../../../domain/log/subscriber.ts";
import { socket } from "../../../platform/realtime/socket.ts";
import { assertGranted } from "../../../platform/realtime/subscription.ts";
import { forgetStream } from "../../../platform/store/log/connections.ts";
import { removeSubscriber } from "../../../platform/store/log/subscribers.ts";

/** Removes a subscription. Succeeds if there is none. */
export const { contract, handler } = socket(
  {
    route: "unsubscribe",
    summary: "Unsubscribe from a live stream",
    message: z.object({ streamId: StreamId, requestId: RequestId.optional() }),
    refusals: ["stream_not_granted"],
    grants: { read: ["CONN"], write: ["STREAM", "CONN", "SUB"], connections: true },
  },
  async ({ message: { streamId }, connectionId, caller, answer }) => {
    await assertGranted(caller, connectionId, streamId);
    await removeSubscriber(streamId, connectionId);
    await forgetStream(connectionId, streamId);
    await answer({ type: "unsubscribed", streamId });
  },
);
