import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { readBatch } from "../../../platform/push/batch.ts";
import { key } from "../../../platform/table/keys.ts";
import { message } from "../../domain/frame-samples.ts";

const now = new Date();
const streamId = "b".repeat(24);
process.env.DEFAULT_PICTURE ??= "https://cdn.example.com/person.png";

/** The record of a new message that is `hoursAgo` old. */
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

/** The record of a subscription's item that has changed from one to the other. */
const recordOfSubscription = (old: object | undefined, next: object): DynamoDBRecord => {
  const place = { ...key.subscriber(streamId, "c"), userId: "u", expiresAt: now.getTime() };
  const imageOf = (fields: object) => marshall({ ...place, ...fields }) as never;
  return { dynamodb: { NewImage: imageOf(next), ...(old && { OldImage: imageOf(old) }) } };
};

test.each<[what: string, old: object | undefined, next: object, confirmed: number]>([
  ["is new", undefined, { revision: 1 }, 1],
  ["replaces another one", { revision: 1, from: 5 }, { revision: 2 }, 1],
  ["is given its first live frame", { revision: 1 }, { revision: 1, from: 5 }, 0],
  ["has caught up", { revision: 1, next: 3, behind: true }, { revision: 1, next: 5 }, 0],
])("a subscription that %s", (_, old, next, confirmed) => {
  const { streams } = readBatch([recordOfSubscription(old, next)], now);
  expect(streams.get(streamId)?.subscribers ?? []).toHaveLength(confirmed);
});

test("a redriven record enters the log within a day, not later", () => {
  expect(recordsOf(recordFrom(0))).toBe(1);
  expect(recordsOf(recordFrom(23))).toBe(1);
  expect(recordsOf(recordFrom(25))).toBe(0);
});

test("an unreadable record is skipped, and the records after it are read", () => {
  const broken = { dynamodb: { NewImage: marshall({ PK: "NO#1", SK: "KIND" }) as never } };
  const unparsed = recordOfSubscription(undefined, { revision: "one" });
  const { streams } = readBatch([broken, unparsed, recordFrom(0)], now);
  expect(streams.get(streamId)).toMatchObject({ subscribers: [], records: [{}] });
});
