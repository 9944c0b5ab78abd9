import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Table } from "../model.ts";
import type { EngineRecord } from "./stream-calls.ts";

/** One record of Lambda's DynamoDB stream event. */
export type StreamRecord = {
  eventID: string;
  eventName: EngineRecord["eventName"];
  eventVersion: string;
  eventSource: string;
  awsRegion: string;
  eventSourceARN: string;
  userIdentity?: EngineRecord["userIdentity"];
  dynamodb: EngineRecord["dynamodb"] & { StreamViewType: string };
};

/** On AWS, sequence numbers are text of at least 21 digits, so they are here, too. */
function writeSequence(engineSequence: string): string {
  return engineSequence.padStart(21, "0");
}

/** AWS writes no record for a write that changes nothing; one local engine does. */
export function isChange(record: EngineRecord): boolean {
  const { NewImage, OldImage } = record.dynamodb;
  return record.eventName !== "MODIFY" || !isDeepStrictEqual(NewImage, OldImage);
}

/** The shard of an item: all records of an item are in the same shard. */
export function chooseShard(record: EngineRecord, shardCount: number): number {
  if (shardCount === 1) return 0;
  const keys = Object.entries(record.dynamodb.Keys).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("md5").update(JSON.stringify(keys)).digest().readUInt32BE() % shardCount;
}

/**
 * Converts the engine's record to the form of Lambda's event. `skewSeconds` shifts the creation
 * time, since clocks of shards may differ.
 */
export function streamRecordOf(
  record: EngineRecord,
  table: Table,
  region: string,
  skewSeconds: number,
): StreamRecord {
  const { dynamodb, eventName, userIdentity } = record;
  return {
    // The engine's own id is a row number, which restarts in each new database.
    eventID: createHash("md5")
      .update(`${table.streamArn} ${dynamodb.SequenceNumber}`)
      .digest("hex"),
    eventName,
    ...(userIdentity && { userIdentity }),
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: region,
    dynamodb: {
      ...dynamodb,
      ApproximateCreationDateTime:
        (dynamodb.ApproximateCreationDateTime ?? Math.floor(Date.now() / 1000)) + skewSeconds,
      SequenceNumber: writeSequence(dynamodb.SequenceNumber),
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
    eventSourceARN: table.streamArn,
  };
}

/**
 * How many of the first records are done according to a partial batch response: all before the
 * lowest sequence number that it names. An empty list means all, a malformed one none.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export function countAcknowledged(records: StreamRecord[], payload: unknown): number {
  const report = (payload as { batchItemFailures?: unknown } | null | undefined)?.batchItemFailures;
  if (report === undefined || report === null) return records.length;
  if (!Array.isArray(report)) return 0;
  const numbers = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
  const failed = report.map((entry) => numbers.indexOf(entry?.itemIdentifier));
  return failed.includes(-1) ? 0 : Math.min(records.length, ...failed);
}
