import { setting } from "../../platform/env.ts";
import { admitSocket } from "../../platform/realtime/admission.ts";
import { startExpiryTimer } from "../../platform/realtime/expiry.ts";
import { offersBearer, readWish } from "../../platform/realtime/handshake.ts";
import { socket } from "../../platform/realtime/socket.ts";
import { recordRefusal, subscribeFromUrl } from "../../platform/realtime/subscription.ts";
import { connectionExpiry, putConnection } from "../../platform/store/log/connections.ts";

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
    const own = { connectionId, userId, connectedAt };
    if (!(await admitSocket(own, setting("SOCKETS_PER_USER"), now))) return { statusCode: 429 };
    const wish = readWish(event.queryStringParameters);
    const { compact } = wish;
    const expiresAt = connectionExpiry(connectedAt);
    await Promise.all([
      putConnection({ ...own, tokenExpiresAt, compact, expiresAt }),
      startExpiryTimer({ connectionId, expiresAt: tokenExpiresAt }, now),
    ]);
    if (wish.refusal) await recordRefusal(own, wish.streamId, wish.refusal, now);
    else if (wish.streamId)
      await subscribeFromUrl({ ...own, tokenExpiresAt, ...wish, streamId: wish.streamId }, now);
    return offersBearer(event.headers)
      ? { statusCode: 200, headers: { "Sec-WebSocket-Protocol": "bearer" } }
      : { statusCode: 200 };
  },
);
