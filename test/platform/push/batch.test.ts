import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { readBatch } from "../../../platform/push/batch.ts";
import { key } from "../../../platform/table/keys.ts";
import { message } from "../../domain/frame-samples.ts";

const now = new Date();
const streamId = "b".repeat(24);
process.env.DEFAULT_PICTURE ??= "https://cdn.example.com/person.png";

/** The record of a new message that the stream has had for so many hours. */
function recordFrom(hoursAgo: number): DynamoDBRecord {
  const image = { ...key.message(streamId, 1), ...message(1, "hello"), streamId };
  return {
    dynamodb: {
      ApproximateCreationDateTime: now.getTime() / 1000 - hoursAgo * 3600,
      NewImage: marshall(image) as never,
    },
  };
}

const recordsOf = (record: DynamoDBRecord) =>
  readBatch([record], now).streams.get(streamId)?.records.length ?? 0;

test("a record that is brought back within a day still comes into the log, later no more", () => {
  expect(recordsOf(recordFrom(0))).toBe(1);
  expect(recordsOf(recordFrom(23))).toBe(1);
  expect(recordsOf(recordFrom(25))).toBe(0);
});
