import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { jest } from "@jest/globals";
import type { ChatMessage } from "../../client/event-data.ts";
import { createHistory, type Source } from "../../client/history.ts";
import { type History, OvationError } from "../../client/index.ts";
import { createOutbox } from "../../client/outbox.ts";
import { createRandom } from "../platform/push/random.ts";
import { createChat, deleted, frameOf, said } from "./chat-server.ts";
import { createTestClient, jwt, pass } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const texts = (history: History) => history.messages.map(({ content }) => content);
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => `${from + n}`);

/** A viewer of a chat with `count` messages, subscribed at frame 0. */
async function viewing(count: number) {
  const chat = createChat(count);
  const held = createTestClient({ fetch: chat.fetch, token: () => jwt(3600, "me") });
  const stream = held.follow();
  await pass(20);
  held.last().greet();
  await pass(1);
  return { ...held, chat, stream };
}

/** Waits for a promise that needs virtual time to pass. */
async function settled<Value>(promise: Promise<Value>, milliseconds = 1_000): Promise<Value> {
  promise.catch(() => {});
  await pass(milliseconds);
  return promise;
}

test("messages that arrive while the page loads are added once", async () => {
  const { client, chat, stream, last } = await viewing(30);
  const { promise, resolve: arrive } = Promise.withResolvers<void>();
  chat.hold = promise;
  const changes: string[][] = [];
  const opening = stream.history({ limit: 20, onChange: (all) => changes.push(texts(all)) });
  await pass(1);
  expect(chat.reads).toHaveLength(1);
  // The page predates these frames: 31 is new, 25 is deleted, and 30 is in both.
  last().say(frameOf(1, [said(chat.messages[29]!), said(chat.say())]));
  const gone = chat.messages[24]!._id;
  chat.remove(gone);
  last().say(frameOf(2, [deleted(gone)]));
  await pass(1);
  arrive();
  const history = await settled(opening);
  const shown = [...numbers(11, 24), ...numbers(26, 31)];
  expect(texts(history)).toEqual(shown);
  expect(history.hasOlder).toBe(true);
  const before = history.messages;
  last().say(frameOf(3, [said(chat.say()), said(chat.say())]));
  await pass(1);
  expect(texts(history)).toEqual([...shown, "32", "33"]);
  expect(texts(history)).toHaveLength(before.length + 2);
  expect(history.messages).not.toBe(before);
  last().say(frameOf(4, [deleted(history.messages[0]!._id)]));
  await pass(1);
  expect(texts(history)[0]).toBe("12");
  // One change per frame, however many messages it has, and none for other events.
  expect(changes).toHaveLength(3);
  client.close();
});

test("a chat that is read again after lost frames has no gap", async () => {
  const { client, chat, stream, last } = await viewing(5);
  const history = await settled(stream.history());
  last().drop();
  for (let n = 0; n < 80; n++) chat.say();
  chat.remove(chat.messages[2]!._id);
  await pass(2_000);
  last().greet(90, { recovered: false });
  last().say(frameOf(91, [said(chat.say())]));
  await pass(1_000);
  // The newest page, and messages sent meanwhile.
  expect(texts(history)).toEqual(numbers(37, 86));
  while (history.hasOlder) await settled(history.older());
  expect(texts(history)).toEqual(["1", "2", ...numbers(4, 86)]);
  client.close();
});

test("after a reset a failed read is repeated, and new messages are shown meanwhile", async () => {
  const { client, chat, stream, last, notes } = await viewing(5);
  const history = await settled(stream.history());
  last().drop();
  chat.say();
  const away: Promise<void> & { no?: true } = Promise.reject(new TypeError("Failed to fetch"));
  away.catch(() => {});
  chat.hold = away;
  await pass(2_000);
  last().greet(90, { recovered: false });
  last().say(frameOf(91, [said(chat.say())]));
  await pass(10);
  expect(texts(history)).toEqual([...numbers(1, 5), "7"]);
  await pass(200_000);
  expect(notes.errors.length).toBeGreaterThan(0);
  chat.hold = undefined;
  await pass(40_000);
  expect(texts(history)).toEqual(numbers(1, 7));
  client.close();
});

