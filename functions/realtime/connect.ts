import { setting } from "../../platform/env.ts";
import { ownPoster } from "../../platform/push/gateway.ts";
import { admitSocket } from "../../platform/realtime/admission.ts";
import { startExpiryTimer } from "../../platform/realtime/expiry.ts";
import { acceptHandshake, readQuery } from "../../platform/realtime/handshake.ts";
import { socket } from "../../platform/realtime/socket.ts";
import { findSubscription, recordConnection } from "../../platform/realtime/subscription.ts";

/** Opens a connection; a stream in the URL is subscribed to at once. */
export const { contract, handler } = socket(
  {
    route: "$connect",
    says: "Open a connection, and with `streamId` subscribe to a live stream at once",
    refusals: [],
    grants: {
      read: ["USER", "STREAM", "CONN"],
      write: ["USER", "CONN", "STREAM"],
      queues: ["moments"],
      connections: true,
    },
  },
  async ({ event, connectionId, connectedAt, caller, now }) => {
    const { userId, expiresAt: tokenExpiresAt } = caller;
    const connection = { connectionId, userId, connectedAt };
    const query = readQuery(event.queryStringParameters);
    const [isAdmitted, subscriber] = await Promise.all([
      admitSocket(ownPoster, connection, setting("SOCKETS_PER_USER"), now),
      findSubscription({ ...connection, tokenExpiresAt }, query, now),
    ]);
    if (!isAdmitted) return { statusCode: 429 };
    await Promise.all([
      recordConnection({ ...connection, tokenExpiresAt }, query, subscriber),
      startExpiryTimer({ connectionId, expiresAt: tokenExpiresAt }, now),
    ]);
    return acceptHandshake(event.headers);
  },
);
