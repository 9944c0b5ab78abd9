import { jest } from "@jest/globals";
import { createClient, type Event } from "../../client/index.ts";
import { pollingSocket } from "../../client/polling.ts";

const streamId = "64d15f9e2e6c8f4d5a123000";
const url = "http://a.example";

/** A network that blocks WebSockets: each handshake fails at once, or hangs. */
function blocked({ isSilent = false } = {}) {
  const opened: number[] = [];
  return {
    opened,
    WebSocket: class {
      readyState = 0;
      onopen: (() => void) | null = null;
      onclose: (() => void) | null = null;
      onmessage = null;
      onerror = null;
      constructor() {
        opened.push(performance.now());
        if (!isSilent) setTimeout(() => this.close());
      }
      send() {}
      close() {
        if (this.readyState === 3) return;
        this.readyState = 3;
        this.onclose?.();
      }
    },
  };
}

/** The server's `GET …/events`: a growing log, and callers who wait for its next frame. */
function serveEvents() {
  const frames: { frame: number; events: object[] }[] = [];
  const asked: URL[] = [];
  const tokens = new Set<string | null>();
  let refusal: number | undefined;
  let waiting: (() => void)[] = [];
  const wake = () => {
    for (const go of waiting) go();
    waiting = [];
  };
  return {
    ...{ asked, tokens, wake },
    /** The responses to those who wait are lost. */
    lose() {
      waiting = [];
    },
    refuse: (status: number) => {
      refusal = status;
      wake();
    },
    say(content: string) {
      const frame = frames.length + 1;
      const event = { id: `e${frame}`, type: "chat.message", at: "", data: { content } };
      frames.push({ frame, events: [event] });
      wake();
    },
    fetch: (async (input: string, { headers, signal }: RequestInit) => {
      const { searchParams } = asked[asked.push(new URL(input)) - 1]!;
      tokens.add(new Headers(headers).get("authorization"));
      const after = searchParams.get("after");
      const from = after === null ? frames.length : Number(after);
      if (searchParams.get("wait") !== "0" && from >= frames.length && refusal === undefined)
        await new Promise<void>((done, fail) => {
          waiting.push(done);
          signal?.addEventListener("abort", () => fail(signal.reason));
        });
      if (refusal !== undefined)
        return Response.json({ data: null, errors: ["No"] }, { status: refusal });
      const made = { type: "events", streamId, epoch: "e", viewers: 1, skipped: 0 };
      const data = {
        ...{ epoch: "e", head: frames.length, recovered: true, sums: { likes: 7 }, moments: [] },
        frames: frames.slice(from).map((one) => ({ ...made, ...one })),
      };
      return Response.json({ data });
    }) as unknown as typeof fetch,
  };
}

function follow(network: ReturnType<typeof blocked>, server: ReturnType<typeof serveEvents>) {
  const received: unknown[] = [];
  const ends: unknown[] = [];
  const { fetch } = server;
  const client = createClient({
    ...{ url, fetch, token: "t" },
    WebSocket: pollingSocket({ url, fetch, WebSocket: network.WebSocket as never }),
    onError: () => {},
  });
  const stream = client.subscribe(streamId, {
    onEvent: ({ data }: Event) => received.push((data as { content: string }).content),
    onEnd: (...given) => ends.push(given),
  });
  return { client, stream, received, ends };
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

test("a viewer who may not read the stream gets the status", async () => {
  const [network, server] = [blocked(), serveEvents()];
  server.refuse(403);
  const { client, ends } = follow(network, server);
  await soon(() => ends.length === 1);
  expect(ends).toEqual([["No", 403, undefined]]);
  client.close();
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

test("a read whose response is swallowed is repeated after 30 s", async () => {
  jest.useFakeTimers();
  const [network, server] = [blocked(), serveEvents()];
  const { client, stream, received } = follow(network, server);
  await jest.advanceTimersByTimeAsync(5_000);
  await stream.ready;
  // Nobody wakes the read that waits: the frame is found by the next one.
  server.lose();
  server.say("unheard");
  await jest.advanceTimersByTimeAsync(25_000);
  expect(received).toEqual([]);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(received).toEqual(["unheard"]);
  client.close();
  jest.useRealTimers();
});
