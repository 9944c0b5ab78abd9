import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import { afterEach, expect, jest, test } from "@jest/globals";
import type { WebSocket } from "ws";
import { socketLimits, takeConnection } from "../../relay/connection.ts";
import { watchFrames } from "../../relay/websocket-frames.ts";

afterEach(() => {
  jest.useRealTimers();
});

type Handle = (body: string) => Promise<void>;

/** A connection whose client has not read `unread.bytes`. */
function connectionOf(
  unread: { bytes: number },
  onMessage: Handle = async () => {},
  connectedAt = 0,
) {
  const written: Buffer[] = [];
  const ends: string[] = [];
  const socket = Object.assign(new EventEmitter(), {
    readyState: 1,
    OPEN: 1,
    isPaused: false,
    pause: () => Object.assign(socket, { isPaused: true }),
    resume: () => Object.assign(socket, { isPaused: false }),
    close: (code: number) => ends.push(`close ${code}`),
    terminate: () => ends.push("terminate"),
  });
  const raw = Object.assign(new EventEmitter(), {
    cork() {},
    uncork() {},
    write: (bytes: Buffer) => written.push(bytes),
  });
  Object.defineProperty(raw, "writableLength", { get: () => unread.bytes });
  const caller = { userId: "u", roles: [], claims: {}, expiresAt: 0, issuedAt: 0, tokenId: "" };
  const connection = takeConnection({
    id: "relay-n-1",
    caller,
    connectedAt,
    compact: false,
    socket: socket as unknown as WebSocket,
    raw: raw as unknown as Duplex,
    onMessage,
    onClose: () => {},
  });
  return { connection, written, ends, socket };
}

test("a client that does not read is dropped with a megabyte unread, and gets nothing more", () => {
  const unread = { bytes: socketLimits.unreadBytes };
  const { connection, written, ends } = connectionOf(unread);
  connection.send({ type: "pong" });
  expect([written.length, ends]).toEqual([1, []]);
  unread.bytes += 1;
  connection.send({ type: "pong" });
  connection.send({ type: "pong" });
  expect([written.length, ends]).toEqual([1, ["terminate"]]);
  expect(connection.isOpen()).toBe(false);
});

test("a message whose handling fails holds up no later one", async () => {
  const handled: string[] = [];
  const { socket } = connectionOf({ bytes: 0 }, async (body) => {
    handled.push(body);
    if (body === "fails") throw new Error(body);
  });
  for (const body of ["fails", "next"]) socket.emit("message", Buffer.from(body), false);
  await new Promise((done) => setImmediate(done));
  expect(handled).toEqual(["fails", "next"]);
});

test("a client that sends faster than its messages are handled is not read meanwhile", async () => {
  const handled: (() => void)[] = [];
  const { socket } = connectionOf({ bytes: 0 }, () => new Promise((done) => handled.push(done)));
  const send = () => socket.emit("message", Buffer.from("{}"), false);
  for (let n = 0; n < 63; n++) send();
  expect(socket.isPaused).toBe(false);
  send();
  expect(socket.isPaused).toBe(true);
  const turn = () => new Promise((done) => setImmediate(done));
  await turn();
  handled.shift()?.();
  await turn();
  expect(socket.isPaused).toBe(false);
});

test("a connection is pinged while it is silent, and ends after ten minutes", () => {
  const silent = connectionOf({ bytes: 0 });
  silent.connection.keepAlive(socketLimits.idleMilliseconds);
  expect([silent.written.length, silent.ends]).toEqual([1, []]);
  silent.connection.keepAlive(socketLimits.idleMilliseconds + 1);
  expect(silent.ends).toEqual(["close 1001"]);
});

test("a viewer who sends nothing but pongs stays connected for two hours", () => {
  jest.useFakeTimers();
  const began = Date.now();
  const { connection, socket, ends } = connectionOf({ bytes: 0 }, undefined, began);
  const { lifeMilliseconds } = socketLimits;
  for (let at = 0; at <= lifeMilliseconds; at += lifeMilliseconds / 20) {
    jest.setSystemTime(began + at);
    connection.keepAlive(began + at);
    socket.emit("pong");
  }
  expect(ends).toEqual([]);
  connection.keepAlive(began + lifeMilliseconds + 1);
  expect(ends).toEqual(["close 1001"]);
});

test("a client that does not answer a close is cut off after two seconds", () => {
  jest.useFakeTimers();
  const { connection, ends } = connectionOf({ bytes: 0 });
  connection.close(1001);
  connection.close(1000);
  jest.advanceTimersByTime(1_999);
  expect(ends).toEqual(["close 1001"]);
  jest.advanceTimersByTime(1);
  expect(ends).toEqual(["close 1001", "terminate"]);
});

test("messages that wait when a socket closes are not handled", async () => {
  const handled: string[] = [];
  const { connection, socket } = connectionOf({ bytes: 0 }, async (body) => {
    handled.push(body);
    connection.close(1000);
  });
  for (const body of ["first", "next"]) socket.emit("message", Buffer.from(body), false);
  await new Promise((done) => setImmediate(done));
  socket.emit("message", Buffer.from("last"), false);
  await new Promise((done) => setImmediate(done));
  expect(handled).toEqual(["first"]);
});

/** A client frame's header, and a payload of this many bytes. */
function frameOf(bytes: number): Buffer {
  const [short, size] = bytes < 126 ? [bytes, 0] : bytes < 65_536 ? [126, 2] : [127, 8];
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(bytes));
  const head = Buffer.from([0x81, 0x80 | short]);
  return Buffer.concat([head, length.subarray(8 - size), Buffer.alloc(4), Buffer.alloc(bytes)]);
}

test.each([1, 7, 4096])("a frame of too many bytes is detected in chunks of %d bytes", (size) => {
  const sees = (frames: Buffer[]) => {
    const isTooLong = watchFrames(300);
    const all = Buffer.concat(frames);
    let found = false;
    for (let at = 0; at < all.length; at += size) found ||= isTooLong(all.subarray(at, at + size));
    return found;
  };
  expect(sees([frameOf(0), frameOf(100), frameOf(300), frameOf(5)])).toBe(false);
  expect(sees([frameOf(300), frameOf(301)])).toBe(true);
  expect(sees([frameOf(65_536)])).toBe(true);
});
