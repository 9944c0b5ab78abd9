import { Stack } from "aws-cdk-lib";
import type { IMetric, Metric } from "aws-cdk-lib/aws-cloudwatch";
import { FilterPattern, LogGroup, MetricFilter } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { metricNamespace } from "../../platform/runtime/metrics.ts";
import { logName } from "../stages/names.ts";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";
import { type AlarmKind, alarmKinds } from "./alarm-list.ts";
import { metricsOfKind } from "./alarm-metrics.ts";
import type { Watched } from "./alarm-subjects.ts";
import { Alarms } from "./alarms.ts";
import { addBudget } from "./budget.ts";
import { addDashboard } from "./dashboard.ts";
import { metricOf } from "./metrics.ts";

/**
 * The functions' logs, by the API that they belong to, and the relay's; a pool's trigger has its
 * own.
 */
const functionLogs = ({ issuer, relay, domain }: Stage): readonly string[] => [
  "http",
  "tencent",
  "realtime",
  ...(issuer === undefined ? ["identity"] : []),
  ...(relay && domain ? ["relay"] : []),
];

/** Access logs of the Tencent APIs with each call's outcome: to HTTP, all calls are successes. */
const tencentAccessLogs = { tencent: "tencent-access", callback: "tencent-callback-access" };

/** The gateway's errors for a function that was throttled, died or timed out. */
const gatewayFailures = ["INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "API_CONFIGURATION_ERROR"];

/** Monitoring of a stage: its alarms, its budget and a dashboard. */
export class Watch extends Stack {
  private readonly stage: Stage;

  constructor(scope: Construct, id: string, watched: Watched) {
    super(scope, id, stackEnvironmentOf(watched.stage));
    this.stage = watched.stage;
    const alarms = new Alarms(this, this.stage);
    const shown = new Map<string, Record<string, IMetric>>();
    for (const [entry, kind] of Object.entries<AlarmKind>(alarmKinds)) {
      const metrics = this.metricsOf(kind, watched);
      if (kind.at === undefined) alarms.addAll(entry, kind, metrics, watched);
      if (Object.keys(metrics).length > 0)
        shown.set(kind.name.replace("{} ", "").replace("{}: ", ""), metrics);
    }
    addBudget(this, this.stage, alarms.topic);
    addDashboard(this, this.stage, shown);
  }

  /** The metric of each subject of a kind of alarm. */
  private metricsOf(kind: AlarmKind, watched: Watched): Record<string, Metric> {
    const logs = Object.fromEntries(functionLogs(this.stage).map((name) => [name, name]));
    if ("lines" in kind)
      return kind.lines === "faults"
        ? this.countLines("faults", logs, isFault)
        : this.countLines("failures", tencentAccessLogs, isGatewayFailure);
    return metricsOfKind(kind, watched);
  }

  /** Counts log lines that match a pattern, with one metric for each log. */
  private countLines(what: string, logs: Record<string, string>, pattern: typeof isFault) {
    const namespace = `${metricNamespace}/${this.stage.name}`;
    return Object.fromEntries(
      Object.entries(logs).map(([name, log]) => {
        const metricName = `${name}-${what}`;
        // By name: the log of the pool may disappear.
        const logGroup = LogGroup.fromLogGroupName(
          this,
          `${metricName}-log`,
          logName(this.stage.name, log),
        );
        const counted = { metricNamespace: namespace, metricName, metricValue: "1" };
        new MetricFilter(this, `${metricName}-filter`, {
          logGroup,
          filterPattern: pattern,
          ...counted,
        });
        return [name, metricOf(namespace, metricName, {}, "Sum")];
      }),
    );
  }
}

const isError = FilterPattern.stringValue("$.level", "=", "ERROR");
const thrown = "$.message.errorMessage";

/**
 * An error that a function logged, or that it threw, which Lambda logs with the error as `message`.
 * A token refused by the sockets' authorizer is no fault, although it has to throw `Unauthorized`.
 * https://github.com/aws/aws-lambda-nodejs-runtime-interface-client
 */
const isFault = FilterPattern.any(
  FilterPattern.all(isError, FilterPattern.notExists(thrown)),
  FilterPattern.all(isError, FilterPattern.stringValue(thrown, "!=", "Unauthorized")),
);
const isGatewayFailure = FilterPattern.any(
  ...gatewayFailures.map((type) => FilterPattern.stringValue("$.failure", "=", type)),
);
