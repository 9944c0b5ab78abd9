import { jest } from "@jest/globals";
import type { Meter } from "../../local/aws/meter.ts";
import type { EventSource, Queue } from "../../local/model.ts";
import { createQueueStore, type QueueStore } from "../../local/sources/queue-store.ts";
import { createQueueSource } from "../../local/sources/queues.ts";
import { openState, type State } from "../../local/state.ts";
import { makeQueue, makeSource } from "./sample-stage.ts";

let state: State;
/** Epoch milliseconds, advanced by the test. */
let now: number;

beforeEach(() => {
  state = openState(":memory:");
  now = Date.parse("2026-01-01T00:00:00Z");
});
afterEach(() => state.close());

const open = (...queues: Queue[]): QueueStore =>
  createQueueStore(
    state,
    (arn) => queues.find((queue) => queue.arn === arn),
    () => now,
  );
const put = (store: QueueStore, queue: Queue, body: string) =>
  store.send(queue, { body, sender: "test", groupId: "g" });
const bodies = (store: QueueStore, queue: Queue) =>
  store.receive(queue, 10).map(({ body }) => body);

test.each(["work", "work.fifo"])("a message of %s expires after the queue's retention", (name) => {
  const queue = makeQueue(name, { retentionSeconds: 60 });
  const store = open(queue);
  put(store, queue, "early");
  now += 30_000;
  put(store, queue, "later");
  now += 30_000;
  // Exactly as old as the retention: kept.
  expect(bodies(store, queue)).toEqual(["early", "later"]);
  now += 1_000;
  expect(bodies(store, queue)).toEqual(["later"]);
  now += 60_000;
  expect(bodies(store, queue)).toEqual([]);
  expect(store.count(queue)).toEqual({ visible: 0, delayed: 0, inFlight: 0 });
});

// Planted fault that turns this red: a retention that counts from the sending only.
test("messages that waited while the runner was stopped are delivered, and expire a retention later", () => {
  const queue = makeQueue("work", { retentionSeconds: 60 });
  put(open(queue), queue, "poll's end");
  now += 3_600_000;
  const store = open(queue);
  store.release();
  expect(bodies(store, queue)).toEqual(["poll's end"]);
  now += 61_000;
  expect(bodies(store, queue)).toEqual([]);
});

test("a full disk is reported as that, and later messages are stored", () => {
  const queue = makeQueue("work");
  const store = open(queue);
  state.database.exec("PRAGMA max_page_count = 50");
  expect(() => put(store, queue, "x".repeat(1_000_000))).toThrow("database or disk is full");
  put(store, queue, "later");
  expect(bodies(store, queue)).toEqual(["later"]);
});

test("a FIFO queue forgets a message's deduplication id after five minutes", () => {
  const queue = makeQueue("work.fifo");
  const store = open(queue);
  const send = (body: string) =>
    store.send(queue, { body, sender: "test", groupId: "g", deduplicationId: "same" }).messageId;
  const first = send("first");
  now += 5 * 60_000 - 1;
  expect(send("repeated")).toBe(first);
  now += 1;
  expect(send("later")).not.toBe(first);
  expect(bodies(store, queue)).toEqual(["first", "later"]);
});

/** Delivers a queue's messages to `answer`, which gets each batch's records. */
function deliverTo(
  queue: Queue,
  answer: (records: { body: string; messageId: string }[]) => unknown,
  part: Partial<EventSource> = {},
) {
  const store = createQueueStore(state, () => undefined);
  const source = createQueueSource({
    source: makeSource("sample-worker", queue.arn, part),
    queue,
    region: "us-east-1",
    store,
    invoke: async (_, event) => ({
      ok: true,
      payload: await answer((event as { Records: Parameters<typeof answer>[0] }).Records),
    }),
    meter: { record: () => {} } as unknown as Meter,
    log: () => {},
  });
  return { store, source };
}

