import { jest } from "@jest/globals";
import { createClient, type Event } from "../../client/index.ts";
import { pollingSocket } from "../../client/polling.ts";
import { blocked, outages, serveEvents, streamId, url } from "./polled-server.ts";

function follow(
  network: ReturnType<typeof blocked>,
  server: ReturnType<typeof serveEvents>,
  token: string | (() => string) = "t",
) {
  const received: unknown[] = [];
  const ends: unknown[] = [];
  const states: string[] = [];
  const viewers: number[] = [];
  const { fetch } = server;
  const client = createClient({
    url,
    fetch,
    token,
    WebSocket: pollingSocket({ url, fetch, WebSocket: network.WebSocket as never }),
    onError: () => {},
    onState: (state) => states.push(state),
  });
  const stream = client.subscribe(streamId, {
    onViewers: (count) => viewers.push(count),
    onEvent: ({ data }: Event) => received.push((data as { content: string }).content),
    onEnd: (...given) => ends.push(given),
  });
  return { client, stream, received, ends, states, viewers };
}

async function soon(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((done) => setTimeout(done, 5));
}

test("after two failed handshakes, frames arrive over HTTP, each once and in order", async () => {
  const [network, server] = [blocked(), serveEvents()];
  server.say("before");
  const { client, stream, received } = follow(network, server);
  await stream.ready;
  expect(network.opened).toHaveLength(2);
  for (let n = 0; n < 5; n++) server.say(`said ${n}`);
  await soon(() => received.length >= 5);
  server.say("after a wait");
  await soon(() => received.length >= 6);
  expect(received).toEqual([...Array.from({ length: 5 }, (_, n) => `said ${n}`), "after a wait"]);
  expect(stream.sums()).toEqual({ likes: 7 });
  expect([...server.tokens]).toEqual(["Bearer t"]);
  client.close();
  const { length } = server.asked;
  server.wake();
  await new Promise((done) => setTimeout(done, 20));
  expect(server.asked).toHaveLength(length);
});

test("a subscription continues at its position, and a viewer who may not read it learns why", async () => {
  const [network, server] = [blocked(), serveEvents()];
  const { client, stream, received, ends } = follow(network, server);
  await stream.ready;
  server.say("one");
  await soon(() => received.length === 1);
  const from = server.asked.at(-1)!.searchParams;
  expect([from.get("epoch"), from.get("wait")]).toEqual(["e", "20"]);
  server.refuse(403);
  await soon(() => ends.length === 1);
  expect(ends).toEqual([["No", undefined, undefined]]);
  client.close();
});

test.each([403, 400])(
  "a subscription that is refused with %i ends with that status",
  async (status) => {
    const [network, server] = [blocked(), serveEvents()];
    server.refuse(status);
    const { client, ends } = follow(network, server);
    await soon(() => ends.length === 1);
    expect(ends).toEqual([["No", status, undefined]]);
    client.close();
  },
);

test.each([
  ["member_blocked", "blocked"],
  ["pass_required", "pass"],
])("%s ends a subscription as over a WebSocket, early or late", async (code, reason) => {
  const [network, server] = [blocked(), serveEvents()];
  const late = follow(network, server);
  await late.stream.ready;
  server.say("one");
  await soon(() => late.received.length === 1);
  server.refuse(403, code);
  await soon(() => late.ends.length === 1);
  expect(late.ends).toEqual([[reason, undefined, undefined]]);
  late.client.close();
  const early = follow(blocked(), server);
  await soon(() => early.ends.length === 1);
  expect(early.ends).toEqual([["No", 403, code]]);
  await expect(early.stream.ready).rejects.toMatchObject({ statusCode: 403, code });
  early.client.close();
});

test("a handshake without a response counts as failed after five seconds", async () => {
  const [network, server] = [blocked({ isSilent: true }), serveEvents()];
  const began = performance.now();
  const { client, stream } = follow(network, server);
  await stream.ready;
  expect(network.opened).toHaveLength(2);
  expect(performance.now() - began).toBeGreaterThan(10_000);
  client.close();
});

