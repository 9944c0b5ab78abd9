import * as z from "zod";
import { refuse } from "../../domain/refusal.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { isTableThere } from "../../platform/table/health.ts";

/** Everything works where a consistent read of the table does. */
export const { contract, handler } = endpoint(
  {
    route: "GET /health",
    says: "Ask whether everything works",
    tag: "App",
    caller: "anyone",
    shape: "bare",
    answer: [200, z.object({ status: z.literal("ok"), stage: z.string() })],
    refusals: [],
    grants: { read: ["GIFTTYPE"] },
  },
  async () => {
    if (!(await isTableThere())) refuse("unavailable");
    return { status: "ok" as const, stage: setting("STAGE") };
  },
);
