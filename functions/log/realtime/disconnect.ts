import { socket } from "../../../platform/realtime/socket.ts";
import { dropConnection, removeSocket } from "../../../platform/store/log/connections.ts";

/**
 * Removes the items of a closed connection. API Gateway may skip this call, so others remove them
 * too.
 */
export const { contract, handler } = socket(
  {
    route: "$disconnect",
    summary: "End a connection",
    refusals: [],
    grants: { read: ["CONN"], write: ["CONN", "STREAM", "USER", "SUB"], connections: true },
  },
  async ({ connectionId, caller }) => {
    // A refused handshake has left the user's socket at most.
    const found = await dropConnection(connectionId);
    if (!found && caller !== undefined) await removeSocket(caller.userId, connectionId);
  },
);
