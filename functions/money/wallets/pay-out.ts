import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { Booked, Booking } from "../../../domain/money/transfer.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { payOut } from "../../../platform/store/money/wallet-operations.ts";
import { getProfile } from "../../../platform/store/people/users.ts";

/** Removes credits from the system because the user is paid for them elsewhere. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/wallets/{userId}/payouts",
    summary: "Pay out credits from a user's wallet",
    tag: "Wallet",
    caller: "service",
    path: z.object({ userId: UserId }),
    body: Booking,
    answer: [201, Booked],
    idempotencyKey: "required",
    rate: "accounting",
    cost: { read: 3, write: 10, kilobytes: 1 },
    refusals: ["user_not_found", "reference_exists", "credits_too_low"],
    grants: { read: ["USER", "WALLET"], write: ["WALLET", "LEDGER"] },
  },
  async ({ path, body, now, idempotentReply }) => {
    await getProfile(path.userId);
    return payOut({ ...path, ...body, now }, idempotentReply);
  },
);
