import { createServer } from "node:http";
import { connect } from "node:net";
import WebSocket from "ws";
import { readAssembly } from "../../local/assembly/index.ts";
import type { Gateway } from "../../local/gateway/index.ts";
import { startGateway } from "../../local/gateway/index.ts";
import { createRunnerRoutes } from "../../local/gateway/runner-routes.ts";
import type { Sockets } from "../../local/gateway/sockets.ts";
import { createSockets } from "../../local/gateway/sockets.ts";
import { awsSocketLimits } from "../../local/gateway/sockets-connection.ts";
import type { Workers } from "../../local/lambda/workers.ts";
import { startWorkers } from "../../local/lambda/workers.ts";
import { createLog } from "../../local/log.ts";
import { listen } from "../../local/reachable.ts";
import { writeSampleAssembly } from "./sample-assembly.ts";

const assembly = writeSampleAssembly();
let gateway: Gateway;
let workers: Workers;
let sockets: Sockets;
const limits = { ...awsSocketLimits, bufferedBytesMax: 64 * 1024 };

/** Everything that functions posted to any connection, including on $disconnect. */
const posted: { connectionId: string; outcome: string; message: { event: SocketEvent } }[] = [];
type SocketEvent = { body?: string; requestContext: Record<string, unknown> };

const endpoint = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text) => {
    body += text;
  });
  request.on("end", () => {
    const connectionId = decodeURIComponent(request.url?.split("/").at(-1) ?? "");
    const outcome = sockets.connections.post(connectionId, Buffer.from(body));
    posted.push({ connectionId, outcome, message: JSON.parse(body) });
    response.writeHead(outcome === "sent" ? 200 : 410).end();
  });
});

beforeAll(async () => {
  const stage = readAssembly({
    directory: assembly.directory,
    stageName: "dev",
    parameters: { "/sample/issuer": "http://issuer" },
  });
  const port = await listen(endpoint);
  workers = startWorkers({
    functions: stage.functions,
    prepare: () => ({ environment: { ENDPOINT: `http://127.0.0.1:${port}` } }),
    line: () => undefined,
  });
  const log = createLog("off", () => undefined);
  gateway = await startGateway({ port: 0, log, runnerRoutes: createRunnerRoutes() });
  sockets = createSockets({ stage, invoke: workers.invoke, log, limits });
  gateway.open({ rest: [], sockets: stage.webSocketApis.map(sockets.mount) });
});

afterAll(async () => {
  await sockets.stop(500);
  await gateway.stop();
  await workers.stop(100);
  await new Promise((resolve) => endpoint.close(resolve));
  assembly.remove();
});

const address = (query: string) => `${gateway.url.replace("http", "ws")}/ws${query}`;

const open = (query = "?token=u1", protocols: string[] = []) =>
  new Promise<WebSocket>((resolve, reject) => {
    const socket = new WebSocket(address(query), protocols);
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });

const nextMessage = (socket: WebSocket) =>
  new Promise<{ event: SocketEvent; message?: string }>((resolve) => {
    socket.once("message", (data) => resolve(JSON.parse(String(data))));
  });

const closeCode = (socket: WebSocket) =>
  new Promise<number>((resolve) => socket.once("close", (code) => resolve(code)));

async function ask(socket: WebSocket, text: string) {
  const answer = nextMessage(socket);
  socket.send(text);
  return await answer;
}

test.each([
  ["", 401],
  ["?token=deny", 403],
  ["?token=broken", 500],
  ["?token=many", 429],
])("a handshake with %j is refused with %i", async (query, status) => {
  await expect(open(query)).rejects.toThrow(`Unexpected server response: ${status}`);
});

test("the subprotocol that $connect returns is selected", async () => {
  const socket = await open("?token=u1", ["bearer", "a.b.c"]);
  expect(socket.protocol).toBe("bearer");
  socket.close();
});

test("a message goes to the route of its action with its caller, anything else to $default", async () => {
  const socket = await open();
  const { event } = await ask(socket, '{"action":"ping","n":1}');
  expect(event).toMatchObject({
    body: '{"action":"ping","n":1}',
    isBase64Encoded: false,
    requestContext: {
      routeKey: "ping",
      eventType: "MESSAGE",
      stage: "ws",
      authorizer: { principalId: "u1", sub: "u1" },
    },
  });
  for (const text of ["no json", "[]", '{"action":"other"}', '{"action":1}', '"ping"']) {
    const other = await ask(socket, text);
    expect(other.event.requestContext.routeKey).toBe("$default");
  }
  const disguised = await ask(socket, '{"action":"$disconnect"}');
  expect(disguised.event.requestContext).toMatchObject({
    routeKey: "$disconnect",
    eventType: "MESSAGE",
  });
  socket.close();
});

