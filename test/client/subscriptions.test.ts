import { jest } from "@jest/globals";
import { createTestClient, pass, streamId } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

/** A subscribed client at frame 0. */
async function greeted(more: object = {}) {
  const held = createTestClient();
  const stream = held.follow(more);
  await pass(20);
  held.last().greet();
  await pass(1);
  return { ...held, stream, unsubscribed: () => held.last().of("unsubscribe").length };
}

test("a reader that is too slow gets an error, is unsubscribed, and can resume from there", async () => {
  const { client, stream, last, notes, unsubscribed } = await greeted();
  const reader = stream[Symbol.asyncIterator]();
  const first = reader.next();
  const ids = (n: number) => Array.from({ length: 3_000 }, (_, at) => `${n}-${at}`);
  for (let n = 1; n <= 6; n++) last().frame(n, ids(n));
  await pass(1);
  expect((await first).value).toMatchObject({ id: "1-0" });
  expect(notes.ends).toEqual([["The reader is too slow", undefined]]);
  expect(unsubscribed()).toBe(1);
  // Buffered events are dropped, and later ones are ignored.
  expect(await reader.next()).toEqual({ done: true, value: undefined });
  expect(notes.heard.length).toBeLessThan(10_100);
  expect(stream.position()).toEqual({ epoch: "e", frame: 0 });
  client.close();
});

test("the position of a lagging reader is the last frame it has read completely", async () => {
  const { client, stream, last } = await greeted();
  const reader = stream[Symbol.asyncIterator]();
  const first = reader.next();
  last().frame(1, ["a", "b"]);
  last().frame(2, ["c"]);
  await pass(1);
  await first;
  expect(stream.position()).toEqual({ epoch: "e", frame: 0 });
  await reader.next();
  expect(stream.position()).toEqual({ epoch: "e", frame: 1 });
  await reader.next();
  expect(stream.position()).toEqual({ epoch: "e", frame: 2 });
  client.close();
});

test("leaving a for await loop unsubscribes", async () => {
  const { client, stream, last, notes, unsubscribed } = await greeted();
  const reading = (async () => {
    for await (const { id } of stream) if (id === "2") break;
  })();
  last().frame(1, ["1", "2", "3"]);
  await pass(1);
  await reading;
  expect(notes.ends).toEqual([["closed", undefined]]);
  expect(unsubscribed()).toBe(1);
  last().frame(2);
  await pass(1);
  expect(notes.heard).toEqual(["1", "2", "3"]);
  client.close();
});

test("a loop that ends with its stream has every event before the end", async () => {
  const { client, stream, last, unsubscribed } = await greeted();
  const heard: string[] = [];
  const reading = (async () => {
    for await (const { id } of stream) heard.push(id);
  })();
  last().frame(1, ["1", "2"]);
  last().say({ type: "unsubscribed", streamId, reason: "blocked" });
  await pass(1);
  await reading;
  expect(heard).toEqual(["1", "2"]);
  expect(unsubscribed()).toBe(0);
  client.close();
});

test("two loops share the events, and both end", async () => {
  const { client, stream, last } = await greeted();
  const heard: string[] = [];
  const read = async () => {
    for await (const { id } of stream) heard.push(id);
  };
  const reading = [read(), read()];
  last().frame(1, ["1", "2", "3"]);
  await pass(1);
  client.close();
  await Promise.all(reading);
  expect(heard.sort()).toEqual(["1", "2", "3"]);
});

test("a loop goes on after another one of its stream was left", async () => {
  const { client, stream, last } = await greeted();
  const heard: string[] = [];
  const leaving = (async () => {
    for await (const { id } of stream) if (id) return id;
    return "none";
  })();
  const staying = (async () => {
    for await (const { id } of stream) heard.push(id);
  })();
  last().frame(1, ["1", "2"]);
  await pass(1);
  expect(await leaving).toBe("1");
  last().frame(2, ["3"]);
  await pass(1);
  expect(heard).toEqual(["2", "3"]);
  client.close();
  await staying;
});

test("after close() in a callback no further event of the frame is delivered", async () => {
  const heard: string[] = [];
  const held = await greeted({
    onEvent({ id }: { id: string }) {
      heard.push(id);
      if (id === "2") held.stream.close();
    },
  });
  held.last().frame(1, ["1", "2", "3"]);
  held.last().frame(2);
  await pass(1);
  expect(heard).toEqual(["1", "2"]);
  expect(held.unsubscribed()).toBe(1);
  held.client.close();
});

test("two listeners of one stream share a subscribe, get all events, and the last one unsubscribes", async () => {
  const { client, stream, follow, last, notes, unsubscribed } = await greeted();
  const other: string[] = [];
  const second = follow({ onEvent: ({ id }: { id: string }) => other.push(id) });
  expect(await second.ready).toEqual({ epoch: "e", frame: 0 });
  expect(last().of("subscribe")).toHaveLength(1);
  last().frame(1);
  await pass(1);
  stream.close();
  stream.close();
  last().frame(2);
  await pass(1);
  expect([notes.heard, other]).toEqual([["1"], ["1", "2"]]);
  expect(unsubscribed()).toBe(0);
  second.close();
  expect(unsubscribed()).toBe(1);
  client.close();
});