test.each([1, 20, 50, 99, 100])(
  "older messages load without gaps or duplicates (limit %s)",
  async (limit) => {
    const { client, chat, stream, last } = await viewing(437);
    const history = await settled(stream.history({ limit, keep: 1_000 }));
    for (let n = 0; n < 7; n++) last().say(frameOf(n + 1, [said(chat.say())]));
    await pass(1);
    let calls = 0;
    for (let more = history.hasOlder; more; calls++) more = await settled(history.older());
    expect(texts(history)).toEqual(numbers(1, 444));
    expect(history.hasOlder).toBe(false);
    expect(calls).toBeLessThanOrEqual(9);
    expect(await history.older()).toBe(false);
    client.close();
  },
);

test("newer messages evict older ones, which older() loads again", async () => {
  const { client, chat, stream, last } = await viewing(20);
  const history = await settled(stream.history({ limit: 10, keep: 12 }));
  for (let n = 0; n < 10; n++) last().say(frameOf(n + 1, [said(chat.say())]));
  await pass(1);
  expect(texts(history)).toEqual(numbers(19, 30));
  await settled(history.older());
  expect(texts(history)).toEqual(numbers(1, 30));
  // Messages loaded by older() are not evicted.
  last().say(frameOf(11, [said(chat.say())]));
  await pass(1);
  expect(history.messages).toHaveLength(30);
  client.close();
});

test("a refused read rejects, and leaves nothing behind", async () => {
  const { client, stream, chat, last } = await viewing(1);
  chat.hold = undefined;
  const refused = createTestClient({
    fetch: (async () =>
      Response.json(
        { errors: ["No"] },
        { status: 403, headers: { "x-error-code": "member_blocked" } },
      )) as typeof fetch,
  });
  const other = refused.follow();
  await pass(20);
  refused.last().greet();
  await expect(settled(other.history())).rejects.toMatchObject({ code: "member_blocked" });
  const changes: unknown[] = [];
  const history = await settled(stream.history({ onChange: () => changes.push(1) }));
  history.close();
  last().say(frameOf(1, [said(chat.say())]));
  await pass(1);
  expect(changes).toHaveLength(1);
  client.close();
  refused.client.close();
});

/** Plays a chat in which others send and delete messages while one viewer loads older pages. */
async function play(seed: number): Promise<string[]> {
  const random = createRandom(seed);
  const { client, chat, stream, last } = await viewing(Math.floor(random() * 400));
  let frame = 0;
  const opening = stream.history({ limit: 1 + Math.floor(random() * 100), keep: 2_000 });
  opening.catch(() => {});
  const skipped = new Set<string>();
  const step = async () => {
    const events = [];
    for (let n = Math.floor(random() * 4); n > 0; n--) {
      const message = chat.say();
      if (random() < 0.1) skipped.add(message._id);
      else events.push(said(message));
    }
    const victim = chat.messages[Math.floor(random() * chat.messages.length)];
    if (victim !== undefined && random() < 0.5) {
      chat.remove(victim._id);
      // The HTTP API has the message before its frame arrives.
      if (random() < 0.5) await pass(random() * 20);
      events.push(deleted(victim._id));
    }
    last().say(frameOf(++frame, events));
    await pass(random() * 20);
  };
  await step();
  await pass(10);
  const history = await opening;
  for (let n = 0; n < 30; n++) {
    const older = random() < 0.4 ? history.older() : undefined;
    await step();
    await older;
  }
  for (let n = 0; n < 40 && history.hasOlder; n++) await settled(history.older(), 10);
  client.close();
  const shown = history.messages.map(({ _id }) => _id);
  const wanted = chat.messages.map(({ _id }) => _id);
  const missing = wanted.filter((id) => !shown.includes(id) && !skipped.has(id));
  const wrong = [...missing.map((id) => `missing ${Number.parseInt(id, 16)}`)];
  for (const id of shown) if (!wanted.includes(id)) wrong.push(`left ${Number.parseInt(id, 16)}`);
  if (new Set(shown).size !== shown.length) wrong.push("twice");
  if ([...shown].sort().join() !== shown.join()) wrong.push("out of order");
  if (history.hasOlder) wrong.push("more to read");
  return wrong.map((what) => `seed ${seed}: ${what}`);
}

