import * as z from "zod";
import { RequestId } from "../../../domain/log/subscriber.ts";
import { countPing } from "../../../platform/realtime/ping-use.ts";
import { socket } from "../../../platform/realtime/socket.ts";
import { findConnection } from "../../../platform/store/log/connections.ts";
import { findHeads } from "../../../platform/store/log/subscribers.ts";

/**
 * Returns the newest posted frame of each of the connection's streams, so that clients detect
 * losses early.
 */
export const { contract, handler } = socket(
  {
    route: "ping",
    summary: "Get the newest frame number of each subscribed stream",
    message: z.object({ requestId: RequestId.optional() }),
    grants: { read: ["STREAM", "CONN", "SUB"], connections: true },
  },
  async ({ connectionId, caller, now, answer, close }) => {
    const connection = await findConnection(connectionId);
    if (connection === undefined) return close();
    const streams = [...(connection.streams ?? [])];
    await countPing(caller, streams.length, now);
    const heads = await findHeads(connectionId, streams, now);
    await answer({ type: "pong", heads });
  },
);
