import * as z from "zod";
import { booleanText } from "../../../domain/page.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { continueErasure, sendErasure } from "../../../platform/own-data/erasure.ts";
import { erasureGrants } from "../../../platform/own-data/grants.ts";
import { removeUser } from "../../../platform/own-data/removal.ts";

/** The delay of a message that finishes the erasure if this call dies halfway. */
const insuranceMilliseconds = 30_000;

/** Pages of the erasure that run within the call: enough to finish it for most users. */
const pagesAtOnce = 40;

export const { contract, handler } = endpoint(
  {
    route: "DELETE /api/v1/users/me",
    summary: "Delete my account; the ledger is kept, and `forfeit=true` gives up the balance",
    tag: "Users",
    caller: "user",
    query: z.object({
      forfeit: booleanText.optional().meta({ description: "Give up the remaining balance" }),
    }),
    answer: [204, z.void()],
    rate: "exports",
    // As much as an export: the pages of the erasure that run within the call.
    cost: { read: 5250, write: 50 },
    refusals: ["account_in_use"],
    grants: {
      ...erasureGrants,
      dueIndex: true,
      write: [...erasureGrants.write, "NAME", "FIND", "PICTURE", "WALLET", "LEDGER"],
    },
    timeoutSeconds: 20,
  },
  async ({ query: { forfeit = false }, caller: { userId }, now }) => {
    await sendErasure(userId, now, insuranceMilliseconds);
    await removeUser({ userId, isForfeit: forfeit, now });
    await continueErasure(userId, pagesAtOnce);
  },
);
