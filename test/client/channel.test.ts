import { jest } from "@jest/globals";
import { createTestClient, pass, streamId } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

const channel = "host-1";
const overlayKey = { channel, key: "ovk_1" };
/** What the server sends without a request. */
const announced = { type: "channel", streamId };
const subscribed = (head: number) => ({
  type: "subscribed",
  streamId,
  epoch: "e",
  head,
  viewers: 1,
});

test("a channel's overlay shows what comes right after the server has subscribed it", async () => {
  const made: ReturnType<typeof createTestClient> = createTestClient({
    overlayKey,
    token: undefined,
    onChannel: (newest) => newest !== null && made.follow(),
  });
  const { client, last, notes } = made;
  await pass(20);
  last().say(announced);
  last().say(subscribed(3));
  last().frame(4);
  await pass(10);
  expect(last().of("subscribe")).toEqual([]);
  expect(notes.heard).toEqual(["4"]);
  // Back on another socket it asks for what it missed.
  last().drop();
  await pass(5_000);
  last().say(announced);
  await pass(10);
  expect(last().of("subscribe")).toMatchObject([{ since: { epoch: "e", frame: 4 } }]);
  client.close();
});

test("a lost subscription that the server made is requested by the client", async () => {
  const made: ReturnType<typeof createTestClient> = createTestClient({
    overlayKey,
    token: undefined,
    onChannel: (newest) => newest !== null && made.follow(),
  });
  const { client, last, notes } = made;
  await pass(20);
  last().say(announced);
  await pass(5_000);
  expect(last().of("subscribe")).toHaveLength(1);
  last().greet(3);
  last().frame(4);
  await pass(10);
  expect(notes.heard).toEqual(["4"]);
  client.close();
});

test("a channel's next stream is followed though the server refuses to unsubscribe from the last", async () => {
  let stream: ReturnType<typeof made.follow> | undefined;
  const made: ReturnType<typeof createTestClient> = createTestClient({
    overlayKey,
    token: undefined,
    onChannel(newest) {
      stream?.close();
      stream = made.follow({}, newest ?? undefined);
    },
  });
  const { client, last, notes } = made;
  await pass(20);
  last().say({ ...announced, streamId: "64d15f9e2e6c8f4d5a123999" });
  await pass(10);
  last().say(announced);
  await pass(10);
  // The key is no longer for the last stream.
  const requestId = last().of("unsubscribe")[0]?.requestId;
  last().say({ type: "error", statusCode: 403, errors: ["Not granted"], requestId });
  last().say(subscribed(3));
  last().frame(4);
  await pass(10);
  expect([notes.heard, notes.ends]).toEqual([["4"], [["closed", undefined, undefined]]]);
  client.close();
});

test("onChannel is called when the channel's stream changes, not on each reconnect", async () => {
  const calls: (string | null)[] = [];
  const made: ReturnType<typeof createTestClient> = createTestClient({
    overlayKey,
    token: undefined,
    onChannel(newest) {
      calls.push(newest);
      if (newest !== null) made.follow();
    },
  });
  const { client, last, notes } = made;
  const reconnect = async (newest: string | null) => {
    last().drop();
    await pass(5_000);
    last().say({ type: "channel", streamId: newest });
    await pass(10);
  };
  await pass(20);
  last().say({ type: "channel", streamId: null });
  await pass(10);
  await reconnect(null);
  expect(calls).toEqual([null]);
  last().say(announced);
  last().say(subscribed(3));
  last().frame(4);
  await pass(10);
  await reconnect(streamId);
  last().greet(5, { recovered: true });
  last().frame(5);
  await pass(10);
  expect([calls, notes.heard]).toEqual([
    [null, streamId],
    ["4", "5"],
  ]);
  await reconnect(null);
  expect(calls).toEqual([null, streamId, null]);
  client.close();
});

test("a channel's socket on which the server says nothing for a minute is replaced", async () => {
  const { client, sockets, notes } = createTestClient({ overlayKey, token: undefined });
  await pass(55_000);
  expect(sockets).toHaveLength(1);
  await pass(7_000);
  expect(sockets).toHaveLength(2);
  expect(notes.states).toEqual(["online", "offline", "online"]);
  // Only the server may speak first.
  expect(sockets[0]!.sent).toEqual([]);
  sockets[1]!.say({ type: "channel", streamId: null });
  for (let second = 0, pings = 0; second < 300; second++) {
    await pass(1_000);
    if (sockets[1]!.of("ping").length === pings) continue;
    pings = sockets[1]!.of("ping").length;
    sockets[1]!.say({ type: "pong", heads: {} });
  }
  expect(sockets).toHaveLength(2);
  client.close();
});
