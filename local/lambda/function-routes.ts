import * as z from "zod";
import type { Aws } from "../aws/index.ts";
import { checkBody } from "../bad-runner-request.ts";
import type { RunnerRoute } from "../gateway/runner-routes.ts";
import type { Sockets } from "../gateway/sockets.ts";
import type { Workers } from "./workers.ts";

/** Whether functions are frozen between events, and how long AWS keeps an idle socket meanwhile. */
const Switch = z.strictObject({
  frozen: z.boolean(),
  idleMilliseconds: z.int().min(100).max(600_000).default(3_000),
});

/** Routes that list the functions' workers and freeze functions between events. */
export function listFunctionRoutes(
  workers: Pick<Workers, "counts" | "threads" | "freeze">,
  sockets: Pick<Sockets, "count">,
  aws: Pick<Aws, "forgetIdleSockets" | "resets">,
): RunnerRoute[] {
  const report = () => ({
    status: 200,
    body: {
      functions: workers.counts(),
      threads: workers.threads(),
      connections: sockets.count(),
      resets: aws.resets(),
    },
  });
  const path = "/local/functions";
  return [
    { method: "GET", path, handler: report },
    {
      method: "POST",
      path,
      handler({ body }) {
        const { frozen, idleMilliseconds } = checkBody(Switch, body);
        workers.freeze(frozen);
        aws.forgetIdleSockets(frozen ? idleMilliseconds : undefined);
        return report();
      },
    },
  ];
}
