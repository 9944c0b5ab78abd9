import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { Booked, Booking } from "../../../domain/money/transfer.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { topUp } from "../../../platform/store/money/wallet-operations.ts";

/**
 * Adds credits that were paid for elsewhere. A reference is unique in a wallet, whatever the key.
 */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/wallets/{userId}/top-ups",
    summary: "Top up a user's wallet",
    tag: "Wallet",
    caller: "service",
    path: z.object({ userId: UserId }),
    body: Booking,
    answer: [201, Booked],
    idempotencyKey: "required",
    rate: "accounting",
    cost: { read: 4, write: 10, kilobytes: 1 },
    refusals: ["reference_exists", "balance_too_high"],
    grants: { read: ["USER", "WALLET"], write: ["USER", "WALLET", "LEDGER"] },
  },
  async ({ path, body, now, idempotentReply }) => topUp({ ...path, ...body, now }, idempotentReply),
);
