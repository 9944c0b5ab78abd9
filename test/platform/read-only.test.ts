import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  ScanCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { Maintenance } from "../../domain/refusal.ts";
import { callMillisecondsMax } from "../../platform/aws/aws-client.ts";
import { consumer, perMessage } from "../../platform/lambda/consumer.ts";
import { key } from "../../platform/table/keys.ts";
import { findReadOnly, unlessReadOnly } from "../../platform/table/layout.ts";
import { isEmpty, labelOf } from "../../platform/table/ownership.ts";
import { countUse } from "../../platform/table/rates.ts";
import { makeReadOnly, makeWritable, readOnlySeconds } from "../../platform/table/read-only.ts";
import { useTable } from "../../platform/table/table.ts";
import { transact } from "../../platform/table/transact.ts";
import { sentenceOf } from "../../platform/tencent/codes.ts";
import { callbackAnswerOf } from "../../platform/tencent/receiver.ts";
import { setClock } from "./clock.ts";
import { received, useQueue } from "./queue-double.ts";
import { everyRate, startTable } from "./table.ts";

const TableName = "ovation-test";
const Item = { PK: "USER#ann", SK: "PROFILE" };
useQueue("COMBOS_QUEUE_URL");
let client: DynamoDBDocumentClient;
let stop: () => Promise<void>;
const place = () => ({ client, tableName: TableName });

beforeAll(async () => {
  process.env.RATES = everyRate(1, 2);
  ({ client, stop } = await startTable());
});
afterAll(() => stop());
afterEach(async () => {
  jest.useRealTimers();
  await makeWritable(place());
  useTable(client);
});

/** A function's client, with a separate memory, as each environment has. */
const own = () => unlessReadOnly(client, () => TableName);

test("every kind of write is refused without any effect; reads are not", async () => {
  await makeReadOnly(place(), new Date());
  const guarded = own();
  useTable(guarded);
  const put = { Put: { TableName, Item } };
  for (const refused of [
    () => guarded.send(new PutCommand({ TableName, Item })),
    () => guarded.send(new DeleteCommand({ TableName, Key: key.readOnly() })),
    () => guarded.send(new UpdateCommand({ TableName, Key: Item, UpdateExpression: "SET a = SK" })),
    () => transact([put]),
  ])
    await expect(refused()).rejects.toBeInstanceOf(Maintenance);
  expect((await guarded.send(new GetCommand({ TableName, Key: Item }))).Item).toBeUndefined();
  const { Items } = await guarded.send(new ScanCommand({ TableName }));
  expect(Items).toEqual([expect.objectContaining(key.readOnly())]);
});

/** As long as an environment goes by what it has read of the mark. */
const markMilliseconds = 2_000;

test("an environment that wrote before notices that the table becomes read-only, and writable again", async () => {
  const begun = Date.now();
  setClock(begun);
  const guarded = own();
  const write = () =>
    guarded.send(new PutCommand({ TableName, Item })).then(
      () => "written",
      (error: Error) => error.constructor,
    );
  expect(await write()).toBe("written");
  const since = await makeReadOnly(place(), new Date("2026-11-22T03:00:00Z"));
  expect(await makeReadOnly(place(), new Date())).toBe(since);
  expect(await findReadOnly(place())).toBe("2026-11-22T03:00:00.000Z");
  // With the longest write these are the ten seconds that are promised.
  expect(markMilliseconds + callMillisecondsMax).toBeLessThanOrEqual(readOnlySeconds * 1_000);
  setClock(begun + markMilliseconds);
  expect(await write()).toBe(Maintenance);
  await makeWritable(place());
  expect(await write()).toBe(Maintenance);
  // What was known after a clock was set back is read again.
  setClock(begun - 3_600_000);
  expect(await write()).toBe("written");
  setClock(begun + 2 * markMilliseconds);
  expect(await write()).toBe("written");
});

test("the refusal is a 503 with its reason and a wait, for Tencent callers too", () => {
  const refusal = new Maintenance();
  expect([refusal.code, refusal.kind, refusal.retryAfterSeconds]).toEqual([
    ...["unavailable", "unavailable", 30],
  ]);
  const says = "Read-only for maintenance: nothing was changed, try again later";
  expect(refusal.details).toEqual([says]);
  expect(sentenceOf(refusal)).toBe(says);
  expect(callbackAnswerOf(refusal).errorInfo).toBe(says);
});

test("reads continue at their rate, which each environment counts alone", async () => {
  await makeReadOnly(place(), new Date());
  useTable(own());
  const now = new Date();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, () => countUse("reads", "busy", now)),
  );
  const reasons = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  for (const reason of reasons) expect(reason).not.toBeInstanceOf(Maintenance);
  expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(0);
});

const grants = {};
const write = () => own().send(new PutCommand({ TableName, Item }));

test("messages stay in their queue and records in the stream, and nothing fails", async () => {
  await makeReadOnly(place(), new Date());
  const [summary, batchSize] = ["A test's", 10];
  const messages = ["1", "2"].map((messageId) => received(messageId, "{}"));
  const again = (...ids: string[]) => ({
    batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
  });
  const queue = { summary, on: { queue: "combos", batchSize }, grants } as const;
  for (const reader of [
    consumer(queue, perMessage(z.object({}), write)),
    consumer(queue, async () => {
      await write();
    }),
  ])
    expect(await reader.handler({ Records: messages })).toEqual(again("1", "2"));
  const stream = consumer({ summary, on: { stream: "table", batchSize }, grants }, async () => {
    await write();
  });
  const records = ["100", "101"].map(
    (SequenceNumber) => ({ dynamodb: { SequenceNumber } }) as DynamoDBRecord,
  );
  expect(await stream.handler({ Records: records })).toEqual(again("100", "101"));
  const schedule = consumer({ summary, on: { every: "rate(1 minute)" }, grants }, async () => {
    await write();
  });
  expect(await schedule.handler({})).toEqual(again());
});

test("a read-only mark does not make a table with data look empty", async () => {
  for (const one of [labelOf({ stage: "dev", release: "0.0.0" }), Item])
    await client.send(new PutCommand({ TableName, Item: one }));
  await makeReadOnly(place(), new Date());
  expect(await isEmpty(place())).toBe(false);
});