test("a stop waits for the batch in progress, whose messages are done", async () => {
  const queue = makeQueue("work");
  const { promise: working, resolve: finish } = Promise.withResolvers<void>();
  const { store, source } = deliverTo(queue, () => working);
  put(store, queue, "one");
  source.start();
  const stopped = source.stop();
  finish();
  await stopped;
  expect(store.count(queue)).toEqual({ visible: 0, delayed: 0, inFlight: 0 });
});

test("a report with an unknown id fails the whole batch: no message is lost", async () => {
  const queue = makeQueue("work", { visibilitySeconds: 60 });
  const { store, source } = deliverTo(queue, () => ({
    batchItemFailures: [{ itemIdentifier: "unknown" }],
  }));
  for (const body of ["one", "two"]) put(store, queue, body);
  source.start();
  await source.stop();
  expect(store.count(queue)).toMatchObject({ inFlight: 2 });
});

test("a queue that cannot be read for a while is read again, and reported once", async () => {
  jest.useFakeTimers();
  const queue = makeQueue("work");
  const store = createQueueStore(state, () => undefined);
  put(store, queue, "kept");
  const receive = jest.spyOn(store, "receive").mockImplementation(() => {
    throw new Error("database or disk is full");
  });
  const seen: unknown[] = [];
  const told: string[] = [];
  const source = createQueueSource({
    source: makeSource("sample-worker", queue.arn),
    queue,
    region: "us-east-1",
    store,
    invoke: async (_, event) => {
      seen.push(...(event as { Records: unknown[] }).Records);
      return { ok: true, payload: undefined };
    },
    meter: { record: () => {} } as unknown as Meter,
    log: (line) => void told.push(line),
  });
  source.start();
  await jest.advanceTimersByTimeAsync(5_000);
  receive.mockRestore();
  await jest.advanceTimersByTimeAsync(1_000);
  await source.stop();
  jest.useRealTimers();
  expect(seen).toMatchObject([{ body: "kept" }]);
  expect(told).toEqual(["The queue work cannot be read: Error: database or disk is full"]);
});

test.each([false, true])(
  "a clock that is set back by an hour delays no message, with a restart in between: %s",
  (isRestarted) => {
    const queue = makeQueue("work.fifo", { visibilitySeconds: 30 });
    let store = open(queue);
    const send = (groupId: string, delaySeconds = 0) =>
      store.send(queue, { body: groupId, sender: "test", groupId, delaySeconds });
    send("failed");
    expect(bodies(store, queue)).toEqual(["failed"]);
    now += 10_000;
    send("waiting");
    send("delayed", 15);
    now -= 3_600_000;
    if (isRestarted) {
      store = open(queue);
      store.release();
      // What was in progress is delivered again after a restart.
      expect(bodies(store, queue)).toEqual(["failed"]);
    }
    expect(bodies(store, queue)).toEqual(["waiting"]);
    expect(bodies(store, queue)).toEqual([]);
    now += 15_000;
    expect(bodies(store, queue)).toEqual(["delayed"]);
    now += 15_000;
    expect(bodies(store, queue)).toEqual(["failed"]);
  },
);

test("the retention of one queue does not affect another's messages", () => {
  const short = makeQueue("short", { retentionSeconds: 60 });
  const long = makeQueue("long", { retentionSeconds: 3600 });
  const store = open(short, long);
  put(store, short, "short");
  put(store, long, "long");
  now += 61_000;
  expect(bodies(store, short)).toEqual([]);
  expect(bodies(store, long)).toEqual(["long"]);
});

test("a dead letter keeps its time of sending, so its queue's retention counts from there", () => {
  const dead = makeQueue("dead", { retentionSeconds: 60 });
  const redrive = { queueArn: dead.arn, receiveCountMax: 1 };
  const queue = makeQueue("work", { retentionSeconds: 30, redrive });
  const store = open(queue, dead);
  put(store, queue, "bad");
  expect(bodies(store, queue)).toEqual(["bad"]);
  now += 20_000;
  expect(bodies(store, queue)).toEqual([]);
  expect(store.count(dead)).toMatchObject({ visible: 1 });
  now += 40_001;
  expect(bodies(store, dead)).toEqual([]);
});
