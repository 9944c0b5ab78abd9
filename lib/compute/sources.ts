import { Duration, Stack } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { CfnEventSourceMapping, type Function as Lambda } from "aws-cdk-lib/aws-lambda";
import type { ConsumerContract } from "../../platform/lambda/consumer.ts";
import { keyStartsOf } from "../../platform/table/keys.ts";
import type { Data } from "../data/data.ts";
import { queueConcurrencyOf } from "../stages/stage-limits.ts";
import type { Statement } from "./grants.ts";

/**
 * The most attempts of one batch, and its greatest age in seconds, after which its records go to
 * the failures bucket. Without limits one bad batch would block its shard for a day, and then be
 * lost.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
 */
const bounds = { retries: 100, ageSeconds: 3600 };

/** The statements that let Lambda read a consumer's source on its behalf. */
export function readStatements({ on }: ConsumerContract, data: Data): Statement[] {
  const allow = (Action: string[], Resource: string): Statement => ({
    Effect: "Allow",
    Action,
    Resource,
  });
  if ("queue" in on)
    return [
      allow(
        [
          "sqs:ReceiveMessage",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ChangeMessageVisibility",
        ],
        data.queues[on.queue].queueArn,
      ),
    ];
  if ("every" in on) return [];
  const read = [
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
  ];
  return [
    allow(read, data.table.tableStreamArn),
    allow(["s3:PutObject"], `${data.failures.bucketArn}/*`),
    allow(["s3:ListBucket"], data.failures.bucketArn),
  ];
}

/**
 * Connects a consumer to its source; a queue gets no more concurrent messages than executions are
 * `reserved`, since a message that is received and then throttled counts as an attempt and ends in
 * the dead-letter queue. Returns the mapping, which a schedule does not have.
 */
export function connectSource(
  { target, arn }: { target: Lambda; arn: string },
  { on }: ConsumerContract,
  data: Data,
  reserved?: number,
): CfnEventSourceMapping | undefined {
  const id = `${target.node.id}-source`;
  const scope = Stack.of(target);
  if ("every" in on) {
    const schedule = Schedule.expression(on.every);
    // A failed call is not repeated, since the next one does its work. By default Lambda would
    // repeat it twice, and a throttled one for six hours.
    target.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    new Rule(scope, id, { schedule, targets: [new LambdaFunction(target, { retryAttempts: 0 })] });
    return undefined;
  }
  const common = {
    functionName: arn,
    batchSize: on.batchSize,
    functionResponseTypes: ["ReportBatchItemFailures"],
  };
  if ("queue" in on)
    return new CfnEventSourceMapping(scope, id, {
      ...common,
      eventSourceArn: data.queues[on.queue].queueArn,
      scalingConfig: { maximumConcurrency: queueConcurrencyOf(on, reserved) },
    });
  return new CfnEventSourceMapping(scope, id, {
    ...common,
    eventSourceArn: data.table.tableStreamArn,
    // From the oldest record: with LATEST, writes during the creation of the mapping would be lost.
    startingPosition: "TRIM_HORIZON",
    // Above one, Lambda keeps only the order of each item, not that of a stream's items.
    parallelizationFactor: 1,
    // Splitting a batch would produce other frames: bad records are skipped in code instead.
    bisectBatchOnFunctionError: false,
    maximumRetryAttempts: bounds.retries,
    maximumRecordAgeInSeconds: bounds.ageSeconds,
    // A bucket, not a queue: only a bucket receives the whole records.
    destinationConfig: { onFailure: { destination: data.failures.bucketArn } },
    metricsConfig: { metrics: ["EventCount"] },
    ...(on.kinds && { filterCriteria: { filters: filtersOf(on.kinds) } }),
  });
}

type Kinds = Extract<ConsumerContract["on"], { stream: "table" }>["kinds"];

/** One pattern for each partition. Lambda accepts at most five unless its quota is raised. */
const filtersOf = (kinds: NonNullable<Kinds>) =>
  keyStartsOf(kinds).map(({ PK, SK }) => {
    const starting = (starts: string[]) => ({ S: starts.map((prefix) => ({ prefix })) });
    const Keys = { PK: starting([PK]), SK: starting(SK) };
    return { pattern: JSON.stringify({ dynamodb: { Keys } }) };
  });
