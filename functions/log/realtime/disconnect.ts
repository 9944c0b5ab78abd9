import { socket } from "../../../platform/realtime/socket.ts";
import { dropConnection, removeSocket } from "../../../platform/store/log/connections.ts";

/**
 * Removes the items of a closed connection. API Gateway does not guarantee this call, so other code
 * removes them too.
 */
export const { contract, handler } = socket(
  {
    route: "$disconnect",
    summary: "End a connection",
    grants: { read: ["CONN"], write: ["CONN", "STREAM", "USER", "SUB"], connections: true },
  },
  async ({ connectionId, caller }) => {
    // A refused handshake leaves at most the user's socket.
    const removed = await dropConnection(connectionId);
    if (removed === undefined && caller !== undefined)
      await removeSocket(caller.userId, connectionId);
  },
);
