import { Transfer, Transferred } from "../../../domain/money/transfer.ts";
import { refuse } from "../../../domain/refusal.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { transfer } from "../../../platform/store/money/wallet-operations.ts";

/** Moves credits from one user to another in one transaction. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/messages/credit-transfer",
    summary: "Send credits to another user",
    tag: "Credits",
    caller: "user",
    isBare: true,
    body: Transfer,
    answer: [201, Transferred],
    rate: "transfers",
    cost: { read: 5, write: 12, kilobytes: 1 },
    refusals: [
      "transfer_to_oneself",
      "user_not_found",
      "credits_too_low",
      "spend_limit_reached",
      "balance_too_high",
    ],
    grants: { read: ["USER", "WALLET"], write: ["WALLET", "LEDGER"] },
  },
  async ({ body, caller, now, idempotentReply }) => {
    if (body.recipientId === caller.userId) refuse("transfer_to_oneself");
    return transfer({ senderId: caller.userId, ...body, now }, idempotentReply);
  },
);
