import { countItemBytes } from "../../local/engine/values.ts";
import type { InvocationResult } from "../../local/model.ts";
import { chooseBatch } from "../../local/sources/stream-batch.ts";
import type { EngineRecord } from "../../local/sources/stream-calls.ts";
import {
  createPositions,
  findPositions,
  forgetOtherReaders,
} from "../../local/sources/stream-positions.ts";
import { createStreamReader } from "../../local/sources/stream-reader.ts";
import { type StreamRecord, streamRecordOf } from "../../local/sources/stream-records.ts";
import { normalSwitches } from "../../local/sources/stream-switches.ts";
import { openState } from "../../local/state.ts";
import { makeSource, makeStage, streamArn, waitFor } from "./sample-stage.ts";

const table = makeStage().tables[0]!;
const recordOf = (n: number, dynamodb: Partial<EngineRecord["dynamodb"]> = {}): EngineRecord => ({
  eventName: "INSERT",
  dynamodb: {
    Keys: { PK: { S: "p" }, SK: { S: String(n) } },
    NewImage: {},
    SequenceNumber: String(n),
    ApproximateCreationDateTime: Date.now() / 1000,
    ...dynamodb,
  },
});
const namesOf = (records: readonly StreamRecord[]) =>
  records.map(({ dynamodb }) => (dynamodb.Keys.SK as { S: string }).S);

/** Reads these records until the last one is done; a call's result is by its number, from 0. */
async function readAll(
  records: EngineRecord[],
  resultOf: (call: number) => InvocationResult,
  part: Parameters<typeof makeSource>[2],
  switches = normalSwitches,
) {
  const delivered: string[][] = [];
  const givenUp: [string[], string, number][] = [];
  const left = [...records];
  let reached: string | undefined;
  const reader = createStreamReader({
    source: makeSource("sample-reader", streamArn, part),
    table,
    region: "us-east-1",
    shard: 0,
    shardCount: 1,
    feed: {
      read: async () => left.splice(0),
      restAfter: () => {},
      findStreamArn: async () => streamArn,
    },
    invoke: async (_, event) => {
      const names = namesOf((event as { Records: StreamRecord[] }).Records);
      return resultOf(delivered.push(names) - 1);
    },
    switches,
    position: undefined,
    saveReached: (position) => {
      reached = position;
    },
    giveUp: (given, reason, count) => void givenUp.push([namesOf(given), reason, count]),
    log: () => {},
    random: Math.random,
  });
  reader.start();
  await waitFor("the last record", () => reached === records.at(-1)?.dynamodb.SequenceNumber);
  await reader.stop();
  return { delivered, givenUp };
}

const done: InvocationResult = { ok: true, payload: null };
const failed = (errorType: string): InvocationResult => ({
  ok: false,
  error: { errorType, errorMessage: "" },
});

test("a batch for which Lambda has no capacity is tried again, and uses up no attempt", async () => {
  const { delivered, givenUp } = await readAll(
    [recordOf(1)],
    (call) => (call < 2 ? failed("TooManyRequestsException") : done),
    { retryAttemptsMax: 0 },
  );
  expect([delivered, givenUp]).toEqual([[["1"], ["1"], ["1"]], []]);
});

test("a batch that keeps failing is tried again soon, and 100 times within about an hour", async () => {
  const pauses: number[] = [];
  const { setTimeout: realTimeout } = globalThis;
  globalThis.setTimeout = ((act: () => void, milliseconds = 0) => {
    const isPause = milliseconds >= 100;
    if (isPause) pauses.push(milliseconds);
    return realTimeout(act, isPause ? 0 : milliseconds);
  }) as typeof setTimeout;
  const { givenUp } = await readAll([recordOf(1)], () => failed("Error"), {
    retryAttemptsMax: 100,
  }).finally(() => {
    globalThis.setTimeout = realTimeout;
  });
  expect(givenUp).toEqual([[["1"], "RetryAttemptsExhausted", 101]]);
  const total = (count: number) => pauses.slice(0, count).reduce((sum, one) => sum + one, 0);
  expect(pauses[0]).toBe(100);
  expect(total(10)).toBeLessThan(60_000);
  expect(total(100)).toBeGreaterThan(3_300_000);
  expect(total(100)).toBeLessThan(3_600_000);
});

