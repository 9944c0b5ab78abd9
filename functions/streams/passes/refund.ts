import * as z from "zod";
import { Balance } from "../../../domain/credits.ts";
import { GiftId, StreamId, UserId } from "../../../domain/id.ts";
import { Timestamp } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { refundPass } from "../../../platform/store/money/passes.ts";

/**
 * Reverses both sides of a charge, even of a deleted stream. What the host has spent is owed, as
 * with a gift.
 */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/passes/{userId}/refund",
    summary: "Refund a user's pass for a paid stream; the user loses access",
    tag: "Live Streams",
    caller: "admin",
    path: z.object({ streamId: StreamId, userId: UserId }),
    answer: [200, z.object({ id: GiftId, refundedAt: Timestamp, credits: Balance })],
    rate: "accounting",
    cost: { read: 12, write: 60, kilobytes: 1 },
    refusals: ["pass_not_found", "gift_already_refunded", "refund_not_covered", "balance_too_high"],
    grants: {
      read: ["STREAM", "WALLET"],
      write: ["STREAM", "USER", "WALLET", "LEDGER"],
    },
  },
  ({ path: { streamId, userId }, caller, now, idempotentReply }) =>
    refundPass({ streamId, userId, adminId: caller.userId }, now, idempotentReply),
);
