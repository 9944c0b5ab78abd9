import { rm } from "node:fs/promises";
import {
  call,
  eventually,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  rich,
} from "../api/people.ts";
import { type Message, viewer } from "../api/viewer.ts";
import {
  auditOf,
  callUntilAnswered,
  clearFaults,
  injectFault,
  settledBalance,
  startOwn,
} from "../platform/money/running.ts";
import type { System } from "../system.ts";

/*
 * Behaviour that DynamoDB permits but a local engine never shows by itself: each test switches one
 * on and checks that Ovation copes.
 */

let system: System;
const before = process.env.WS_URL;
beforeAll(async () => {
  system = await startOwn();
  process.env.WS_URL = `${system.url.replace("http", "ws")}/ws`;
});
afterAll(async () => {
  if (before !== undefined) process.env.WS_URL = before;
  const { dataDir } = system;
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function tell(path: string, body: object): Promise<void> {
  const answer = await call(`POST ${path}`, { body });
  expect({ status: answer.status < 300, text: answer.text }).toMatchObject({ status: true });
}
const say = (as: Person, streamId: string, content: string) =>
  callUntilAnswered(`POST /api/v1/live-stream/${streamId}/chat/messages`, {
    as,
    key: freshId(),
    body: { content },
  });
const give = (as: Person, liveStreamId: string, giftTypeId: string) =>
  callUntilAnswered("POST /api/v1/gifts/create", {
    as,
    key: freshId(),
    body: { giftTypeId, liveStreamId },
  });

/** Applies a client's first rule: drops frames whose number is not larger than the last. */
const withoutRepeats = (frames: Message[]) =>
  frames.filter(({ frame }, at) => frames.slice(0, at).every((earlier) => earlier.frame < frame));

/** A viewer, and the chat's texts in order of arrival. */
async function watch(streamId: string) {
  const socket = await viewer(await person(), { query: { streamId } });
  await socket.next(({ type }) => type === "subscribed");
  const frames = () => withoutRepeats(socket.messages.filter(({ type }) => type === "events"));
  const events = () => frames().flatMap((frame) => frame.events);
  return {
    ...socket,
    numbers: (): number[] => frames().map(({ frame }) => frame),
    texts: (): string[] =>
      events()
        .filter(({ type }) => type === "chat.message")
        .map(({ data }) => data.content),
    gifts: () => events().filter(({ type }) => /^gift\./.test(type)).length,
  };
}

/** Whether the numbers are consecutive. */
const isDense = (numbers: number[]) => numbers.every((n, at) => n === numbers[0]! + at);

async function play(host: Person, streamId: string, senders: Person[], giftTypeId: string) {
  const all = senders.flatMap((as, at) =>
    [0, 1, 2].map(async (turn) => {
      const [said, given] = await Promise.all([
        say(as, streamId, `${at}-${turn}`),
        give(as, streamId, giftTypeId),
      ]);
      expect([said.status, given.status]).toEqual([201, 201]);
    }),
  );
  await Promise.all(all);
  return eventually(
    () => settledBalance(host),
    (balance) => balance === senders.length * 3 * 10,
  );
}

const expected = ["0-0", "0-1", "0-2", "1-0", "1-1", "1-2", "2-0", "2-1", "2-2"];

/** Chat and gifts of three users while a switch is on, and their outcome. */
async function expectAllRight(turnOn: () => Promise<void>, turnOff: () => Promise<unknown>) {
  const { host, id } = await liveStream();
  const typeId = await giftType(10);
  const senders = await Promise.all([rich(100), rich(100), rich(100)]);
  const watcher = await watch(id);
  await turnOn();
  try {
    await play(host, id, senders, typeId);
    await eventually(
      async () => [...watcher.texts()].sort(),
      (texts) => texts.length >= expected.length,
    );
  } finally {
    await turnOff();
  }
  for (const sender of senders) expect(await settledBalance(sender)).toBe(70);
  expect([...watcher.texts()].sort()).toEqual(expected);
  expect(isDense(watcher.numbers())).toBe(true);
  const history = await call(`GET /api/v1/live-stream/${id}/chat/messages?limit=50`, {
    as: host,
  });
  const kept = history.body.messages.map(({ content }: { content: string }) => content);
  expect(kept.sort()).toEqual(expected);
  watcher.close();
}

test("with stale indexes and reads: everything is sent, paid and settled once", async () => {
  await expectAllRight(
    () => tell("/local/table", { staleMilliseconds: 1500 }),
    () => tell("/local/table", { staleMilliseconds: 0 }),
  );
  expect(auditOf(system.dataDir)).toMatchObject({ code: 0 });
});

test("throttled at every third call: 503 or a retry, and nothing is lost", async () => {
  await expectAllRight(
    () => injectFault({ service: "dynamodb", kind: "throttle", percent: 33, count: 100_000 }),
    async () => expect(await clearFaults()).toBeGreaterThan(20),
  );
  expect(auditOf(system.dataDir)).toMatchObject({ code: 0 });
});

test("with two shards, one of them late: each viewer's frames have no gaps, each message arrives once", async () => {
  await expectAllRight(
    () => tell("/local/streams", { shards: 2, lagMilliseconds: [0, 400] }),
    () => tell("/local/streams", { shards: 1, lagMilliseconds: [] }),
  );
});

test("after frames and subscriptions expire, frame numbers continue, and no viewer is notified", async () => {
  const { host, id } = await liveStream();
  const first = await watch(id);
  await say(host, id, "before");
  await first.next(({ type }) => type === "events");
  const last = first.numbers().at(-1)!;
  const count = first.messages.length;
  const fromBeginning = `GET /api/v1/live-stream/${id}/events?after=0&epoch=${first.messages.find(({ type }) => type === "subscribed").epoch}`;
  const recovered = async () => (await call(fromBeginning, { as: host })).body.data.recovered;
  expect(await recovered()).toBe(true);
  // Frames are kept for a day; items that expire later stay.
  await tell("/local/table", { expireAheadSeconds: 30 * 3600 });
  expect(await recovered()).toBe(false);
  await say(host, id, "after");
  const second = await watch(id);
  await say(host, id, "later");
  await second.next(
    ({ type, events }) =>
      type === "events" &&
      events.some((one: { data: { content?: string } }) => one.data.content === "later"),
  );
  expect(isDense(second.numbers())).toBe(true);
  expect(second.numbers()[0]).toBeGreaterThan(last);
  const told = first.messages.slice(count).flatMap(({ events = [] }) => events);
  expect(told.every(({ type }: { type: string }) => type === "chat.message")).toBe(true);
  const history = await call(`GET /api/v1/live-stream/${id}/chat/messages?limit=50`, { as: host });
  expect(history.body.messages).toHaveLength(3);
  first.close();
  second.close();
});

test("an invalid switch is refused and changes nothing", async () => {
  for (const body of [{ staleMilliseconds: -1 }, { expireAheadSeconds: "all" }, { stale: 1 }]) {
    expect((await call("POST /local/table", { body })).status).toBe(400);
  }
});