test("only records that are too old are given up, and the destination gets the reason", async () => {
  const { now } = Date;
  const { delivered, givenUp } = await readAll(
    [recordOf(1), recordOf(2), recordOf(3, { ApproximateCreationDateTime: now() / 1000 + 60 })],
    (call) => {
      if (call > 0) return done;
      Date.now = () => now() + 6_000;
      return failed("Error");
    },
    { batchSize: 2, recordAgeSecondsMax: 5 },
  ).finally(() => {
    Date.now = now;
  });
  expect(delivered).toEqual([["1", "2"], ["3"]]);
  expect(givenUp).toEqual([
    [["1"], "RecordAgeExceeded", 1],
    [["2"], "RecordAgeExceeded", 0],
  ]);
});

test("records that waited while no system ran are delivered, however old they are", async () => {
  const old = { ApproximateCreationDateTime: Date.now() / 1000 - 7_200 };
  const { delivered, givenUp } = await readAll([recordOf(1, old), recordOf(2)], () => done, {
    recordAgeSecondsMax: 3_600,
  });
  expect([delivered.flat(), givenUp]).toEqual([["1", "2"], []]);
});

test("records of the second of the start are as old as their shard's clock says", async () => {
  const { now } = Date;
  // Creation times are whole seconds; the start is in the middle of one.
  const second = Math.floor(now() / 1000);
  Date.now = () => second * 1000 + 900;
  const { delivered, givenUp } = await readAll(
    [recordOf(1, { ApproximateCreationDateTime: second })],
    () => done,
    { recordAgeSecondsMax: 3_600 },
    { ...normalSwitches, clockSkewSeconds: [-3_600] },
  ).finally(() => {
    Date.now = now;
  });
  expect([delivered, givenUp]).toEqual([[], [[["1"], "RecordAgeExceeded", 0]]]);
});

/** A record whose text is at least so large. */
const largeRecord = (n: number, SizeBytes: number) =>
  recordOf(n, { SizeBytes, NewImage: { text: { S: "x".repeat(SizeBytes) } } });

test("a batch of large records stays below the size of an event", () => {
  const megabyte = 1024 * 1024;
  const pending = Array.from({ length: 8 }, (_, n) => ({
    sequence: String(n),
    record: streamRecordOf(largeRecord(n, megabyte), table, "us-east-1", 0),
    readyAt: 0,
    agesFrom: 0,
  }));
  expect(chooseBatch(pending, 100)).toHaveLength(5);
  expect(chooseBatch(pending, 3)).toHaveLength(3);
  // A single record is delivered, whatever its size.
  const [large] = pending;
  large!.record.dynamodb = largeRecord(0, 6 * megabyte).dynamodb as StreamRecord["dynamodb"];
  expect(chooseBatch(pending, 100)).toHaveLength(1);
});

test("what a batch's records have as text counts, which is more than their size in the table", () => {
  const values = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`n${n}`, { N: "1" }]));
  const item = { ...values, text: { S: '{"a":"b"}'.repeat(100) } };
  const SizeBytes = countItemBytes(item);
  const pending = Array.from({ length: 1_000 }, (_, n) => ({
    sequence: String(n),
    record: streamRecordOf(recordOf(n, { SizeBytes, NewImage: item }), table, "us-east-1", 0),
    readyAt: 0,
    agesFrom: 0,
  }));
  expect(SizeBytes * pending.length).toBeLessThan(5 * 1024 * 1024);
  const Records = chooseBatch(pending, 1_000).map(({ record }) => record);
  expect(Buffer.byteLength(JSON.stringify({ Records }))).toBeLessThanOrEqual(6 * 1024 * 1024);
  expect(Records.length).toBeGreaterThan(500);
});

test("records are kept for the slowest reader, and not for one that no longer exists", () => {
  const state = openState(":memory:");
  const positionsOf = (reader: string) => createPositions(state, reader, streamArn);
  for (const [reader, position] of [
    ["gone", "3"],
    ["quick", "900"],
    ["slow", "20"],
  ] as const)
    positionsOf(reader).save(0, position);
  expect(findPositions(state, streamArn)).toEqual({ least: 3, most: 900 });
  createPositions(state, "reader of another stage", "another stream").save(0, "7");
  forgetOtherReaders(state, streamArn, ["quick", "slow"]);
  expect(findPositions(state, "another stream").least).toBe(7);
  expect(findPositions(state, streamArn).least).toBe(20);
  expect([positionsOf("gone").find(0), positionsOf("quick").find(0)]).toEqual([undefined, "900"]);
  state.close();
});

test("another number of shards continues at the lowest position: nothing is left out", () => {
  const state = openState(":memory:");
  const positions = createPositions(state, "reader", streamArn);
  positions.save(0, "1000");
  positions.save(1, "99");
  positions.prepare(3);
  expect([0, 1, 2].map(positions.find)).toEqual(["99", "99", "99"]);
  state.close();
});
