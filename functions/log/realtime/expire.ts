import * as z from "zod";
import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { ownPoster } from "../../../platform/push/gateway.ts";
import { BanEnd, endBan } from "../../../platform/realtime/ban-ends.ts";
import { applyChannelChange, ChannelChange } from "../../../platform/realtime/channel-changes.ts";
import { ChannelMove, moveOverlays } from "../../../platform/realtime/channel-overlays.ts";
import { ExpiryTimer, endExpired } from "../../../platform/realtime/expiry.ts";
import { endLostPass, LostPass } from "../../../platform/realtime/lost-passes.ts";
import {
  closeRevokedSockets,
  SocketRevocation,
} from "../../../platform/realtime/revoked-sockets.ts";

const Timed = z.union([ExpiryTimer, SocketRevocation, BanEnd]);
const AccessChange = z.union([Timed, ChannelChange, ChannelMove, LostPass]);

/**
 * Handles all messages of the queue `moments`. Ends of tokens and bans are delayed messages, so
 * that no process has to wait for them in memory.
 */
export const { contract, handler } = consumer(
  {
    summary:
      "Handle changes of what connections may see: expired and revoked credentials, bans, passes, channels",
    on: { queue: "moments", batchSize: 10 },
    grants: {
      read: ["CONN", "USER", "TOKEN", "STREAM", "SENDER", "OVERLAY", "SUB"],
      write: ["CONN", "STREAM", "USER", "TOKEN", "SUB", "SENDER"],
      queues: ["moments"],
      connections: true,
    },
  },
  perMessage(AccessChange, (message, now) => {
    if ("moveOf" in message) return moveOverlays(ownPoster(), message, now);
    if ("passOf" in message) return endLostPass(ownPoster(), message, now);
    if ("banId" in message) return endBan(ownPoster(), message, now);
    if ("channelOf" in message) return applyChannelChange(message, now);
    return "withdrawn" in message
      ? closeRevokedSockets(ownPoster(), message, now)
      : endExpired(ownPoster(), message, now);
  }),
);
