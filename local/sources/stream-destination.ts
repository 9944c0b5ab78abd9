import { randomUUID } from "node:crypto";
import type { EventSource, LambdaFunction } from "../model.ts";
import type { StreamRecord } from "./stream-records.ts";

/** Why Lambda gave up a batch. */
export type GiveUpReason = "RetryAttemptsExhausted" | "RecordAgeExceeded";

/** What an on-failure destination receives, in Lambda's form. */
type FailedBatch = {
  /** The key of the S3 object. */
  key: string;
  /** Metadata and the complete records. */
  body: string;
};

/**
 * Describes an abandoned batch for its mapping's on-failure destination.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
export function failedBatchOf(
  source: EventSource,
  called: LambdaFunction | undefined,
  shardId: string,
  records: StreamRecord[],
  reason: GiveUpReason,
  invokeCount: number,
): FailedBatch {
  const now = new Date().toISOString();
  const first = records[0];
  const last = records.at(-1);
  const metadata = {
    requestContext: {
      requestId: randomUUID(),
      functionArn: called?.arn ?? source.functionName,
      condition: reason,
      approximateInvokeCount: invokeCount,
    },
    responseContext: {
      statusCode: 200,
      executedVersion: "$LATEST",
      functionError: "Unhandled",
    },
    version: "1.0",
    timestamp: now,
    DDBStreamBatchInfo: {
      shardId,
      startSequenceNumber: first?.dynamodb.SequenceNumber,
      endSequenceNumber: last?.dynamodb.SequenceNumber,
      approximateArrivalOfFirstRecord: writeTime(first),
      approximateArrivalOfLastRecord: writeTime(last),
      batchSize: records.length,
      streamArn: source.sourceArn,
    },
  };
  const [day = "", time = ""] = now.split("T");
  const stamp = `${day}T${time.slice(0, 8).replaceAll(":", ".")}`;
  return {
    key: `aws/lambda/${source.id}/${shardId}/${day.replaceAll("-", "/")}/${stamp}-${randomUUID()}`,
    body: JSON.stringify({ ...metadata, payload: { Records: records } }),
  };
}

function writeTime(record: StreamRecord | undefined): string {
  return new Date((record?.dynamodb.ApproximateCreationDateTime ?? 0) * 1000).toISOString();
}
