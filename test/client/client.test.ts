import { createServer } from "node:http";
import { jest } from "@jest/globals";
import { type WebSocket as Socket, WebSocket, WebSocketServer } from "ws";
import {
  type Client,
  createClient,
  type Event,
  type Options,
  OvationError,
} from "../../client/index.ts";
import { makeFrame } from "../../domain/log/frame.ts";
import { listen } from "../../local/reachable.ts";
import { compactText } from "../../platform/push/encodings.ts";
import { chatRecord, emptyLog, now } from "../domain/frame-samples.ts";
import { messageOfUrl } from "./frame-server.ts";

const streamId = "64d15f9e2e6c8f4d5a123000";

/** A server that implements the protocol: a log of frames, and sockets that open and close. */
async function startServer({ compact = false, lose = (): boolean => false } = {}) {
  const bodies: string[] = [];
  const subscribed = new Map<Socket, number>();
  const keys: string[] = [];
  const paths: (string | undefined)[] = [];
  let refusals: (number | "cut")[] = [];
  const http = createServer((request, response) => {
    keys.push(String(request.headers["idempotency-key"]));
    paths.push(request.url);
    const refusal = refusals.shift();
    if (refusal === "cut") return void request.socket.destroy();
    const status = refusal ?? 201;
    const headers = status === 409 ? { "retry-after": "0" } : {};
    response.writeHead(status, { "content-type": "application/json", ...headers });
    const failure = { isSuccess: false, statusCode: status, data: null, errors: ["No", "not now"] };
    response.end(JSON.stringify(status < 300 ? { _id: "m1" } : failure));
  });
  const server = new WebSocketServer({
    server: http,
    path: "/ws",
    handleProtocols: () => "bearer",
  });
  const form = (body: string) => (compact ? compactText(body) : body);
  server.on("connection", (socket, { url }) => {
    socket.on("close", () => subscribed.delete(socket));
    socket.on("message", (data) => {
      const message = JSON.parse(data.toString());
      if (message.action === "ping") {
        const heads = subscribed.has(socket) ? { [streamId]: bodies.length } : {};
        socket.send(JSON.stringify({ type: "pong", heads }));
      }
      if (message.action === "subscribe") subscribe(message);
    });
    const wanted = messageOfUrl(url!);
    if (wanted !== undefined) subscribe(wanted);
    function subscribe({ since, requestId }: NonNullable<typeof wanted>): void {
      const recovered = since === undefined ? undefined : since.epoch === "e1";
      const from = recovered ? since!.frame : bodies.length;
      const head = { epoch: "e1", head: bodies.length, viewers: 1 };
      socket.send(JSON.stringify({ type: "subscribed", streamId, ...head, recovered, requestId }));
      for (const body of bodies.slice(from)) socket.send(form(body));
      subscribed.set(socket, from);
    }
  });
  const port = await listen(http);
  return {
    url: `http://127.0.0.1:${port}`,
    sockets: server.clients,
    keys,
    paths,
    refuse: (...statuses: (number | "cut")[]) => {
      refusals = statuses;
    },
    say(text: string): void {
      const end = { ...emptyLog, head: bodies.length };
      const record = chatRecord(bodies.length + 1, text);
      bodies.push(makeFrame(end, [record], { streamId, viewers: 1 }, now).frame.body);
      for (const socket of subscribed.keys()) if (!lose()) socket.send(form(bodies.at(-1)!));
    },
    async stop(): Promise<void> {
      for (const socket of server.clients) socket.terminate();
      await new Promise((done) => server.close(done));
      await new Promise((done) => http.close(done));
    },
  };
}

const options = (url: string, more: Partial<Options> = {}): Options => ({
  url,
  token: "token",
  WebSocket: WebSocket as unknown as NonNullable<Options["WebSocket"]>,
  ...more,
});
const contentOf = (event: Event) =>
  event.type === "chat.message" ? event.data.content : `not a message: ${event.type}`;

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setTimeout(done, 10));
}

test.each([false, true])(
  "each event arrives once and in order, whatever is lost (compact: %s)",
  async (compact) => {
    let count = 0;
    const server = await startServer({ compact, lose: () => ++count % 7 === 0 });
    const client = createClient(options(server.url, { compact }));
    const heard: string[] = [];
    const subscription = client.subscribe(streamId, {
      onEvent: (event) => heard.push(contentOf(event)),
    });
    await until(() => subscription.position() !== undefined);
    for (let n = 1; n <= 60; n++) {
      server.say(`${n}`);
      if (n % 20 === 0) for (const socket of server.sockets) socket.terminate();
      await new Promise((done) => setTimeout(done, 5));
    }
    await until(() => heard.length >= 55);
    server.say("61");
    server.say("62");
    await until(() => heard.length >= 60);
    expect(heard.slice(0, 60)).toEqual(Array.from({ length: 60 }, (_, n) => `${n + 1}`));
    client.close();
    await server.stop();
  },
);