test("a listener with an older position gets the frames in between, and the others nothing twice", async () => {
  const { client, stream, follow, last, notes } = await greeted();
  for (let n = 1; n <= 3; n++) last().frame(n);
  await pass(1);
  const other: string[] = [];
  const since = { epoch: "e", frame: 1 };
  const second = follow({ since, onEvent: ({ id }: { id: string }) => other.push(id) });
  expect(last().of("subscribe").at(-1)).toMatchObject({ since });
  // A frame in flight is sent again after the response.
  last().frame(4);
  last().greet(4, { recovered: true });
  for (let n = 2; n <= 5; n++) last().frame(n);
  await pass(1);
  expect(notes.heard).toEqual(["1", "2", "3", "4", "5"]);
  expect(other).toEqual(["2", "3", "4", "5"]);
  expect([stream.position(), second.position()]).toEqual(Array(2).fill({ epoch: "e", frame: 5 }));
  client.close();
});

test("a position that is too old resets only its listener", async () => {
  const resets: unknown[] = [];
  const { client, follow, last, notes } = await greeted({ onReset: () => resets.push("first") });
  for (let n = 1; n <= 3; n++) last().frame(n);
  await pass(1);
  const [other, seconds]: [string[], unknown[]] = [[], []];
  const since = { epoch: "e", frame: 1 };
  follow({
    since,
    onEvent: ({ id }: { id: string }) => other.push(id),
    onReset: (position: unknown) => seconds.push(position),
  });
  last().greet(4, { recovered: false });
  await pass(1);
  expect(last().of("subscribe").at(-1)).toMatchObject({ since: { epoch: "e", frame: 3 } });
  last().greet(4, { recovered: true });
  for (let n = 4; n <= 5; n++) last().frame(n);
  await pass(1);
  expect([resets, seconds]).toEqual([[], [{ epoch: "e", frame: 3 }]]);
  expect([notes.heard, other]).toEqual([
    ["1", "2", "3", "4", "5"],
    ["4", "5"],
  ]);
  client.close();
});

test.each([
  ["of another epoch", { epoch: "old", frame: 1 }],
  ["that the server has not announced", { epoch: "e", frame: 9 }],
])("a position %s is a reset at once", async (_, since) => {
  const { client, follow, last } = await greeted();
  const resets: unknown[] = [];
  follow({ since, onReset: (position: unknown) => resets.push(position) });
  expect(resets).toEqual([{ epoch: "e", frame: 0 }]);
  expect(last().of("subscribe")).toHaveLength(1);
  client.close();
});

test("a listener added while there is no socket starts now, without the frames that others missed", async () => {
  const { client, follow, last, notes } = await greeted();
  last().drop();
  const other: string[] = [];
  const second = follow({ onEvent: ({ id }: { id: string }) => other.push(id) });
  await pass(2_000);
  last().greet(2, { recovered: true });
  for (let n = 1; n <= 3; n++) last().frame(n);
  await pass(1);
  expect(await second.ready).toEqual({ epoch: "e", frame: 2 });
  expect([notes.heard, other]).toEqual([["1", "2", "3"], ["3"]]);
  client.close();
});

test("ready rejects with the refusal if the stream ends before it starts", async () => {
  const ends: unknown[] = [];
  const { client, last, follow } = createTestClient();
  const stream = follow({ onEnd: (...end: unknown[]) => ends.push(end) });
  await pass(20);
  const { requestId } = last().of("subscribe")[0]!;
  const refusal = { statusCode: 404, code: "stream_not_found", errors: ["Not found", "No stream"] };
  last().say({ type: "error", ...refusal, requestId });
  await pass(1);
  await expect(stream.ready).rejects.toMatchObject({ statusCode: 404, code: "stream_not_found" });
  expect(ends).toEqual([["No stream", 404, "stream_not_found"]]);
  client.close();
  // A rejection that no one handles is no uncaught error.
  createTestClient().client.close();
});

test("the number of viewers is reported at first and on changes", async () => {
  const received: number[] = [];
  const { client, stream, last } = await greeted({
    onViewers: (count: number) => received.push(count),
  });
  last().frame(1, ["1"], 1);
  last().frame(2, ["2"], 5);
  last().frame(3, ["3"], 5);
  last().frame(4, ["4"], 4);
  await pass(1);
  expect(received).toEqual([1, 5, 4]);
  expect(stream.viewers()).toBe(4);
  client.close();
});