test("a read whose response is swallowed is repeated after 25 s", async () => {
  jest.useFakeTimers();
  const [network, server] = [blocked(), serveEvents()];
  const { client, stream, received } = follow(network, server);
  await jest.advanceTimersByTimeAsync(5_000);
  await stream.ready;
  // Nobody wakes the read that waits: the frame is found by the next one.
  server.lose();
  server.say("unheard");
  await jest.advanceTimersByTimeAsync(20_000);
  expect(received).toEqual([]);
  await jest.advanceTimersByTimeAsync(6_000);
  expect(received).toEqual(["unheard"]);
  client.close();
  jest.useRealTimers();
});

describe("later", () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => {
    jest.useRealTimers();
  });
  const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

  test("a WebSocket is tried after half a minute, then every five; one failure leads back to polling", async () => {
    const [network, server] = [blocked(), serveEvents()];
    const { client, received } = follow(network, server);
    for (const [seconds, opened] of [
      [28, 2],
      [7, 3],
      [290, 3],
      [15, 4],
    ] as const) {
      await pass(seconds * 1_000);
      expect(network.opened).toHaveLength(opened);
    }
    server.say("after that");
    await pass(2_000);
    expect(received).toEqual(["after that"]);
    client.close();
  });

  test("after an outage, a viewer whose network allows WebSockets does not poll", async () => {
    const [network, server] = [blocked({ opens: [1, 9] }), serveEvents()];
    const { fetcher, away } = outages(server);
    const { client, states } = follow(network, { ...server, fetch: fetcher });
    await pass(2_000);
    away.set(true);
    network.sockets.at(-1)!.close();
    while (network.opened.length < 8) await pass(500);
    away.set(false);
    while (states.length < 3) await pass(500);
    expect(states).toEqual(["online", "offline", "online"]);
    expect([network.opened.length, server.asked.map(String)]).toEqual([9, []]);
    client.close();
  });

  test("a viewer who polls is offline half a minute after the network went away", async () => {
    const [network, server] = [blocked(), serveEvents()];
    const { fetcher, away } = outages(server);
    const { client, states } = follow(network, { ...server, fetch: fetcher });
    await pass(10_000);
    expect(states).toEqual(["offline", "online"]);
    away.set(true);
    server.wake();
    await pass(30_000);
    expect(states).toEqual(["offline", "online", "offline"]);
    client.close();
  });

  test("a viewer who polls stays online through one failed read", async () => {
    const [network, server] = [blocked(), serveEvents()];
    const { client, states, received } = follow(network, server);
    await pass(10_000);
    server.refuse(503);
    await pass(1_000);
    server.refuse(undefined);
    server.say("after that");
    await pass(2_000);
    expect([states, received]).toEqual([["offline", "online"], ["after that"]]);
    client.close();
  });

  test("an expired token is replaced, and the stream continues", async () => {
    const [network, server] = [blocked(), serveEvents()];
    let isFresh = false;
    const token = () => (isFresh ? "fresh" : "t");
    const { client, received, ends } = follow(network, server, token);
    await pass(10_000);
    isFresh = true;
    server.refuse(401);
    await pass(1);
    server.refuse(undefined);
    server.say("after that");
    await pass(20_000);
    expect([received, ends]).toEqual([["after that"], []]);
    expect([...server.tokens]).toEqual(["Bearer t", "Bearer fresh"]);
    client.close();
  });

  test("a fixed token whose session is ended ends the client, as over a WebSocket", async () => {
    const [network, server] = [blocked(), serveEvents()];
    const { client, ends, states } = follow(network, server);
    await pass(10_000);
    server.refuse(401);
    await pass(1_000);
    const reads = server.asked.length;
    await pass(600_000);
    expect(ends).toEqual([["The token has expired", 401, undefined]]);
    expect(states).toEqual(["offline", "online", "offline", "ended"]);
    expect(server.asked).toHaveLength(reads);
    client.close();
  });

  test("a stream that the viewer leaves is not read any more, and a deleted one ends the subscription", async () => {
    const [network, server] = [blocked(), serveEvents()];
    const { client, stream, ends } = follow(network, server);
    await pass(10_000);
    const gone = client.subscribe(streamId.replace("64", "65"), {
      onEnd: (...given) => ends.push(given),
    });
    await pass(1);
    const reads = () => server.asked.filter(({ pathname }) => pathname.includes(streamId)).length;
    stream.close();
    const before = reads();
    server.say("late");
    await pass(1);
    server.refuse(404);
    await pass(60_000);
    expect(gone.isEnded()).toBe(true);
    expect(ends).toEqual([
      ["closed", undefined, undefined],
      ["No", undefined, undefined],
    ]);
    expect(reads()).toBe(before);
    client.close();
  });

  test("occasional failed handshakes do not count as a blocked network", async () => {
    const [network, server] = [blocked({ opens: [2, 4] }), serveEvents()];
    const { client } = follow(network, server);
    await pass(2_000);
    network.sockets.at(-1)!.close();
    // Two back-offs of at most one and two seconds, and the check of the server's health.
    await pass(4_000);
    expect([network.opened.length, server.asked.length]).toEqual([4, 0]);
    client.close();
  });

  test("a log that was reset is followed from its newest frame", async () => {
    const [network, server] = [blocked(), serveEvents()];
    const { client, received, stream } = follow(network, server);
    await pass(10_000);
    for (const text of ["one", "two"]) server.say(text);
    await pass(1);
    server.restart();
    await pass(5_000);
    server.say("after the restart");
    await pass(10_000);
    expect(received.slice(0, 2)).toEqual(["one", "two"]);
    expect(stream.position()).toEqual({ epoch: "f", frame: 1 });
    // One read at a time, although it has subscribed again.
    const { length } = server.asked;
    server.say("more");
    await pass(1);
    expect(server.asked).toHaveLength(length + 1);
    client.close();
  });

  test("reads without frames do not change the number of viewers", async () => {
    const [network, server] = [blocked(), serveEvents()];
    const { client, stream, viewers } = follow(network, server);
    await pass(10_000);
    expect([viewers, stream.viewers()]).toEqual([[], 0]);
    server.say("one");
    await pass(1);
    expect(viewers).toEqual([1]);
    // A WebSocket is tried, then the first read has no frames again.
    await pass(35_000);
    expect(network.opened).toHaveLength(3);
    server.say("two");
    await pass(1);
    expect([viewers, stream.viewers()]).toEqual([[1], 1]);
    client.close();
  });

  test("a viewer without a network is not online before a read has succeeded", async () => {
    const [network, server] = [blocked(), serveEvents()];
    const { fetcher, away } = outages(server);
    away.set(true);
    const { client, received, states } = follow(network, { ...server, fetch: fetcher });
    await pass(60_000);
    expect(states).toEqual(["offline"]);
    away.set(false);
    while (states.length < 2) await pass(500);
    expect(states).toEqual(["offline", "online"]);
    server.say("back");
    await pass(1);
    expect(received).toEqual(["back"]);
    client.close();
  });

  test("a socket that is closed before it opens stays closed", async () => {
    const [network, server] = [blocked(), serveEvents()];
    const { fetch } = server;
    const Socket = pollingSocket({ url, fetch, WebSocket: network.WebSocket as never });
    const opened: string[] = [];
    const open = (query: string) => {
      const socket = new Socket(`ws://a.example/ws${query}`, ["bearer", "t"]);
      socket.onopen = () => opened.push(query);
      return socket;
    };
    for (const query of ["", `?streamId=${streamId}`]) {
      for (let n = 0; n < 2; n++) open("");
      await pass(1_000);
      const socket = open(query);
      socket.close();
      await pass(400_000);
      expect({ query, opened, state: socket.readyState }).toEqual({ query, opened: [], state: 3 });
    }
  });
});