test("messages of one connection are handled in order", async () => {
  const socket = await open();
  const bodies: unknown[] = [];
  const all = new Promise<void>((resolve) => {
    socket.on("message", (data) => {
      bodies.push(JSON.parse(JSON.parse(String(data)).event.body).n);
      if (bodies.length === 20) resolve();
    });
  });
  for (let n = 0; n < 20; n += 1) {
    socket.send(JSON.stringify({ action: "ping", n, ...(n % 3 === 0 && { wait: true }) }));
  }
  await all;
  expect(bodies).toEqual(Array.from({ length: 20 }, (_, n) => n));
  socket.close();
});

test("a crash is reported as API Gateway does", async () => {
  const socket = await open();
  const answer = await ask(socket, '{"action":"crash"}');
  expect(answer).toEqual({
    message: "Internal server error",
    connectionId: expect.any(String),
    requestId: expect.any(String),
  });
  socket.close();
});

test("binary data closes with 1003, long frames and long messages with 1009", async () => {
  const binary = await open();
  binary.send(Buffer.from([1, 2]));
  expect(await closeCode(binary)).toBe(1003);

  const fitting = await open();
  const text = "a".repeat(32 * 1024);
  const { event } = await ask(fitting, text);
  expect(event.body).toBe(text);
  fitting.send(`${text}a`);
  expect(await closeCode(fitting)).toBe(1009);

  const pieces = await open();
  for (let n = 0; n < 5; n += 1) pieces.send(text, { fin: false });
  expect(await closeCode(pieces)).toBe(1009);

  const whole = await open();
  const answer = nextMessage(whole);
  for (let n = 0; n < 4; n += 1) whole.send("b".repeat(20_000), { fin: n === 3 });
  expect((await answer).event.body).toBe("b".repeat(80_000));
  whole.close();
});

test("$disconnect has code and reason, and later posts are 410", async () => {
  const socket = await open();
  const { event } = await ask(socket, '{"action":"ping"}');
  const connectionId = String(event.requestContext.connectionId);
  expect(sockets.connections.isOpen(connectionId)).toBe(true);
  socket.close(4000, "bye");
  await closeCode(socket);
  const told = () =>
    posted.find((post) => post.connectionId === connectionId && post.outcome === "gone");
  while (told() === undefined) await new Promise((done) => setTimeout(done, 10));
  expect(told()?.message.event.requestContext).toMatchObject({
    eventType: "DISCONNECT",
    routeKey: "$disconnect",
    disconnectStatusCode: 4000,
    disconnectReason: "bye",
  });
  expect(sockets.connections.isOpen(connectionId)).toBe(false);
  expect(sockets.connections.close(connectionId)).toBe("gone");
});

test("`close` ends a connection with 1000, an idle one ends with 1001", async () => {
  const socket = await open();
  const { event } = await ask(socket, '{"action":"ping"}');
  expect(sockets.connections.close(String(event.requestContext.connectionId))).toBe("closed");
  expect(await closeCode(socket)).toBe(1000);
  // Only here: on a busy machine a socket is idle during a function's first call.
  limits.idleMilliseconds = 5000;
  const idle = await open();
  limits.idleMilliseconds = awsSocketLimits.idleMilliseconds;
  expect(await closeCode(idle)).toBe(1001);
});

test("a client that does not read slows its own posts down, and no others", async () => {
  const slow = await open();
  const { event } = await ask(slow, '{"action":"ping"}');
  const connectionId = String(event.requestContext.connectionId);
  slow.pause();
  const outcomes = new Set<string>();
  for (let n = 0; n < 2000 && !outcomes.has("too_fast"); n += 1) {
    outcomes.add(sockets.connections.post(connectionId, Buffer.alloc(32_000, 97)));
  }
  expect([...outcomes]).toEqual(["sent", "too_fast"]);
  const other = await open();
  expect((await ask(other, '{"action":"ping"}')).event.requestContext.routeKey).toBe("ping");
  slow.terminate();
  other.close();
});

test.each([
  ["no key", "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
  [
    "a subprotocol that is no token",
    "GET /ws?token=u1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
      "Sec-WebSocket-Protocol: a b\r\n\r\n",
  ],
])("a handshake with %s is 400 without any call", async (_name, text) => {
  const before = workers.counts()["sample-auth-socket"]?.invoked;
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  socket.write(text);
  const answer = await new Promise<string>((resolve) => {
    socket.once("data", (data) => resolve(String(data)));
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(workers.counts()["sample-auth-socket"]?.invoked).toBe(before);
  socket.destroy();
});
