import type { MetricName } from "../../platform/runtime/metrics.ts";
import { socketsPerTask } from "../stages/relay.ts";
import {
  copiedBackups,
  distribution,
  guarded,
  hostFirewall,
  mappings,
  queuesOf,
  readers,
  relays,
  relayTasks,
  type Subjects,
  tables,
  unattended,
  vaults,
  type Watched,
} from "./alarm-subjects.ts";

/** Where a metric comes from: AWS, our functions, or log lines counted by a filter. */
type Source =
  | { aws: `AWS/${string}`; metric: string }
  | { own: MetricName }
  | { lines: "faults" | "gatewayFailures" };

/** A kind of alarm: one alarm for each of its subjects. */
export type AlarmKind = Source & {
  /** The alarms' name; `{}` is replaced by the subject. */
  name: string;
  /** What has happened, in a sentence that says who is affected. */
  means: string;
  /** The default is the sum of a minute. */
  statistic?: "Average" | "Maximum" | "p90" | "SampleCount";
  /** Reached or exceeded in a minute; the default is 1. */
  threshold?: number | ((watched: Watched, subject: string) => number);
  /**
   * `lasting`: three of five minutes, since one bad minute should not wake anybody. Otherwise one
   * minute triggers the alarm, at most once in a quarter of an hour. `absent`: nothing for 26
   * hours, which is a day plus the possible delay of a daily job. `few`: less than the threshold,
   * or nothing, for five minutes.
   */
  when?: "lasting" | "absent" | "few";
  /** For a domain, whose metrics and alarms are in another region (lib/watch/host-watch.ts). */
  at?: "edge";
  /** The subjects; without it, the whole account or stage. */
  of?: (watched: Watched) => Subjects;
};

/** Seconds for which a message may wait; some queues have delays of up to 15 minutes. */
const messageAgeMax: Record<string, number> = {
  ...{ endings: 1_800, moments: 1_800, plans: 1_800, retries: 1_800 },
  ...{ posts: 60, sums: 60, reversals: 60, resumes: 120 },
};
const messageAgeUsual = 300;

/** The share of the account's concurrency above which to request a higher quota. */
const concurrencyShare = 0.8;

/** Throttled table requests in a minute that are tolerated, since they are retried. */
const throttledMax = 10;

/**
 * Every alarm of a stage. The key is the heading of its entry in docs/runbook.md. Metrics and
 * dimensions of AWS follow its documentation; test/cloud/alarm-list.test.ts verifies them.
 */
