import { ownPoster } from "../../../platform/push/gateway.ts";
import { queueChannelMove } from "../../../platform/realtime/channel-overlays.ts";
import { startExpiryTimer } from "../../../platform/realtime/expiry.ts";
import { acceptHandshake, noteUser, readQuery } from "../../../platform/realtime/handshake.ts";
import { isStillValid } from "../../../platform/realtime/overlay.ts";
import { socket } from "../../../platform/realtime/socket.ts";
import { admitSocket, listingOf, listSocket } from "../../../platform/realtime/socket-limit.ts";
import { findSubscription, recordConnection } from "../../../platform/realtime/subscription.ts";
import { setting } from "../../../platform/runtime/env.ts";

/** Opens a connection, and subscribes it to the stream in the URL, if any. */
export const { contract, handler } = socket(
  {
    route: "$connect",
    summary: "Open a connection; with `streamId`, also subscribe to a live stream",
    grants: {
      read: ["USER", "STREAM", "CONN", "OVERLAY", "REVOKED", "SUB"],
      write: ["USER", "NAME", "CONN", "TOKEN", "STREAM", "SUB"],
      queues: ["moments"],
      connections: true,
    },
  },
  async ({ event, connectionId, connectedAt, caller, now }) => {
    const { issuedAt, expiresAt: tokenExpiresAt, channelOf } = caller;
    const query = readQuery(event.queryStringParameters);
    const connection = { ...listingOf(caller, connectionId), connectedAt };
    const isGood = () => isStillValid(caller);
    const terms = { socketsMax: setting("SOCKETS_PER_USER"), isStillValid: isGood };
    await listSocket({ ...connection, issuedAt });
    const admission = admitSocket(ownPoster, connection, terms, now);
    // All items are read in one call.
    const [verdict, subscriber] = await Promise.all([
      admission,
      findSubscription(connection, query, caller, now),
      noteUser(caller, admission, now),
    ]);
    if (verdict !== "admitted") return { statusCode: verdict === "too_many" ? 429 : 401 };
    await Promise.all([
      recordConnection({ ...connection, tokenExpiresAt }, { ...query, channelOf }, subscriber),
      startExpiryTimer({ connectionId, expiresAt: tokenExpiresAt }, now),
    ]);
    if (channelOf !== undefined) await queueChannelMove({ moveOf: channelOf, connectionId }, now);
    return acceptHandshake(event.headers);
  },
);
