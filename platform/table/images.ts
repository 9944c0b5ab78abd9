import type { DynamoDBRecord } from "aws-lambda";
import { logFault } from "../runtime/log.ts";
import { countMetric } from "../runtime/metrics.ts";
import { type ItemKind, readKey } from "./keys.ts";
import { type Item, plain } from "./table.ts";

/**
 * What each record of the table's stream means to a reader. One that cannot be read is logged and
 * left out: it would not get better by coming again, and must not hold up the others.
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

/** The items of a kind as records of the table's stream wrote them; deletions have none. */
export const imagesOf = (records: readonly DynamoDBRecord[], kind: ItemKind): Item[] =>
  records
    .flatMap(({ dynamodb }) => plain(dynamodb?.NewImage) ?? [])
    .filter((image) => readKey(image).kind === kind);