export const alarmKinds = {
  "reader-lags": {
    name: "{} lags",
    means: "A reader of the table's stream is 30 s behind: viewers see late, hosts wait.",
    ...{ aws: "AWS/Lambda", metric: "IteratorAge", statistic: "Maximum" },
    threshold: 30_000,
    when: "lasting",
    of: readers,
  },
  "records-given-up": {
    name: "{} gave records up",
    means: "A batch of the table's stream failed too often and lies in the failures bucket.",
    ...{ aws: "AWS/Lambda", metric: "OnFailureDestinationDeliveredEventCount" },
    of: mappings,
  },
  "records-dropped": {
    name: "{} dropped records",
    means: "A batch failed too often and could not be kept: what it would have done is not done.",
    ...{ aws: "AWS/Lambda", metric: "DroppedEventCount" },
    of: mappings,
  },
  "records-not-kept": {
    name: "{} could not put records aside",
    means: "Lambda could not write a failed batch to the failures bucket.",
    ...{ aws: "AWS/Lambda", metric: "DestinationDeliveryFailures" },
    of: readers,
  },
  "records-skipped": {
    name: "records are skipped",
    means: "A change of the table could not be read, or came more than a day late.",
    own: "RecordsSkipped",
  },
  "records-parked": {
    name: "records are parked",
    means: "A gift could not be settled even alone: its host waits for a person.",
    own: "RecordsParked",
  },
  "sums-differ": {
    name: "sums differ",
    means: "What viewers saw of a poll or a goal was not what was counted when it ended.",
    own: "SumDrift",
  },
  "messages-wait": {
    name: "{} wait",
    means: "Messages of a queue wait longer than they should: its reader fails or is throttled.",
    ...{ aws: "AWS/SQS", metric: "ApproximateAgeOfOldestMessage", statistic: "Maximum" },
    threshold: (_, queue) => messageAgeMax[queue] ?? messageAgeUsual,
    when: "lasting",
    of: ({ queues }) => queuesOf(queues),
  },
  "dead-letters": {
    name: "{} has dead letters",
    means: "A message failed too often and was put aside.",
    ...{ aws: "AWS/SQS", metric: "ApproximateNumberOfMessagesVisible", statistic: "Maximum" },
    of: ({ deadLetters }) => queuesOf(deadLetters),
  },
  "deliveries-fail": {
    name: "deliveries fail",
    means: "A back end did not take an event for a day and will not get it by itself any more.",
    own: "DeliveriesFailed",
  },
  "deliveries-overdue": {
    name: "deliveries are overdue",
    means: "Deliveries to back ends were pending 10 minutes past their time and were sent again.",
    own: "DeliveriesOverdue",
  },
  "faults-logged": {
    name: "{} logs faults",
    means: "A function logged an error, which is always a bug or something that does not answer.",
    lines: "faults",
  },
  "functions-fail": {
    name: "functions fail",
    means: "Any functions of the account end with errors, late or out of memory, in numbers.",
    ...{ aws: "AWS/Lambda", metric: "Errors" },
    // Includes the sockets' authorizer, which can refuse an invalid token only with an error.
    threshold: 100,
    when: "lasting",
  },
  "function-fails": {
    name: "{} fails",
    means: "A function that nobody waits for fails: what it does is late and may be given up.",
    ...{ aws: "AWS/Lambda", metric: "Errors" },
    when: "lasting",
    of: unattended,
  },
  "http-5xx": {
    name: "http answers 5xx",
    means: "Callers of the HTTP API got 500, 503 or 504.",
    ...{ aws: "AWS/ApiGateway", metric: "5XXError" },
    of: ({ httpApiName }) => ({ http: { ApiName: httpApiName } }),
  },
  "host-5xx": {
    name: "the domain answers 5xx",
    means: "One response in twenty under the stage's domain is a 5xx.",
    ...{ aws: "AWS/CloudFront", metric: "5xxErrorRate", statistic: "Average" },
    threshold: 5,
    ...{ when: "lasting", at: "edge" },
    of: distribution,
  },
  "host-blocked": {
    name: "the domain's firewall blocks",
    means:
      "The firewall refuses many requests under the stage's domain: a flood, or a client's bug.",
    ...{ aws: "AWS/WAFV2", metric: "BlockedRequests" },
    // Some probing is normal.
    threshold: 1_000,
    ...{ when: "lasting", at: "edge" },
    of: hostFirewall,
  },
  "gateway-failures": {
    name: "{} fails at the gateway",
    means: "A call from Tencent's side failed before or in its function; to HTTP it is a 200.",
    lines: "gatewayFailures",
  },
  "command-faults": {
    name: "commands fail",
    means: "A function answered Tencent's side that it failed; to HTTP that is a 200.",
    own: "CommandFaults",
  },
  "authorizer-faults": {
    name: "tokens cannot be judged",
    means: "The issuer's keys or the table do not answer the authorizers: callers get 503.",
    own: "AuthorizerFaults",
    threshold: 5,
  },
  "socket-integration-errors": {
    name: "sockets: IntegrationError",
    means: "A function behind the sockets did not answer the gateway.",
    ...{ aws: "AWS/ApiGateway", metric: "IntegrationError" },
    of: ({ socketApiId }) => ({ sockets: { ApiId: socketApiId, Stage: "ws" } }),
  },
  "socket-execution-errors": {
    name: "sockets: ExecutionError",
    means: "The gateway could not call a function behind the sockets.",
    ...{ aws: "AWS/ApiGateway", metric: "ExecutionError" },
    of: ({ socketApiId }) => ({ sockets: { ApiId: socketApiId, Stage: "ws" } }),
  },
  "frames-late": {
    name: "frames are late",
    means: "One frame in ten reached its viewers 10 s after what it shows, or later.",
    ...{ own: "FrameDelay", statistic: "p90" },
    threshold: 10_000,
    when: "lasting",
  },
  "posts-lost": {
    name: "posts are lost",
    means: "Messages to viewers had no answer; who misses a frame asks for it.",
    own: "PostsLost",
    // One connection that hangs loses a post every two seconds until the gateway closes it.
    threshold: 100,
  },
  "posts-limited": {
    name: "posts are limited",
    means:
      "The gateway refuses posts: another service uses the account's rate, or clients are slow.",
    own: "PostsLimited",
    threshold: 1_000,
    when: "lasting",
  },
  "relay-late": {
    name: "the relay is late",
    means: "One frame in ten left the relay 2 s after it was made, or later.",
    ...{ own: "RelayDelay", statistic: "p90" },
    threshold: 2_000,
    when: "lasting",
    of: relays,
  },
  "relay-full": {
    name: "a task of the relay is full",
    means: "A task has twice the sockets that it should have: others are not added, or get none.",
    ...{ own: "RelaySockets", statistic: "Maximum" },
    threshold: socketsPerTask.many,
    when: "lasting",
    of: relays,
  },
  "relay-tasks-few": {
    name: "the relay has too few tasks",
    means: "Fewer tasks than the stage wants are at work; without any, rooms stay at the API.",
    ...{ own: "RelaySockets", statistic: "SampleCount" },
    // Each task reports six times a minute.
    threshold: ({ stage: { relay } }) => 5.5 * (relay?.minTasks ?? 1),
    when: "few",
    of: relays,
  },
  "relay-drops": {
    name: "the relay drops slow readers",
    means:
      "Many clients do not read what they are sent: their network, or ours, does not carry it.",
    own: "SlowReadersDropped",
    threshold: 1_000,
    when: "lasting",
    of: relays,
  },
  "relay-busy": {
    name: "the relay's CPU is busy",
    means: "A task uses its whole CPU: frames are late, and health checks fail next.",
    ...{ aws: "AWS/ECS", metric: "CPUUtilization", statistic: "Maximum" },
    threshold: 90,
    when: "lasting",
    of: relayTasks,
  },
  "backups-fail": {
    name: "backups fail",
    means: "A backup of the table was not made: there is one day less to go back to.",
    ...{ aws: "AWS/Backup", metric: "NumberOfBackupJobsFailed" },
    of: vaults,
  },
  "backups-missing": {
    name: "backups are missing",
    means: "No backup of the table was completed in 26 hours: its schedule or its role is broken.",
    ...{ aws: "AWS/Backup", metric: "NumberOfBackupJobsCompleted" },
    when: "absent",
    of: vaults,
  },
  "backup-copies-fail": {
    name: "copies of backups fail",
    means: "A backup was not copied to the other vault: an account's loss would take it along.",
    ...{ aws: "AWS/Backup", metric: "NumberOfCopyJobsFailed" },
    of: copiedBackups,
  },
  "credits-owed": {
    name: "credits are owed",
    means: "What refunds could not take back has reached what the stage tolerates.",
    ...{ own: "CreditsOwed", statistic: "Maximum" },
    threshold: ({ stage }) => stage.owedMax,
  },
  "table-reads-throttled": {
    name: "{}: ReadThrottleEvents",
    means: "Reads of one key or of the whole table are too many; they are tried again.",
    ...{ aws: "AWS/DynamoDB", metric: "ReadThrottleEvents" },
    threshold: throttledMax,
    when: "lasting",
    of: tables,
  },
  "table-writes-throttled": {
    name: "{}: WriteThrottleEvents",
    means: "Writes to one key or to the whole table are too many; they are tried again.",
    ...{ aws: "AWS/DynamoDB", metric: "WriteThrottleEvents" },
    threshold: throttledMax,
    when: "lasting",
    of: tables,
  },
  "function-throttled": {
    name: "{} is throttled",
    means: "A function has reached its reservation, or the account its executions.",
    ...{ aws: "AWS/Lambda", metric: "Throttles" },
    when: "lasting",
    of: guarded,
  },
  "functions-throttled": {
    name: "functions are throttled",
    means: "Calls of the account were refused, since too many run at once.",
    ...{ aws: "AWS/Lambda", metric: "Throttles" },
    when: "lasting",
  },
  "executions-run-out": {
    name: "the account's executions run out",
    means: "Four fifths of the functions that may run at once do.",
    ...{ aws: "AWS/Lambda", metric: "ConcurrentExecutions", statistic: "Maximum" },
    threshold: ({ stage }) => stage.accountConcurrency * concurrencyShare,
    when: "lasting",
  },
} as const satisfies Record<string, AlarmKind>;