test("the response to a closed subscription does not count for the next one", async () => {
  const { client, sockets, notes, follow, last } = createTestClient();
  const first = follow();
  await pass(20);
  first.close();
  const before = last().of("subscribe")[0]!;
  const stream = follow({ since: { epoch: "e", frame: 90 } });
  last().say({ ...before, type: "subscribed", epoch: "e", head: 100, viewers: 1 });
  await pass(1);
  expect(stream.position()).toEqual({ epoch: "e", frame: 90 });
  last().greet(100, { recovered: true });
  for (let n = 91; n <= 101; n++) last().frame(n);
  await pass(1);
  expect(notes.heard).toEqual(Array.from({ length: 11 }, (_, n) => `${91 + n}`));
  expect(sockets).toHaveLength(1);
  client.close();
});

test("a duplicate notification is delivered once, also after a thousand others", async () => {
  const received: unknown[] = [];
  const { client, last } = createTestClient({ onNotification: ({ id }) => received.push(id) });
  await pass(20);
  const notify = (n: number) => last().say({ type: "notification", data: { id: `n${n}` } });
  for (let n = 0; n < 1_500; n++) {
    notify(n);
    notify(n);
    if (n > 0) notify(n - 1);
  }
  await pass(1);
  expect(received).toEqual(Array.from({ length: 1_500 }, (_, n) => `n${n}`));
  client.close();
});

test("an onError that throws loses no event and no socket", async () => {
  const heard: string[] = [];
  const held = createTestClient({
    onError() {
      throw new Error("An error of the reporter");
    },
  });
  held.follow({
    onEvent({ id }: { id: string }) {
      heard.push(id);
      throw new Error("An error of the app");
    },
  });
  await pass(20);
  held.last().greet();
  held.last().frame(1, ["1", "2"]);
  // Without advancing time: errors rethrown later, as uncaught errors, must not be thrown here.
  for (let turns = 0; turns < 50; turns++) await Promise.resolve();
  expect(heard).toEqual(["1", "2"]);
  expect(held.sockets).toHaveLength(1);
  held.client.close();
});

test("until all events of a frame are delivered, the position is before that frame", async () => {
  const at: unknown[] = [];
  const held = await greeted({
    onFrame: () => at.push(held.stream.position()?.frame),
    onEvent: () => at.push(held.stream.position()?.frame),
  });
  held.last().frame(1, ["a", "b"]);
  await pass(1);
  expect(at).toEqual([0, 0, 1]);
  expect(held.stream.position()).toEqual({ epoch: "e", frame: 1 });
  held.last().frame(2, []);
  await pass(1);
  expect(at.at(-1)).toBe(2);
  held.client.close();
});

test("for a listener of whole frames, the position includes the frame", async () => {
  const at: unknown[] = [];
  const held = await greeted({
    onEvent: undefined,
    onFrame: () => at.push(held.stream.position()?.frame),
  });
  held.last().frame(1, ["a", "b"]);
  await pass(1);
  expect(at).toEqual([1]);
  held.client.close();
});

test.each([
  ["close() before the last event", "b", 1, ["a", "b"]],
  ["close() at the last event", "c", 2, ["a", "b", "c"]],
  ["the client's close()", "b", 1, ["a", "b"]],
])(
  "a viewer who ends the subscription within a frame resumes without a loss: %s",
  async (what, id, frame, ids) => {
    const heard: string[] = [];
    const held = await greeted({
      onEvent(event: { id: string }) {
        heard.push(event.id);
        const ending = what.includes("client") ? held.client : held.stream;
        if (event.id === id) ending.close();
      },
    });
    held.last().frame(1, ["1"]);
    held.last().frame(2, ["a", "b", "c"]);
    await pass(1);
    expect(heard).toEqual(["1", ...ids]);
    expect(held.stream.position()).toEqual({ epoch: "e", frame });
    held.client.close();
  },
);

test("a reader that lags keeps its position when a callback ends the subscription", async () => {
  const held = await greeted({
    onEvent: ({ id }: { id: string }) => id === "b" && held.stream.close(),
  });
  const reader = held.stream[Symbol.asyncIterator]();
  void reader.next();
  held.last().frame(1, ["1", "2"]);
  held.last().frame(2, ["a", "b", "c"]);
  await pass(1);
  expect(held.stream.position()).toEqual({ epoch: "e", frame: 0 });
  held.client.close();
});

test("a stream that the server serves after its listeners left is unsubscribed again", async () => {
  const { client, stream, last, follow, unsubscribed } = await greeted();
  const other = "b".repeat(24);
  client.subscribe(other);
  stream.close();
  expect(unsubscribed()).toBe(1);
  // The subscribe was handled after the unsubscribe that followed it.
  last().greet(3, { streamId });
  await pass(1);
  expect(unsubscribed()).toBe(2);
  last().say({ type: "pong", heads: { [streamId]: 4, [other]: 1 } });
  await pass(1);
  expect(last().of("unsubscribe")).toMatchObject(Array(3).fill({ streamId }));
  follow();
  last().greet(5);
  last().say({ type: "pong", heads: { [streamId]: 5, [other]: 1 } });
  await pass(1);
  expect(unsubscribed()).toBe(3);
  client.close();
});
