/** What a stage does not let anybody name: the compiler alone runs this (`npm run types`). */
import type { Stage } from "../../lib/stages/stages.ts";

export const known: Stage["memoryMegabytes"] = { "realtime/fan-out": 3538 };

// @ts-expect-error: the route table has no function of that name.
export const memory: Stage["memoryMegabytes"] = { "realtime/fanout": 3538 };

// @ts-expect-error: the name as AWS has it is not the route table's.
export const reserved: Stage["reservedConcurrency"] = { "ovation-prod-auth-http": 200 };
