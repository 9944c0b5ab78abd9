import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import { Position } from "../../../domain/log/recovery.ts";
import { RequestId } from "../../../domain/log/subscriber.ts";
import { socket } from "../../../platform/realtime/socket.ts";
import { assertGranted, subscribe } from "../../../platform/realtime/subscription.ts";
import { nextTicket } from "../../../platform/realtime/ticket.ts";

/**
 * Stores the subscription as an item of the stream. The table's consumer then responds with
 * `subscribed`.
 */
export const { contract, handler } = socket(
  {
    route: "subscribe",
    summary: "Subscribe to a live stream, from now on or from a position",
    message: z.object({
      streamId: StreamId,
      since: Position.optional(),
      requestId: RequestId.optional(),
    }),
    rate: "subscribes",
    refusals: [
      "stream_not_found",
      "stream_not_granted",
      "member_blocked",
      "pass_required",
      "room_full",
      "too_many_streams",
    ],
    grants: {
      read: ["STREAM", "CONN", "SUB"],
      write: ["STREAM", "CONN", "SUB"],
      connections: true,
    },
  },
  async ({ message, connectionId, connectedAt, caller, now, answer, close }) => {
    await assertGranted(caller, connectionId, message.streamId);
    const { userId, roles } = caller;
    const connection = { connectionId, connectedAt, userId, roles };
    const outcome = await subscribe({ ...message, ...connection }, now);
    if (outcome === "unknown") return close();
    if (outcome === "recorded") return;
    const ticket = caller.isByTicket ? { ticket: await nextTicket(caller, now) } : {};
    await answer({ type: "moved", streamId: message.streamId, url: outcome.moved, ...ticket });
  },
);