test("a history has what its first read loaded, even if the subscription ends meanwhile", async () => {
  const { client, chat, stream, last } = await viewing(30);
  const { promise, resolve: arrive } = Promise.withResolvers<void>();
  chat.hold = promise;
  const changes: History[] = [];
  const opening = stream.history({ limit: 20, onChange: (one) => changes.push(one) });
  await pass(1);
  last().say(frameOf(1, [said(chat.say())]));
  await pass(1);
  stream.close();
  arrive();
  const history = await settled(opening);
  expect(texts(history)).toEqual(numbers(11, 31));
  expect([history.hasOlder, changes]).toEqual([true, []]);
  client.close();
});

test("after a refused read, the history keeps no more messages than it shows", async () => {
  jest.useRealTimers();
  const [one] = createChat(1).messages;
  const source = {
    read: jest
      .fn<Source["read"]>()
      .mockRejectedValue(new OvationError(403, ["No"]))
      .mockResolvedValueOnce({ messages: [one!], total: 1 }),
    outbox: createOutbox(Promise.reject, () => undefined),
    report: () => {},
    runCallback: () => {},
  };
  const { history, load, reset, show } = createHistory(source, { keep: 1 });
  await load();
  reset();
  await new Promise((done) => setTimeout(done, 5));
  const showTwo = (first: ChatMessage, second: ChatMessage) => {
    for (const message of [first, second]) show(frameOf(1, [said(message)]));
    return new WeakRef(first);
  };
  const evicted = showTwo(createChat(2).messages[1]!, createChat(3).messages[2]!);
  expect(texts(history)).toEqual(["3"]);
  await new Promise((done) => setTimeout(done, 5));
  collectGarbage();
  expect(evicted.deref()).toBe(undefined);
});

test("the chat is complete at the end, without duplicates, whatever is sent and deleted meanwhile", async () => {
  const wrong: string[] = [];
  for (let seed = 1; seed <= 60; seed++) wrong.push(...(await play(seed)));
  expect(wrong.slice(0, 20)).toEqual([]);
});

test("a message deleted before its frame arrives is not shown empty", async () => {
  const { client, chat, stream, last } = await viewing(2);
  const history = await settled(stream.history());
  const [deletedLater, kept] = [chat.say(), chat.say()];
  last().say(frameOf(1, [said({ ...deletedLater, content: "" }), said(kept)]));
  await pass(1);
  expect(texts(history)).toEqual(["1", "2", "4"]);
  client.close();
});

test("the response of an earlier read that arrives after a later one is ignored", async () => {
  const { client, chat, stream, last } = await viewing(3);
  const history = await settled(stream.history({ limit: 10 }));
  const { promise, resolve: release } = Promise.withResolvers<void>();
  chat.hold = promise;
  last().say(frameOf(1, [], "b"));
  await pass(1);
  last().greet(7, { epoch: "b", recovered: false });
  await pass(1);
  chat.hold = undefined;
  for (let n = 0; n < 2; n++) chat.say();
  last().say(frameOf(1, [], "c"));
  await pass(1);
  last().greet(7, { epoch: "c", recovered: false });
  await pass(1);
  expect(chat.reads).toHaveLength(3);
  expect(texts(history)).toEqual(numbers(1, 5));
  release();
  await pass(1);
  expect(texts(history)).toEqual(numbers(1, 5));
  client.close();
});

