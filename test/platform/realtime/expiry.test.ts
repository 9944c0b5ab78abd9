import { jest } from "@jest/globals";
import { connectionLifeSeconds } from "../../../domain/log/subscriber.ts";
import { perMessage, type QueueRecord } from "../../../platform/lambda/consumer.ts";
import type { Poster, PostResult } from "../../../platform/push/gateway.ts";
import { ExpiryTimer, endExpired, startExpiryTimer } from "../../../platform/realtime/expiry.ts";
import {
  findConnection,
  listSockets,
  putConnection,
  putSocket,
} from "../../../platform/store/log/connections.ts";
import { passQuickly } from "../clock.ts";
import { posterWith } from "../push/posters.ts";
import { useQueue } from "../queue-double.ts";
import { useOwnTable } from "../table.ts";

useOwnTable();
const queue = useQueue("MOMENTS_QUEUE_URL");

const asked: string[] = [];
let answer: { post: PostResult; close: PostResult[] };
beforeEach(() => {
  asked.length = 0;
  answer = { post: "sent", close: ["sent"] };
});
afterEach(() => void jest.useRealTimers());
const poster = posterWith({
  async post(_, { bytes }) {
    asked.push(JSON.parse(bytes.toString()).type);
    return answer.post;
  },
  async close() {
    asked.push("close");
    return answer.close.length > 1 ? answer.close.shift()! : answer.close[0]!;
  },
});

let people = 0;

/** A connection whose token has just expired, and the queue's messages about it. */
async function expired(ageSeconds = 600) {
  const name = `ann-${++people}`;
  const expiresAt = Math.floor(Date.now() / 1000) - 1;
  const connectedAt = Date.now() - ageSeconds * 1000;
  const own = { connectionId: `c-${name}`, connectedAt, expiresAt: expiresAt + 7200 };
  await putSocket(name, own);
  await putConnection({ ...own, userId: name, tokenExpiresAt: expiresAt });
  const body = JSON.stringify({ connectionId: own.connectionId, expiresAt });
  const isKept = async () =>
    (await findConnection(own.connectionId)) !== undefined &&
    (await listSockets(name, new Date())).length === 1;
  return { ...own, isKept, record: { messageId: `m-${name}`, body } };
}

/** Reads these messages as `realtime/expire` does; the ids of those that are to come again. */
const endBy = (gateway: Poster, ...records: QueueRecord[]) =>
  passQuickly(() =>
    perMessage(ExpiryTimer, (timer, now) => endExpired(gateway, timer, now))(records, new Date()),
  );
const end = (...records: QueueRecord[]) => endBy(poster, ...records);

test("an expired token's socket gets a message, is closed and removed", async () => {
  const { record, isKept } = await expired();
  expect(await end(record)).toEqual([]);
  expect(asked).toEqual(["closing", "close"]);
  expect(await isKept()).toBe(false);
});

test.each(["lost", "too_fast", "refused"] as const)(
  "a socket whose closing was %s is kept, and its message is redelivered",
  async (result) => {
    const { record, isKept } = await expired();
    answer.close = [result];
    expect(await end(record)).toEqual([record.messageId]);
    expect(await isKept()).toBe(true);
    answer.close = ["sent"];
    expect(await end(record)).toEqual([]);
    expect(await isKept()).toBe(false);
  },
);

test("a closing that fails at first is retried at once, so that it is done within ten seconds", async () => {
  const { record, isKept } = await expired();
  answer.close = ["too_fast", "lost", "sent"];
  const began = Date.now();
  expect(await end(record)).toEqual([]);
  expect(Date.now() - began).toBeLessThan(8_000);
  expect(asked).toEqual(["closing", "close", "close", "close"]);
  expect(await isKept()).toBe(false);
});

test("one socket that cannot be closed delays no other of its batch", async () => {
  const [bad, good] = [await expired(), await expired()];
  answer.close = ["lost"];
  const gateway = posterWith({
    close: async (connectionId) => (connectionId === bad.connectionId ? "lost" : "sent"),
  });
  expect(await endBy(gateway, bad.record, good.record)).toEqual([bad.record.messageId]);
  expect([await bad.isKept(), await good.isKept()]).toEqual([true, false]);
});

test("a closed socket is removed; one that may still be opening is tried again later", async () => {
  const [old, young] = [await expired(), await expired(2)];
  answer.post = "gone";
  expect(await end(old.record, young.record)).toEqual([young.record.messageId]);
  expect([await old.isKept(), await young.isKept()]).toEqual([false, true]);
  expect(asked).not.toContain("close");
});

test("a socket is closed at its token's expiry, unless its connection cannot last as long", async () => {
  const now = new Date();
  const latest = Math.floor(now.getTime() / 1000) + connectionLifeSeconds;
  for (const expiresAt of [latest - 7_000, latest, latest + 1])
    await startExpiryTimer({ connectionId: "c", expiresAt }, now);
  const timers = queue.take().map(({ body }) => JSON.parse(body).expiresAt);
  expect(timers).toEqual([latest - 7_000, latest]);
});
