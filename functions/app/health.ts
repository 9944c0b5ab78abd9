import * as z from "zod";
import { refuse } from "../../domain/refusal.ts";
import { shownText } from "../../domain/text.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { setting } from "../../platform/runtime/env.ts";
import { isTableReachable } from "../../platform/table/health.ts";

/** Healthy if a consistent read of the table succeeds. */
export const { contract, handler } = endpoint(
  {
    route: "GET /health",
    summary: "Check the health of the system",
    tag: "App",
    caller: "anyone",
    isBare: true,
    answer: [200, z.object({ status: z.literal("ok"), stage: shownText(50) })],
    cost: { read: 1, kilobytes: 1 },
    grants: { read: ["GIFTTYPE"] },
  },
  async () => {
    if (!(await isTableReachable())) refuse("unavailable");
    return { status: "ok" as const, stage: setting("STAGE") };
  },
);