test("messages evicted from a fully loaded chat can be loaded again", async () => {
  const { client, chat, stream, last } = await viewing(5);
  const history = await settled(stream.history({ limit: 10, keep: 6 }));
  expect(history.hasOlder).toBe(false);
  for (let n = 0; n < 4; n++) last().say(frameOf(n + 1, [said(chat.say())]));
  await pass(1);
  expect(texts(history)).toEqual(numbers(4, 9));
  expect(history.hasOlder).toBe(true);
  expect(await settled(history.older())).toBe(false);
  expect(texts(history)).toEqual(numbers(1, 9));
  client.close();
});

test("two requests for older messages at once are one read", async () => {
  const { client, chat, stream } = await viewing(60);
  const history = await settled(stream.history({ limit: 10 }));
  const before = chat.reads.length;
  await settled(Promise.all([history.older(), history.older()]));
  expect(chat.reads.length - before).toBe(1);
  expect(texts(history)).toEqual(numbers(1, 60));
  client.close();
});

test("messages deleted while a page loads are not shown by it", async () => {
  const { client, chat, stream, last } = await viewing(5);
  const history = await settled(stream.history());
  const { promise, resolve: arrive } = Promise.withResolvers<void>();
  chat.hold = promise;
  last().say(frameOf(9, [], "b"));
  await pass(1);
  last().greet(9, { epoch: "b", recovered: false });
  await pass(1);
  const ids = chat.messages.slice(1, 4).map(({ _id }) => _id);
  last().say(frameOf(10, ids.map(deleted), "b"));
  arrive();
  await pass(1);
  expect(texts(history)).toEqual(["1", "5"]);
  client.close();
});

test.each([
  ["a stream that is gone is not read again", 404, false],
  ["a chat that is closed is not read again", 400, true],
] as const)("after a failed read: %s", async (_, status, isClosed) => {
  let answer: Response | undefined;
  const chat = createChat(3);
  const reads: string[] = [];
  const fetcher = (async (url: string, wish: RequestInit) => {
    reads.push(url);
    return answer?.clone() ?? chat.fetch(url, wish);
  }) as typeof fetch;
  const { client, follow, last } = createTestClient({ fetch: fetcher });
  const stream = follow();
  await pass(20);
  last().greet();
  await settled(stream.history());
  answer = Response.json({ errors: ["No"] }, { status });
  last().say(frameOf(9, [], "b"));
  await pass(1);
  last().greet(9, { epoch: "b", recovered: false });
  await pass(10);
  if (isClosed) stream.close();
  const before = reads.length;
  expect(before).toBeGreaterThan(1);
  await pass(60_000);
  expect(reads).toHaveLength(before);
  client.close();
});

test.each([
  ["later", false],
  ["while the page loads", true],
])("a repeated message that is older than the page is left to older(): %s", async (_, isEarly) => {
  const { client, chat, stream } = await viewing(230);
  const original = chat.messages[9]!;
  let arrive = () => {};
  if (isEarly)
    chat.hold = new Promise((done) => {
      arrive = done;
    });
  const opening = stream.history({ limit: 20 });
  if (!isEarly) await settled(opening);
  chat.answers.push(() => Response.json(original, { status: 201 }));
  expect(await settled(stream.send("10", { key: "k" }).sent)).toEqual(original);
  arrive();
  const history = await settled(opening);
  expect(texts(history)).toEqual(numbers(211, 230));
  expect(history.pending).toEqual([]);
  while (history.hasOlder) await settled(history.older());
  expect(texts(history)).toEqual(numbers(1, 230));
  client.close();
});

test("a repeated message of a chat that is loaded to its beginning is shown in its place", async () => {
  const { client, chat, stream, last } = await viewing(5);
  const history = await settled(stream.history());
  const missed = chat.say("missed", "me");
  last().say(frameOf(1, [said(chat.say())]));
  chat.answers.push(() => Response.json(missed, { status: 201 }));
  await settled(stream.send("missed", { key: "k" }).sent);
  expect(texts(history)).toEqual([...numbers(1, 5), "missed", "7"]);
  client.close();
});
