import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { jest } from "@jest/globals";
import WebSocket from "ws";
import { relayConnectionId, relayOf } from "../../domain/log/subscriber.ts";
import { makeTicket } from "../../domain/log/ticket.ts";
import { newSecret } from "../../platform/auth/secret.ts";
import { listSockets, putSocket, type Socket } from "../../platform/store/log/connections.ts";
import { listRelayedRooms, putRelayMessage } from "../../platform/store/log/relays.ts";
import { putTicket } from "../../platform/store/log/tickets.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { startRelay } from "../../relay/relay.ts";
import { intercept } from "./intercept.ts";
import { useOwnTable } from "./table.ts";
import { makeStream, makeUser } from "./wallet-people.ts";

useOwnTable({ RELAY_URL: "wss://relay.live.acme.com/ws", SOCKETS_PER_USER: "3" });

const now = new Date();
const userId = "ann";

/** A new ticket of a user, who may watch only this stream with it. */
async function newTicket(as = userId, streamId?: string): Promise<string> {
  const ticket = newSecret();
  const asking = { userId: as, expiresAt: 4e9, issuedAt: now.getTime() / 1000, tokenId: "" };
  await putTicket(ticket, makeTicket(asking, streamId, now));
  return ticket;
}

/** The headers of a handshake. */
const upgrade = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** A handshake with a new ticket; its status. Hangs up when the response has begun. */
async function handshakeAt(
  port: number,
  {
    path = "/ws",
    as = userId,
    more = {},
  }: { path?: string; as?: string; more?: Record<string, string> } = {},
): Promise<number | undefined> {
  const ticket = await newTicket(as);
  const headers = { ...upgrade, ...more };
  const asked = request({ port, path: `${path}?ticket=${ticket}`, headers }).end();
  const answered = Promise.race([once(asked, "response"), once(asked, "upgrade")]);
  const [{ statusCode }] = (await answered) as [IncomingMessage];
  asked.destroy();
  return statusCode;
}

test("a failed handshake leaves no socket that counts for its user", async () => {
  const relay = await startRelay({ port: 0, host: "127.0.0.1" });
  const restore = intercept(async ({ name, input }, next) => {
    if (name === "QueryCommand" && JSON.stringify(input).includes("SOCKET#"))
      throw new Error("The table does not answer");
    return next();
  });
  const status = await handshakeAt(relay.port).finally(restore);
  await relay.drain(0);
  expect(status).toBe(500);
  expect(await listSockets(userId, now)).toEqual([]);
});

test("a relay without a heartbeat admits no sockets, which it would close within a second", async () => {
  const relay = await startRelay({ port: 0, host: "127.0.0.1" });
  const { now: read } = Date;
  const clock = jest.spyOn(Date, "now").mockImplementation(() => read() + 13_500);
  const status = await handshakeAt(relay.port).finally(() => clock.mockRestore());
  await relay.drain(0);
  expect(status).toBe(503);
});

test("a handshake has the path of the API, and headers no larger than the API accepts", async () => {
  const relay = await startRelay({ port: 0, host: "127.0.0.1" });
  const statuses = await Promise.all([
    handshakeAt(relay.port),
    handshakeAt(relay.port, { path: "/" }),
    handshakeAt(relay.port, { path: "/wss" }),
    handshakeAt(relay.port, { more: { "x-large": "x".repeat(10_240) } }),
    handshakeAt(relay.port, { more: { "x-large": "x".repeat(9_000) } }),
  ]);
  await relay.drain(0);
  expect(statuses).toEqual([101, 404, 404, 431, 101]);
});

test("a session that is revoked during its handshake is closed once its socket is open", async () => {
  const relay = await startRelay({ port: 0, host: "127.0.0.1" });
  const open = async (as: string) => {
    const socket = new WebSocket(`ws://127.0.0.1:${relay.port}/ws?ticket=${await newTicket(as)}`);
    await once(socket, "open");
    return socket;
  };
  // A relay without sockets reads no inbox.
  await open("bob");
  let isSent = false;
  const restore = intercept(async ({ name, input }, next) => {
    const answer = await next();
    if (isSent || name !== "QueryCommand" || !JSON.stringify(input).includes("SOCKET#"))
      return answer;
    isSent = true;
    const [opening] = await listSockets("eve", now);
    const { connectionId } = opening!;
    await putRelayMessage(relayOf(connectionId)!, { connectionId, closes: true }, new Date());
    // The relay reads its inbox meanwhile.
    await new Promise((done) => setTimeout(done, 1_000));
    return answer;
  });
  const socket = await open("eve").finally(restore);
  const closing = once(socket, "close", { signal: AbortSignal.timeout(60_000) });
  const [code] = await closing.finally(() => relay.drain(0));
  expect(code).toBe(1000);
});

