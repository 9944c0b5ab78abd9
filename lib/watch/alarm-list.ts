import type { MetricName } from "../../platform/runtime/metrics.ts";
import { socketsPerTask } from "../stages/relay.ts";
import {
  apisWith5xx,
  copiedBackups,
  distribution,
  functionsWatchedForThrottles,
  functionsWithoutCaller,
  hostFirewall,
  mappings,
  queuesOf,
  readers,
  relays,
  relayTasks,
  type Subjects,
  tables,
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
   * `lasting`: three of five minutes, since one bad minute should not wake anyone. Otherwise one
   * minute triggers the alarm, at most once in 15 minutes. `absent`: no data for 26 hours, a day
   * plus the possible delay of a daily job. `few`: below the threshold, or no data, for five
   * minutes.
   */
  when?: "lasting" | "absent" | "few";
  /** For a domain: its metrics are in another region (lib/watch/distribution-watch.ts). */
  at?: "edge";
  /** The subjects; without it, the whole account or stage. */
  of?: (watched: Watched) => Subjects;
};

/** Seconds for which a message may wait; some queues have delays of up to 15 minutes. */
const messageAgeMax: Record<string, number> = {
  endings: 1_800,
  fetches: 1_800,
  moments: 1_800,
  plans: 1_800,
  retries: 1_800,
  posts: 60,
  sums: 60,
  reversals: 60,
  resumes: 120,
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
    means: "A reader of the table's stream is 30 s behind: viewers and hosts see changes late.",
    aws: "AWS/Lambda",
    metric: "IteratorAge",
    statistic: "Maximum",
    threshold: 30_000,
    when: "lasting",
    of: readers,
  },
  "records-given-up": {
    name: "{} abandoned records",
    means: "A batch of the table's stream failed too often and was moved to the failures bucket.",
    aws: "AWS/Lambda",
    metric: "OnFailureDestinationDeliveredEventCount",
    of: mappings,
  },
  "records-dropped": {
    name: "{} dropped records",
    means: "A batch failed too often and could not be stored: its changes are lost.",
    aws: "AWS/Lambda",
    metric: "DroppedEventCount",
    of: mappings,
  },
  "records-not-kept": {
    name: "{} could not store failed records",
    means: "Lambda could not write a failed batch to the failures bucket.",
    aws: "AWS/Lambda",
    metric: "DestinationDeliveryFailures",
    of: readers,
  },
  "records-skipped": {
    name: "records are skipped",
    means: "A change of the table could not be read, or arrived more than a day late.",
    own: "RecordsSkipped",
  },
  "records-parked": {
    name: "records are parked",
    means: "A gift could not be settled even on its own: someone has to settle it for its host.",
    own: "RecordsParked",
  },
  "sums-differ": {
    name: "sums differ",
    means: "The result of a poll or goal differed from what viewers had seen when it ended.",
    own: "SumDrift",
  },
  "messages-wait": {
    name: "{} wait",
    means: "Messages of a queue wait too long: its reader fails or is throttled.",
    aws: "AWS/SQS",
    metric: "ApproximateAgeOfOldestMessage",
    statistic: "Maximum",
    threshold: (_, queue) => messageAgeMax[queue] ?? messageAgeUsual,
    when: "lasting",
    of: ({ queues }) => queuesOf(queues),
  },
  "dead-letters": {
    name: "{} has dead letters",
    means: "A message failed too often and was moved to the dead-letter queue.",
    aws: "AWS/SQS",
    metric: "ApproximateNumberOfMessagesVisible",
    statistic: "Maximum",
    of: ({ deadLetters }) => queuesOf(deadLetters),
  },
  "deliveries-fail": {
    name: "deliveries fail",
    means: "A back end did not accept an event for a day; it will not be sent again automatically.",
    own: "DeliveriesFailed",
  },
  "deliveries-overdue": {
    name: "deliveries are overdue",
    means: "Deliveries to back ends were pending 10 minutes past their time and were resent.",
    own: "DeliveriesOverdue",
  },
  "faults-logged": {
    name: "{} logs faults",
    means:
      "A function logged an error, which is always a bug or a dependency that does not respond.",
    lines: "faults",
  },
  "functions-fail": {
    name: "functions fail",
    means: "Many invocations in the account end with errors, time-outs or out of memory.",
    aws: "AWS/Lambda",
    metric: "Errors",
    // Includes the sockets' authorizer, which can refuse an invalid token only with an error.
    threshold: 100,
    when: "lasting",
  },
  "function-fails": {
    name: "{} fails",
    means: "A function without a waiting caller fails: its work is late and may be abandoned.",
    aws: "AWS/Lambda",
    metric: "Errors",
    when: "lasting",
    of: functionsWithoutCaller,
  },
  "http-5xx": {
    name: "{} answers 5xx",
    means: "Callers of the HTTP API or of the API of pictures got 500, 503 or 504.",
    aws: "AWS/ApiGateway",
    metric: "5XXError",
    of: apisWith5xx,
  },
  "host-5xx": {
    name: "the domain answers 5xx",
    means: "One response in twenty under the stage's domain is a 5xx.",
    aws: "AWS/CloudFront",
    metric: "5xxErrorRate",
    statistic: "Average",
    threshold: 5,
    when: "lasting",
    at: "edge",
    of: distribution,
  },
  "host-blocked": {
    name: "the domain's firewall blocks many requests",
    means:
      "The firewall refuses many requests under the stage's domain: a flood, or a client's bug.",
    aws: "AWS/WAFV2",
    metric: "BlockedRequests",
    // Some probing is normal.
    threshold: 1_000,
    when: "lasting",
    at: "edge",
    of: hostFirewall,
  },
  "gateway-failures": {
    name: "{} fails at the gateway",
    means: "A call from Tencent failed before or in its function; its HTTP status is 200.",
    lines: "gatewayFailures",
  },
  "command-faults": {
    name: "commands fail",
    means: "A function responded to Tencent with a failure; its HTTP status is 200.",
    own: "CommandFaults",
  },
  "authorizer-faults": {
    name: "tokens cannot be verified",
    means: "Authorizers cannot reach the issuer's keys or the table: callers get 503.",
    own: "AuthorizerFaults",
    threshold: 5,
  },
  "socket-integration-errors": {
    name: "sockets: IntegrationError",
    means: "A function of the WebSocket API did not respond, or refused a handshake (4xx).",
    aws: "AWS/ApiGateway",
    metric: "IntegrationError",
    of: ({ socketApiId }) => ({ sockets: { ApiId: socketApiId, Stage: "ws" } }),
  },
  "socket-execution-errors": {
    name: "sockets: ExecutionError",
    means: "The gateway could not call a function of the WebSocket API.",
    aws: "AWS/ApiGateway",
    metric: "ExecutionError",
    of: ({ socketApiId }) => ({ sockets: { ApiId: socketApiId, Stage: "ws" } }),
  },
  "frames-late": {
    name: "frames are late",
    means: "One frame in ten reached its viewers 10 s or more after its events.",
    own: "FrameDelay",
    statistic: "p90",
    threshold: 10_000,
    when: "lasting",
  },
  "posts-lost": {
    name: "posts are lost",
    means: "Posts to viewers were not acknowledged; clients request the frames they miss.",
    own: "PostsLost",
    // One connection that hangs loses a post every two seconds until the gateway closes it.
    threshold: 100,
  },
  "posts-limited": {
    name: "posts are limited",
    means:
      "The gateway throttles posts: other services use the account's rate, or clients are slow.",
    own: "PostsLimited",
    threshold: 1_000,
    when: "lasting",
  },
  "relay-late": {
    name: "the relay is late",
    means: "One frame in ten left the relay 2 s or more after it was created.",
    own: "RelayDelay",
    statistic: "p90",
    threshold: 2_000,
    when: "lasting",
    of: relays,
  },
  "relay-full": {
    name: "a task of the relay is full",
    means: "A task has twice its target of sockets: no tasks are added, or they get no sockets.",
    own: "RelaySockets",
    statistic: "Maximum",
    threshold: socketsPerTask.many,
    when: "lasting",
    of: relays,
  },
  "relay-tasks-few": {
    name: "the relay has too few tasks",
    means:
      "Fewer tasks than the stage's minimum run; without any, rooms stay on the WebSocket API.",
    own: "RelaySockets",
    statistic: "SampleCount",
    // Each task reports six times a minute; five reports may be late.
    threshold: ({ stage: { relay } }) => 6 * (relay?.minTasks ?? 1) - 5,
    when: "few",
    of: relays,
  },
  "relay-drops": {
    name: "the relay drops slow readers",
    means:
      "Many clients do not keep up with what they are sent: their network or ours is overloaded.",
    own: "SlowReadersDropped",
    threshold: 1_000,
    when: "lasting",
    of: relays,
  },
  "relay-busy": {
    name: "the relay's CPU is busy",
    means: "A task uses all of its CPU: frames are late, and health checks will fail.",
    aws: "AWS/ECS",
    metric: "CPUUtilization",
    statistic: "Maximum",
    threshold: 90,
    when: "lasting",
    of: relayTasks,
  },
  "backups-fail": {
    name: "backups fail",
    means: "A backup of the table failed: only point-in-time recovery covers that day.",
    aws: "AWS/Backup",
    metric: "NumberOfBackupJobsFailed",
    of: vaults,
  },
  "backups-missing": {
    name: "backups are missing",
    means: "No backup of the table was completed in 26 hours: its schedule or its role is broken.",
    aws: "AWS/Backup",
    metric: "NumberOfBackupJobsCompleted",
    when: "absent",
    of: vaults,
  },
  "backup-copies-fail": {
    name: "copies of backups fail",
    means: "A backup was not copied to the other vault: it would be lost with the account.",
    aws: "AWS/Backup",
    metric: "NumberOfCopyJobsFailed",
    of: copiedBackups,
  },
  "credits-owed": {
    name: "credits are owed",
    means: "The total debt from refunds has reached the stage's limit.",
    own: "CreditsOwed",
    statistic: "Maximum",
    threshold: ({ stage }) => stage.owedMax,
  },
  "table-reads-throttled": {
    name: "{}: ReadThrottleEvents",
    means: "Too many reads of one key or of the whole table; they are retried.",
    aws: "AWS/DynamoDB",
    metric: "ReadThrottleEvents",
    threshold: throttledMax,
    when: "lasting",
    of: tables,
  },
  "table-writes-throttled": {
    name: "{}: WriteThrottleEvents",
    means: "Too many writes to one key or to the whole table; they are retried.",
    aws: "AWS/DynamoDB",
    metric: "WriteThrottleEvents",
    threshold: throttledMax,
    when: "lasting",
    of: tables,
  },
  "function-throttled": {
    name: "{} is throttled",
    means: "A function has reached its reserved concurrency, or the account its quota.",
    aws: "AWS/Lambda",
    metric: "Throttles",
    when: "lasting",
    of: functionsWatchedForThrottles,
  },
  "functions-throttled": {
    name: "functions are throttled",
    means: "Invocations were refused because too many run at once in the account.",
    aws: "AWS/Lambda",
    metric: "Throttles",
    when: "lasting",
  },
  "executions-run-out": {
    name: "the account's concurrency runs out",
    means: "80 % of the account's concurrency quota is in use.",
    aws: "AWS/Lambda",
    metric: "ConcurrentExecutions",
    statistic: "Maximum",
    threshold: ({ stage }) => stage.accountConcurrency * concurrencyShare,
    when: "lasting",
  },
} as const satisfies Record<string, AlarmKind>;
