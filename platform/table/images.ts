import type { DynamoDBRecord } from "aws-lambda";
import { logFault } from "../runtime/log.ts";
import { countMetric } from "../runtime/metrics.ts";
import { type Item, plain } from "./items.ts";
import { type ItemKind, readKey } from "./keys.ts";

/**
 * Reads the meaning of each record of the table's stream. An unreadable record is logged and
 * skipped: redelivery would not help, and it must not block the others.
 */
export function readEach<Found>(
  records: readonly DynamoDBRecord[],
  read: (record: DynamoDBRecord) => readonly Found[],
): Found[] {
  return records.flatMap((record) => {
    try {
      return read(record);
    } catch (error) {
      countMetric("RecordsSkipped");
      const sequence = record.dynamodb?.SequenceNumber;
      logFault("A record of the table's stream was skipped", error, { sequence });
      return [];
    }
  });
}

/** The items of a kind in records of the table's stream, without deletions. */
export const imagesOf = (records: readonly DynamoDBRecord[], kind: ItemKind): Item[] =>
  records
    .flatMap(({ dynamodb }) => plain(dynamodb?.NewImage) ?? [])
    .filter((image) => readKey(image).kind === kind);
