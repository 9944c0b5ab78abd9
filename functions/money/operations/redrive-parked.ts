import * as z from "zod";
import { ParkedId, RedriveOutcome } from "../../../domain/money/parked.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { logNotice } from "../../../platform/runtime/log.ts";
import { redriveOne } from "../../../platform/store/money/redrive.ts";

/** Settles the current item of a parked record, at most once no matter how often it is called. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/operations/parked/{id}/redrive",
    summary: "Redrive a parked record: its credits reach their receiver exactly once",
    tag: "Operations",
    caller: "admin",
    path: z.object({ id: ParkedId }),
    answer: [200, z.object({ id: ParkedId, outcome: RedriveOutcome })],
    rate: "accounting",
    cost: { read: 10, write: 40, kilobytes: 1 },
    refusals: ["parked_not_found", "parked_unfit"],
    grants: {
      read: ["PARKED", "STREAM", "WALLET"],
      write: ["PARKED", "STREAM", "WALLET", "LEDGER"],
    },
  },
  async ({ path: { id }, caller, now, idempotentReply }) => {
    const answer = await redriveOne(id, now, (outcome) => idempotentReply({ id, outcome }));
    logNotice("A parked record was brought back", { ...answer, by: caller.userId });
    return answer;
  },
);
