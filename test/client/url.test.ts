import { jest } from "@jest/globals";
import { createTestClient, pass, streamId } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

const other = "64d15f9e2e6c8f4d5a123001";
const queryOf = ({ url }: { url: string }) => Object.fromEntries(new URL(url).searchParams);
/** The messages sent on a socket, without the subscription in its URL. */
const messages = ({ sent, url }: { sent: object[]; url: string }) =>
  sent.slice("streamId" in queryOf({ url }) ? 1 : 0);

/** Follows the stream up to frame 4, loses the socket and waits for the next one. */
async function loseSocket({
  follow,
  last,
}: Pick<ReturnType<typeof createTestClient>, "follow" | "last">) {
  follow();
  await pass(20);
  last().greet(3);
  last().frame(4);
  await pass(1);
  last().drop();
  await pass(2_000);
}

test("the first stream is requested in the URL, the others in messages", async () => {
  const { client, follow, last, notes } = createTestClient();
  follow();
  client.subscribe(other);
  await pass(20);
  expect(queryOf(last())).toEqual({ streamId, moves: "1" });
  expect(messages(last())).toMatchObject([{ action: "subscribe", streamId: other }]);
  last().say({ type: "subscribed", streamId, epoch: "e", head: 3, viewers: 1 });
  last().frame(4);
  await pass(1);
  expect(notes.heard).toEqual(["4"]);
  client.close();
});

test("a reconnecting client sends its position in the URL", async () => {
  const { client, follow, last, notes, sockets } = createTestClient();
  await loseSocket({ follow, last });
  expect(sockets).toHaveLength(2);
  expect(queryOf(last())).toEqual({ streamId, since: "e:4", moves: "1" });
  expect(messages(last())).toEqual([]);
  const place = { streamId, epoch: "e", head: 5, viewers: 1, recovered: true };
  last().say({ type: "subscribed", ...place });
  last().frame(5);
  // Confirmed twice: repeated frames are neither lost nor delivered again.
  last().say({ type: "subscribed", ...place });
  last().frame(5);
  last().frame(6);
  await pass(1);
  expect(notes.heard).toEqual(["4", "5", "6"]);
  client.close();
});

test("an unanswered URL is followed by a message, and then only its response counts", async () => {
  const { client, follow, last, notes } = createTestClient();
  follow();
  await pass(20);
  await pass(5_000);
  const [again] = messages(last()) as { requestId: string }[];
  expect(again).toMatchObject({ action: "subscribe", streamId });
  last().say({ type: "subscribed", streamId, epoch: "e", head: 3, viewers: 1 });
  last().frame(4);
  await pass(1);
  expect(notes.heard).toEqual([]);
  const { requestId } = again!;
  last().say({ type: "subscribed", streamId, epoch: "e", head: 4, viewers: 1, requestId });
  last().frame(5);
  await pass(1);
  expect(notes.heard).toEqual(["5"]);
  client.close();
});

test("a follower added with an older position while the socket opens is subscribed by a message", async () => {
  const { client, follow, last, sockets } = createTestClient({}, () => sockets.length < 2);
  await loseSocket({ follow, last });
  expect(queryOf(last())).toEqual({ streamId, since: "e:4", moves: "1" });
  const heard: string[] = [];
  follow({ since: { epoch: "e", frame: 2 }, onEvent: ({ id }: { id: string }) => heard.push(id) });
  last().open();
  expect(messages(last())).toMatchObject([
    { action: "subscribe", since: { epoch: "e", frame: 2 } },
  ]);
  // The response to the URL comes first and must not count.
  last().say({ type: "subscribed", streamId, epoch: "e", head: 4, viewers: 1, recovered: true });
  last().greet(4, { recovered: true });
  last().frame(3);
  last().frame(4);
  await pass(1);
  expect(heard).toEqual(["3", "4"]);
  client.close();
});

test("a stream whose listeners left before the socket opened is unsubscribed", async () => {
  const { client, follow, last } = createTestClient({}, () => false);
  const stream = follow();
  await pass(20);
  stream.close();
  last().open();
  last().say({ type: "subscribed", streamId, epoch: "e", head: 3, viewers: 1 });
  await pass(1);
  expect(messages(last())).toMatchObject([{ action: "unsubscribe", streamId }]);
  client.close();
});

test("an overlay's URL names the stream of its key, whatever else is requested", async () => {
  const { client, follow, last } = createTestClient({
    token: undefined,
    overlayKey: { streamId: other, key: "k" },
  });
  follow();
  await pass(20);
  expect(queryOf(last())).toEqual({ key: "k", streamId: other, moves: "1" });
  last().say({ type: "subscribed", streamId: other, epoch: "e", head: 3, viewers: 1 });
  await pass(1);
  expect(messages(last())).toMatchObject([
    { action: "subscribe", streamId },
    // It comes with the key, and has no listeners.
    { action: "unsubscribe", streamId: other },
  ]);
  client.close();
});

test("a stream that the URL's response refuses ends with the reason", async () => {
  const { client, follow, last, notes } = createTestClient();
  follow();
  await pass(20);
  last().say({ type: "error", statusCode: 404, errors: ["Not found", "There is no such stream"] });
  await pass(1);
  expect(notes.ends).toEqual([["There is no such stream", 404, undefined]]);
  client.close();
});

test("an engine whose URL class appends a slash, as React Native's does, connects to /ws", async () => {
  const { URL } = globalThis;
  globalThis.URL = class extends URL {
    constructor(url: string) {
      super(url);
      Object.defineProperty(this, "href", { value: `${url}/` });
    }
  } as typeof URL;
  try {
    for (const url of ["http://127.0.0.1:9", "http://127.0.0.1:9/"]) {
      const { client, follow, last } = createTestClient({ url });
      follow();
      await pass(20);
      expect(last().url).toBe(`ws://127.0.0.1:9/ws?streamId=${streamId}&moves=1`);
      client.close();
    }
  } finally {
    globalThis.URL = URL;
  }
});

test.each(["localhost:4000", "127.0.0.1:4000", "live.example.com", "ws://live.example.com"])(
  "the address %p is refused at once, with what is expected",
  (url) => {
    expect(() => createTestClient({ url })).toThrow(
      new TypeError("url: expected http:// or https://"),
    );
  },
);
