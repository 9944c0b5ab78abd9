import { socket } from "../../../platform/realtime/socket.ts";
import { listingOf } from "../../../platform/realtime/socket-limit.ts";
import { dropConnection, removeSockets } from "../../../platform/store/log/connections.ts";

/**
 * Removes the items of a closed connection. API Gateway does not guarantee this call, so other code
 * removes them too.
 */
export const { contract, handler } = socket(
  {
    route: "$disconnect",
    summary: "End a connection",
    grants: {
      read: ["CONN"],
      write: ["CONN", "STREAM", "USER", "TOKEN", "SUB"],
      connections: true,
    },
  },
  async ({ connectionId, caller }) => {
    // A failed handshake leaves at most the socket in its lists.
    const removed = await dropConnection(connectionId);
    if (removed === undefined && caller !== undefined)
      await removeSockets([listingOf(caller, connectionId)]);
  },
);