test("the connection of a refused handshake ends, even if the client keeps its half open", async () => {
  const relay = await startRelay({ port: 0, host: "127.0.0.1" });
  const socket = connect({ port: relay.port, allowHalfOpen: true });
  socket.write(
    "GET /wrong HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1.1 404 /);
  const failed = once(socket, "error", { signal: AbortSignal.timeout(60_000) });
  // A connection that the server has closed is reset by what comes later.
  const writing = setInterval(() => socket.write("more"), 50);
  const isReset = await failed.then(
    ([{ code }]) => ["EPIPE", "ECONNRESET"].includes(code),
    () => false,
  );
  clearInterval(writing);
  socket.destroy();
  await relay.drain(0);
  expect(isReset).toBe(true);
});

test("a socket that a relay no longer holds is not counted, though it is still listed", async () => {
  const relay = await startRelay({ port: 0, host: "127.0.0.1" });
  expect(await handshakeAt(relay.port, { as: "ida" })).toBe(101);
  const [{ connectionId }] = (await listSockets("ida", now)) as [Socket];
  const node = relayOf(connectionId)!;
  const connectedAt = now.getTime() - 60_000;
  for (const n of [101, 102, 103])
    await putSocket("ida", {
      connectionId: relayConnectionId(node, n),
      connectedAt,
      expiresAt: 4e9,
    });
  const status = await handshakeAt(relay.port, { as: "ida" });
  await relay.drain(0);
  expect(status).toBe(101);
});

test("a handshake is answered while the log of its stream cannot be read", async () => {
  const { id: streamId } = await makeStream(await makeUser("host"));
  const relay = await startRelay({ port: 0, host: "127.0.0.1" });
  const { promise: blocked, resolve: release } = Promise.withResolvers<void>();
  const restore = intercept(async ({ input }, next) => {
    if (JSON.stringify(input).includes("FRAMES#")) await blocked;
    return next();
  });
  const query = `ticket=${await newTicket()}&streamId=${streamId}`;
  const socket = new WebSocket(`ws://127.0.0.1:${relay.port}/ws?${query}`);
  const first = once(socket, "message");
  await once(socket, "open", { signal: AbortSignal.timeout(60_000) }).finally(() => {
    release();
    restore();
  });
  const [message] = await first.finally(() => relay.drain(0));
  expect(JSON.parse(String(message))).toMatchObject({ type: "subscribed", streamId });
});

test("a ticket of one stream opens no other stream that its URL names", async () => {
  const host = await makeUser("host");
  const [own, other] = [await makeStream(host), await makeStream(host)];
  const relay = await startRelay({ port: 0, host: "127.0.0.1" });
  const query = `ticket=${await newTicket("tim", own.id)}&streamId=${other.id}`;
  const socket = new WebSocket(`ws://127.0.0.1:${relay.port}/ws?${query}`);
  const [message] = await once(socket, "message").finally(() => relay.drain(0));
  expect(JSON.parse(String(message))).toMatchObject({ type: "error", code: "stream_not_granted" });
});

test("a client that hangs up during its handshake leaves no socket that counts for its user", async () => {
  const relay = await startRelay({ port: 0, host: "127.0.0.1" });
  const path = `/ws?ticket=${await newTicket("kim")}`;
  const asked = request({ port: relay.port, path, headers: upgrade }).end();
  asked.once("error", () => undefined);
  let isListed = false;
  const restore = intercept(async ({ name, input }, next) => {
    const answer = await next();
    const isListing = name === "QueryCommand" && JSON.stringify(input).includes("SOCKET#");
    if (!isListing || isListed) return answer;
    isListed = true;
    expect(await listSockets("kim", now)).toHaveLength(1);
    asked.destroy();
    // The relay notices it meanwhile.
    await new Promise((done) => setTimeout(done, 500));
    return answer;
  });
  while (!isListed) await new Promise((done) => setTimeout(done, 20));
  await relay.drain(0).finally(restore);
  expect(await listSockets("kim", now)).toEqual([]);
});

test("the visit of a viewer who has vanished is counted when their relay stops", async () => {
  const { id: streamId } = await makeStream(await makeUser("host"));
  const relay = await startRelay({ port: 0, host: "127.0.0.1" });
  const path = `/ws?ticket=${await newTicket("gone")}&streamId=${streamId}`;
  const asked = request({ port: relay.port, path, headers: upgrade }).end();
  // Reads no more, so it does not answer the relay's close.
  const [, socket] = (await once(asked, "upgrade")) as [unknown, Duplex];
  const isOpen = async () => (await listRelayedRooms(streamId, new Date())).length > 0;
  while (!(await isOpen())) await new Promise((done) => setTimeout(done, 20));
  await relay.drain(0);
  // Read before the client hangs up, which would count its visit, too.
  const [audience, sockets] = [
    await getRawItem(key.audience(streamId)),
    await listSockets("gone", now),
  ];
  socket.destroy();
  expect(audience).toMatchObject({ visitors: 1 });
  expect(sockets).toEqual([]);
});

test("a handshake in progress when its relay stops is refused, and leaves no socket", async () => {
  const relay = await startRelay({ port: 0, host: "127.0.0.1" });
  const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const restore = intercept(async ({ name, input }, next) => {
    if (name === "QueryCommand" && JSON.stringify(input).includes("SOCKET#")) {
      begun.resolve();
      await released.promise;
    }
    return next();
  });
  const status = handshakeAt(relay.port, { as: "late" });
  await begun.promise;
  const drained = relay.drain(0);
  released.resolve();
  expect(await status).toBe(503);
  await drained.finally(restore);
  expect(await listSockets("late", now)).toEqual([]);
});
