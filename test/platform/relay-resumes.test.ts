import { jest } from "@jest/globals";
import { putFrame } from "../../platform/store/log/frames.ts";
import { getLog } from "../../platform/store/log/logs.ts";
import { deleteItem, putItem } from "../../platform/table/items.ts";
import { key, prefix } from "../../platform/table/keys.ts";
import { socketLimits } from "../../relay/connection.ts";
import type { Connection } from "../../relay/model.ts";
import { refresh } from "../../relay/room.ts";
import { createRooms } from "../../relay/rooms.ts";
import { subscribe } from "../../relay/subscribe.ts";
import { stream as sample } from "../domain/frame-samples.ts";
import { setClock } from "./clock.ts";
import { intercept } from "./intercept.ts";
import { connectionOf } from "./relay-connection.ts";
import { useOwnTable } from "./table.ts";

useOwnTable({ RELAY_URL: "wss://relay.live.acme.com/ws" });

const rooms = createRooms("node");
afterAll(() => rooms.end());

let streams = 0;

/** A stream that this relay does not serve yet; its log has this many frames. */
async function streamWith(count: number, text = "") {
  const streamId = (++streams).toString(16).padStart(24, "e");
  await putItem({ ...key.stream(streamId), ...sample, id: streamId });
  const { epoch, totals } = await getLog(streamId);
  const same = { epoch, totals, covers: "", newest: 0, revision: 1, expiresAt: 4e9 };
  for (let n = 1; n <= count; n++) {
    const body = JSON.stringify({ type: "events", frame: n, text, events: [] });
    await putFrame(streamId, { ...same, n, body });
  }
  return { streamId, since: { epoch, frame: 1 } };
}

/** A socket and the numbers of the frames that it got. */
function socketOf(userId: string) {
  const frames: number[] = [];
  const write = (...parts: Buffer[]) => {
    for (const [, n] of parts.join("").matchAll(/"frame":(\d+)/g)) frames.push(Number(n));
  };
  const connection: Connection = { ...connectionOf(userId), write };
  return { connection, frames };
}

async function until(holds: () => boolean | undefined): Promise<void> {
  for (let tries = 0; tries < 200 && !holds(); tries++)
    await new Promise((done) => setTimeout(done, 20));
}

/** Makes every read of several frames from the first one on fail. Returns what ends that. */
const failFirstFrames = () =>
  intercept(async ({ name, input }, next) => {
    const { ":low": low, ":high": high } = (input.ExpressionAttributeValues ?? {}) as {
      [name: string]: string | undefined;
    };
    const isFrames = name === "QueryCommand" && /^0*1$/.test(low ?? "") && low !== high;
    if (isFrames) throw new Error("The table does not answer");
    return next();
  });

test("a failed read of missed frames concerns only those who waited for it", async () => {
  const request = await streamWith(5);
  const returning = async (userId: string) => {
    const socket = socketOf(userId);
    await subscribe(rooms, socket.connection, request, new Date());
    return socket;
  };
  const restore = failFirstFrames();
  const unlucky = await returning("unlucky");
  const { subscriptions } = unlucky.connection;
  await until(() => subscriptions.get(request.streamId)?.isLive).finally(restore);
  expect(unlucky.frames).toEqual([]);
  const later = await returning("later");
  await until(() => later.frames.length === 4);
  expect(later.frames).toEqual([2, 3, 4, 5]);
});

test("viewers who missed the same frames are sent the same bytes, however slowly they read", async () => {
  const request = await streamWith(40, "x".repeat(1_000));
  const returning = async (userId: string) => {
    const { connection } = socketOf(userId);
    const write = jest.spyOn(connection, "write");
    await subscribe(rooms, connection, request, new Date());
    await until(() => connection.subscriptions.get(request.streamId)?.isLive);
    return new Set(write.mock.calls.flat());
  };
  const [one, other] = [await returning("one"), await returning("other")];
  // A copy for each of thousands who return would take more memory than a relay has.
  expect([one.size, other.size]).toEqual([39, 39]);
  expect([...other].every((bytes) => one.has(bytes))).toBe(true);
});

