import * as z from "zod";
import { checkBody } from "../bad-runner-request.ts";
import type { RunnerRoute } from "../gateway/runner-routes.ts";
import type { Stage } from "../model.ts";
import { evaluateAlarm } from "./alarms.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

/** CloudWatch on one machine. */
type Monitoring = Pick<Metrics, "line"> & {
  /**
   * Receives a line of the gateway's access log; `line` is called only if a filter reads that log.
   */
  access(logGroup: string, line: () => string): void;
  routes: RunnerRoute[];
};

/** `first` discards all metrics; from then on `next` ends a minute instead of the clock. */
const Switch = z.strictObject({ minute: z.enum(["first", "next"]) });

/** Collects the metrics that functions publish, and evaluates the template's alarms on them. */
export function createMonitoring(stage: () => Stage): Monitoring {
  const metrics = createMetrics(() => stage().metricFilters);
  const report = () => ({
    status: 200,
    body: {
      alarms: stage().alarms.map((alarm) => evaluateAlarm(alarm, metrics)),
      metrics: metrics.list(),
    },
  });
  const path = "/local/alarms";
  return {
    line: (functionName, text, stream) =>
      metrics.line(stage().functions[functionName ?? ""]?.logGroup, text, stream),
    access(logGroup, line) {
      if (stage().metricFilters.some((filter) => filter.logGroup === logGroup))
        metrics.line(logGroup, line(), "stdout");
    },
    routes: [
      { method: "GET", path, handler: report },
      {
        method: "POST",
        path,
        handler({ body }) {
          const { minute } = checkBody(Switch, body);
          if (minute === "first") metrics.reset();
          else metrics.nextMinute();
          return report();
        },
      },
    ],
  };
}
