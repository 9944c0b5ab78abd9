import { jest } from "@jest/globals";
import { pass, streamId, takeInHand } from "./hand.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

const other = "64d15f9e2e6c8f4d5a123001";
const queryOf = ({ url }: { url: string }) => Object.fromEntries(new URL(url).searchParams);
/** What a socket was sent, without what its URL says. */
const messages = ({ sent, url }: { sent: object[]; url: string }) =>
  sent.slice("streamId" in queryOf({ url }) ? 1 : 0);

/** Follows the stream up to frame 4, loses the socket and waits for the next one. */
async function loseSocket({
  follow,
  last,
}: Pick<ReturnType<typeof takeInHand>, "follow" | "last">) {
  follow();
  await pass(20);
  last().greet(3);
  last().frame(4);
  await pass(1);
  last().drop();
  await pass(2_000);
}

test("the first stream is asked for in the URL, and only the others in messages", async () => {
  const { client, follow, last, notes } = takeInHand();
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
  const { client, follow, last, notes, sockets } = takeInHand();
  await loseSocket({ follow, last });
  expect(sockets).toHaveLength(2);
  expect(queryOf(last())).toEqual({ streamId, since: "e:4", moves: "1" });
  expect(messages(last())).toEqual([]);
  const place = { streamId, epoch: "e", head: 5, viewers: 1, recovered: true };
  last().say({ type: "subscribed", ...place });
  last().frame(5);
  // Greeted twice: what comes again is neither lost nor shown again.
  last().say({ type: "subscribed", ...place });
  last().frame(5);
  last().frame(6);
  await pass(1);
  expect(notes.heard).toEqual(["4", "5", "6"]);
  client.close();
});

test("a URL that is not answered is followed by a message, whose answer alone counts then", async () => {
  const { client, follow, last, notes } = takeInHand();
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
  const { client, follow, last, sockets } = takeInHand({}, () => sockets.length < 2);
  await loseSocket({ follow, last });
  expect(queryOf(last())).toEqual({ streamId, since: "e:4", moves: "1" });
  const heard: string[] = [];
  follow({ since: { epoch: "e", frame: 2 }, onEvent: ({ id }: { id: string }) => heard.push(id) });
  last().open();
  expect(messages(last())).toMatchObject([
    { action: "subscribe", since: { epoch: "e", frame: 2 } },
  ]);
  // The URL's own answer comes first and is not meant.
  last().say({ type: "subscribed", streamId, epoch: "e", head: 4, viewers: 1, recovered: true });
  last().greet(4, { recovered: true });
  last().frame(3);
  last().frame(4);
  await pass(1);
  expect(heard).toEqual(["3", "4"]);
  client.close();
});

test("a stream that nobody wants any more once the socket is open is given up", async () => {
  const { client, follow, last } = takeInHand({}, () => false);
  const stream = follow();
  await pass(20);
  stream.close();
  last().open();
  expect(messages(last())).toMatchObject([{ action: "unsubscribe", streamId }]);
  client.close();
});

test("an overlay's URL names the stream of its key, whatever else is asked for", async () => {
  const { client, follow, last } = takeInHand({
    token: undefined,
    overlayKey: { streamId: other, key: "k" },
  });
  follow();
  await pass(20);
  expect(queryOf(last())).toEqual({ key: "k", streamId: other, moves: "1" });
  expect(messages(last())).toMatchObject([
    { action: "subscribe", streamId },
    // It comes with the key, and nobody listens.
    { action: "unsubscribe", streamId: other },
  ]);
  client.close();
});

test("a stream that the URL's answer refuses is over, and says why", async () => {
  const { client, follow, last, notes } = takeInHand();
  follow();
  await pass(20);
  last().say({ type: "error", statusCode: 404, errors: ["Not found", "There is no such stream"] });
  await pass(1);
  expect(notes.ends).toEqual([["There is no such stream", 404, undefined]]);
  client.close();
});

test("an engine whose URL class appends a slash, as React Native's does, asks for /ws", async () => {
  const { URL } = globalThis;
  globalThis.URL = class extends URL {
    constructor(url: string) {
      super(url);
      Object.defineProperty(this, "href", { value: `${url}/` });
    }
  } as typeof URL;
  try {
    for (const url of ["http://127.0.0.1:9", "http://127.0.0.1:9/"]) {
      const { client, follow, last } = takeInHand({ url });
      follow();
      await pass(20);
      expect(last().url).toBe(`ws://127.0.0.1:9/ws?streamId=${streamId}&moves=1`);
      client.close();
    }
  } finally {
    globalThis.URL = URL;
  }
});
