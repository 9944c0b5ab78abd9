import * as z from "zod";
import { Balance } from "../../../domain/credits.ts";
import { GiftId } from "../../../domain/id.ts";
import { refuse } from "../../../domain/refusal.ts";
import { Timestamp } from "../../../domain/text.ts";
import { hasRole } from "../../../platform/auth/caller.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { getGift, refund } from "../../../platform/store/money/refunds.ts";

/** Reverses both sides of a gift or superlike. Only an admin's refund may leave a debt. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/gifts/{id}/refund",
    summary: "Refund a gift or superlike",
    tag: "Gifts",
    caller: "user",
    path: z.object({ id: GiftId }),
    answer: [200, z.object({ id: GiftId, refundedAt: Timestamp, credits: Balance })],
    rate: "accounting",
    cost: { read: 6, write: 60, kilobytes: 1 },
    refusals: [
      "gift_not_found",
      "stream_not_yours",
      "refund_not_yours",
      "gift_already_refunded",
      "refund_not_covered",
      "balance_too_high",
    ],
    grants: {
      read: ["GIFT", "STREAM", "WALLET"],
      write: ["STREAM", "USER", "WALLET", "LEDGER"],
    },
  },
  async ({ path, caller, now, idempotentReply }) => {
    const whole = await getGift(path.id);
    const role = hasRole(caller, "admin") ? "admin" : "host";
    if (role === "host" && whole.gift.hostId !== caller.userId) refuse("stream_not_yours");
    return refund(whole, { role, userId: caller.userId }, now, idempotentReply);
  },
);
