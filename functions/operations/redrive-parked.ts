import * as z from "zod";
import { ParkedId, RedriveOutcome } from "../../domain/money/parked.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { logNotice } from "../../platform/log.ts";
import { redriveOne } from "../../platform/store/money/redrive.ts";

/** Settles what was put aside as it is now: nothing happens twice, however often it is called. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/operations/parked/{id}/redrive",
    says: "Bring a parked record back: its credits reach their receiver once",
    tag: "Operations",
    caller: "admin",
    shape: "envelope",
    path: z.object({ id: ParkedId }),
    answer: [200, z.object({ id: ParkedId, outcome: RedriveOutcome })],
    rate: "accounting",
    refusals: ["parked_not_found", "parked_unfit"],
    grants: {
      read: ["PARKED", "STREAM", "WALLET"],
      write: ["PARKED", "STREAM", "WALLET", "LEDGER"],
    },
  },
  async ({ path: { id }, caller, now }) => {
    const outcome = await redriveOne(id, now);
    logNotice("A parked record was brought back", { id, outcome, by: caller.userId });
    return { id, outcome };
  },
);
