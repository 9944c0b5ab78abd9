import { setting } from "../../platform/env.ts";
import { ownPoster } from "../../platform/push/gateway.ts";
import { admitSocket } from "../../platform/realtime/admission.ts";
import { startExpiryTimer } from "../../platform/realtime/expiry.ts";
import { acceptHandshake, readQuery } from "../../platform/realtime/handshake.ts";
import { isStillGood } from "../../platform/realtime/overlay.ts";
import { socket } from "../../platform/realtime/socket.ts";
import { findSubscription, recordConnection } from "../../platform/realtime/subscription.ts";

/** Opens a connection; a stream in the URL is subscribed to at once. */
export const { contract, handler } = socket(
  {
    route: "$connect",
    says: "Open a connection, and with `streamId` subscribe to a live stream at once",
    refusals: [],
    grants: {
      read: ["USER", "STREAM", "CONN", "OVERLAY", "REVOKED"],
      write: ["USER", "CONN", "TOKEN", "STREAM", "SUB"],
      queues: ["moments"],
      connections: true,
    },
  },
  async ({ event, connectionId, connectedAt, caller, now }) => {
    const { userId, issuedAt, tokenId, expiresAt: tokenExpiresAt } = caller;
    const query = readQuery(event.queryStringParameters);
    const connection = { connectionId, userId, connectedAt };
    const isGood = () => isStillGood(caller);
    const terms = { socketsMax: setting("SOCKETS_PER_USER"), isStillGood: isGood };
    const [verdict, subscriber] = await Promise.all([
      admitSocket(ownPoster, { ...connection, issuedAt, tokenId }, terms, now),
      findSubscription({ ...connection, tokenExpiresAt }, query, caller, now),
    ]);
    if (verdict !== "admitted") return { statusCode: verdict === "too_many" ? 429 : 401 };
    await Promise.all([
      recordConnection({ ...connection, tokenExpiresAt }, query, subscriber),
      startExpiryTimer({ connectionId, expiresAt: tokenExpiresAt }, now),
    ]);
    return acceptHandshake(event.headers);
  },
);