test("a missed frame that has expired does not hold up those after it", async () => {
  const request = await streamWith(5);
  await deleteItem(key.frame(request.streamId, 3));
  const { connection, frames } = socketOf("returning");
  await subscribe(rooms, connection, request, new Date());
  await until(() => connection.subscriptions.get(request.streamId)?.isLive);
  expect(frames).toEqual([2, 4, 5]);
});

test.each([
  // More than memory holds.
  ["the table", 540],
  ["memory", 60],
])("a slow viewer gets large frames from %s without too much unread at once", async (_, count) => {
  const request = await streamWith(count, "x".repeat(31_900));
  const socket = socketOf("slow");
  const unread = { bytes: 0, most: 0 };
  const { write } = socket.connection;
  const connection: Connection = {
    ...socket.connection,
    // The client has read a little each time.
    unread() {
      unread.bytes = Math.max(0, unread.bytes - 50_000);
      return unread.bytes;
    },
    write(...parts) {
      unread.most = Math.max(unread.most, unread.bytes);
      unread.bytes += Buffer.concat(parts).length;
      write(...parts);
    },
  };
  await subscribe(rooms, connection, request, new Date());
  await until(() => socket.frames.length >= 40);
  expect(socket.frames.slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, n) => n + 2));
  // Above this, the next write disconnects the client.
  expect(unread.most).toBeLessThanOrEqual(socketLimits.unreadBytes);
});

test("a viewer whose repeated subscribe fails while they catch up misses no frame", async () => {
  // More than memory holds, so that the first ones are read from the table.
  const request = await streamWith(600);
  const { connection: socket, frames } = socketOf("impatient");
  let reads = () => frames.length < 3;
  const connection: Connection = {
    ...socket,
    unread: () => (reads() ? 0 : socketLimits.unreadBytes),
  };
  await subscribe(rooms, connection, request, new Date());
  await until(() => frames.length === 3);
  const restore = intercept(async ({ input }, next) => {
    if (!JSON.stringify(input).includes(prefix.members)) return next();
    // The page that was being sent ends meanwhile.
    reads = () => true;
    await new Promise((done) => setTimeout(done, 200));
    throw new Error("The table does not answer");
  });
  const again = subscribe(rooms, connection, { streamId: request.streamId }, new Date());
  await expect(again.finally(restore)).rejects.toThrow("The table does not answer");
  await until(() => connection.subscriptions.get(request.streamId)?.isLive);
  expect(frames).toEqual(Array.from({ length: 599 }, (_, n) => n + 2));
});

test("frames leave a room's memory after five minutes, even if no other follows", async () => {
  const request = await streamWith(5);
  const { connection, frames } = socketOf("returning");
  await subscribe(rooms, connection, request, new Date());
  await until(() => frames.length === 4);
  const room = await rooms.open(request.streamId);
  expect(room.held.first()).toBe(1);
  setClock(Date.now() + 5 * 60_000);
  await refresh(room);
  expect(room.held.first()).toBeUndefined();
});

test("a viewer gets the frames that leave memory while older ones are loaded", async () => {
  const { streamId, since } = await streamWith(3);
  const present = socketOf("present");
  await subscribe(rooms, present.connection, { streamId }, new Date());
  const { epoch, totals } = await getLog(streamId);
  const body = JSON.stringify({ type: "events", frame: 4, events: [] });
  const fourth = { epoch, totals, covers: "", newest: 0, revision: 1, expiresAt: 4e9, n: 4, body };
  await putFrame(streamId, fourth);
  await until(() => present.frames.includes(4));
  const room = await rooms.open(streamId);
  const restore = intercept(async ({ input }, next) => {
    const { ":high": high = "" } = (input.ExpressionAttributeValues ?? {}) as Record<
      string,
      string
    >;
    if (/^0*3$/.test(high)) {
      setClock(Date.now() + 5 * 60_000);
      await refresh(room);
    }
    return next();
  });
  const late = socketOf("late");
  await subscribe(rooms, late.connection, { streamId, since }, new Date());
  await until(() => late.frames.includes(4)).finally(restore);
  expect(late.frames).toEqual([2, 3, 4]);
});
