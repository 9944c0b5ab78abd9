import { socket } from "../../../platform/realtime/socket.ts";
import { dropConnection, removeSocket } from "../../../platform/store/log/connections.ts";

/**
 * Removes what belongs to a connection that has ended. It may never be called, so others remove it
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
    // A handshake that was refused has left no more than the user's socket, if that.
    const found = await dropConnection(connectionId);
    if (!found && caller !== undefined) await removeSocket(caller.userId, connectionId);
  },
);