test("for await gives events until the subscription ends", async () => {
  const server = await startServer();
  const client = createClient(options(server.url));
  const subscription = client.subscribe(streamId);
  await until(() => subscription.position() !== undefined);
  const heard: string[] = [];
  const reading = (async () => {
    for await (const event of subscription) {
      heard.push(contentOf(event));
      if (heard.length === 3) subscription.close();
    }
  })();
  for (const text of ["a", "b", "c"]) server.say(text);
  await reading;
  expect(heard).toEqual(["a", "b", "c"]);
  client.close();
  await server.stop();
});

test("a call with a lost response is retried with the same key, and a refusal is reported", async () => {
  const server = await startServer();
  const client = createClient(options(server.url));
  server.refuse("cut", 503, 409);
  expect(await client.sendMessage(streamId, "hello")).toEqual({ _id: "m1" });
  expect(server.keys).toHaveLength(4);
  expect(new Set(server.keys).size).toBe(1);
  server.refuse(403);
  await expect(client.sendMessage(streamId, "hello")).rejects.toThrow(OvationError);
  client.close();
  await server.stop();
});

const passing: [number, number][] = [408, 425, 429].map((status) => [status, 2]);
const lasting: [number, number][] = [400, 401, 403, 404, 410, 413, 415, 422].map((status) => [
  status,
  1,
]);
test.each([...passing, ...lasting])(
  "after a %s the client makes %s attempts",
  async (status, tries) => {
    const server = await startServer();
    const client = createClient(options(server.url));
    server.refuse(status);
    const said = client.sendMessage(streamId, "hello");
    if (tries > 1) expect(await said).toEqual({ _id: "m1" });
    else
      await expect(said).rejects.toMatchObject({ statusCode: status, errors: ["No", "not now"] });
    expect(server.keys).toHaveLength(tries);
    client.close();
    await server.stop();
  },
);

test.each<[string, RegExp, (client: Client) => Promise<unknown>]>([
  [
    "a key with non-ASCII letters",
    /^Idempotency-Key/,
    (c) => c.sendMessage(streamId, "hi", "schlüssel"),
  ],
  [
    "a key that is invalid in a header",
    /^Idempotency-Key/,
    (c) => c.sendGift(streamId, streamId, "\u{1f600}"),
  ],
  ["a key with a line break", /^Idempotency-Key/, (c) => c.sendSuperlike(streamId, "a\nb")],
  ["an empty key", /^Idempotency-Key/, (c) => c.sendSuperlike(streamId, "")],
  ["a long key", /^Idempotency-Key/, (c) => c.sendSuperlike(streamId, "k".repeat(129))],
  ["no stream", /^streamId/, (c) => c.sendMessage("", "hi")],
  ["no stream to like", /^streamId/, (c) => c.sendSuperlike("")],
  ["a value that is not JSON", /BigInt/, (c) => c.sendMessage(streamId, 1n as never)],
  ["a GET with a body", /GET/, (c) => c.call("GET", "/api/v1/wallet", {})],
  ["another host", /^path/, (c) => c.call("GET", "@example.com/")],
])("%s throws at once, and nothing is sent", async (_, problem, mistake) => {
  const server = await startServer();
  const client = createClient(options(server.url));
  // No time passes, so nothing that is tried again after a while ends.
  jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask", "setImmediate", "performance"] });
  const error = await mistake(client)
    .catch((thrown: unknown) => thrown)
    .finally(() => jest.useRealTimers());
  expect(error).toMatchObject({ name: "TypeError", message: expect.stringMatching(problem) });
  expect(server.keys).toEqual([]);
  client.close();
  await server.stop();
});

test("a stream's id is encoded in the path, and methods are case-insensitive", async () => {
  const server = await startServer();
  const client = createClient(options(server.url));
  expect(() => client.subscribe("")).toThrow(TypeError);
  await client.sendMessage("a/../b?c", "hello");
  expect(server.paths).toEqual(["/api/v1/live-stream/a%2F..%2Fb%3Fc/chat/messages"]);
  server.refuse("cut");
  await client.call("post", "/api/v1/gifts/create", {});
  expect(server.keys[1]).toMatch(/^[0-9a-f-]{36}$/);
  expect(server.keys[2]).toBe(server.keys[1]);
  client.close();
  await server.stop();
});

test("the client reconnects with a fresh token, but not after codes from 4500 up", async () => {
  const server = await startServer();
  let tokens = 0;
  const states: string[] = [];
  const client = createClient(
    options(server.url, { token: () => `t${++tokens}`, onState: (state) => states.push(state) }),
  );
  await until(() => server.sockets.size === 1);
  const [first] = server.sockets;
  first!.close();
  // The client may ask again before the server has seen the first one close.
  await until(() => server.sockets.size === 1 && !server.sockets.has(first!));
  expect(tokens).toBe(2);
  for (const socket of server.sockets) socket.send(JSON.stringify({ type: "closing", code: 4500 }));
  await until(() => states.at(-1) === "ended");
  expect(states).toEqual(["online", "offline", "online", "ended"]);
  client.close();
  await server.stop();
});
