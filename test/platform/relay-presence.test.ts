import { listRelayedRooms } from "../../platform/store/log/relays.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { createHeldFrames } from "../../relay/held-frames.ts";
import type { Room, Subscription } from "../../relay/model.ts";
import { createPresence } from "../../relay/presence.ts";
import { addSubscription, countViewer, removeSubscription } from "../../relay/room.ts";
import { createRooms } from "../../relay/rooms.ts";
import { setClock } from "./clock.ts";
import { intercept } from "./intercept.ts";
import { connectionOf } from "./relay-connection.ts";
import { useOwnTable } from "./table.ts";

useOwnTable({ RELAY_URL: "wss://relay.live.acme.com/ws" });

let rooms = 0;

/** A room with users of these names. */
function roomOf(count: number): Room {
  const streamId = (++rooms).toString(16).padStart(24, "c");
  const users = new Map(Array.from({ length: count }, (_, n) => [`u${n}`, { at: n, count: 1 }]));
  return {
    streamId,
    users,
    visits: { add() {}, size: () => 0, settled: async () => undefined },
    held: createHeldFrames(),
    subscriptions: new Set(),
    hasChanged: true,
    end: { epoch: "e", head: 0, newest: 0, totals: { count: 0, credits: 0 } },
    busyAt: 0,
    epochAt: 0,
    leftAt: 0,
    isClosed: false,
  };
}

const written = async ({ streamId }: Room) => {
  const [found] = await listRelayedRooms(streamId, new Date());
  return { names: found?.users.size, hasSketch: found?.sketch !== undefined };
};

test("viewers of a large room are recorded every five seconds, of a small room at once", async () => {
  const presence = createPresence("node");
  for (const [count, isPrompt] of [
    [999, true],
    [1_000, false],
  ] as const) {
    const room = roomOf(count);
    const began = Date.now();
    await presence.keep(room, new Date(began));
    expect(await written(room)).toEqual({ names: count, hasSketch: false });
    room.users.set("later", { at: 1, count: 1 });
    room.hasChanged = true;
    // Of 1,001 users by now, or of 1,000.
    const soon = presence.keep(room, new Date(began + 1_000));
    expect(soon !== undefined).toBe(isPrompt);
    await soon;
    await presence.keep(room, new Date(Date.now() + 5_000));
    expect(await written(room)).toEqual({ names: count + 1, hasSketch: false });
  }
});

test("viewers who stay for hours while nobody arrives or leaves are still recorded", async () => {
  const presence = createPresence("node");
  const room = roomOf(3);
  const began = Date.now();
  await presence.keep(room, new Date(began));
  const expiries = new Set<unknown>();
  for (let minutes = 20; minutes <= 120; minutes += 20) {
    setClock(began + minutes * 60_000);
    await presence.keep(room, new Date());
    const list = await getRawItem(key.relayUsers(room.streamId, "node", 0));
    const expiresAt = list?.expiresAt;
    expect(Number(expiresAt) * 1_000).toBeGreaterThan(Date.now() + 20 * 60_000);
    expiries.add(expiresAt);
  }
  expect(expiries.size).toBe(4);
});

test("a room with more than 10,000 viewers, on any relays, is recorded as a sketch", async () => {
  const presence = createPresence("node");
  const room = roomOf(2_000);
  room.total = 10_000;
  await presence.keep(room, new Date());
  expect(await written(room)).toEqual({ names: 2_000, hasSketch: false });
  Object.assign(room, { total: 10_001, hasChanged: true });
  await presence.keep(room, new Date(Date.now() + 5_000));
  expect(await written(room)).toEqual({ names: 1_000, hasSketch: true });
});

test("a relay that is new in a large room stores its first viewers no more often than others", async () => {
  const presence = createPresence("node");
  const room = { ...roomOf(5), total: 50_000 };
  await presence.settle(room);
  expect(await written(room)).toEqual({ names: undefined, hasSketch: false });
  await presence.keep(room, new Date());
  expect(await written(room)).toEqual({ names: 5, hasSketch: true });
  room.hasChanged = true;
  expect(presence.keep(room, new Date(Date.now() + 1_000))).toBeUndefined();
});

test("viewers are counted at once in a small room, and at most once a second in a large one", async () => {
  const rooms = createRooms("node");
  const began = Date.now();
  for (const [count, soon] of [
    [999, 1_000],
    [1_001, 1_001],
  ] as const) {
    setClock(began);
    const room = roomOf(count);
    expect(await rooms.countViewers(room)).toBe(count);
    room.users.set("later", { at: 1, count: 1 });
    expect(await rooms.countViewers(room)).toBe(soon);
    setClock(began + 1_001);
    // Nobody waits for the count of a large room.
    expect(await rooms.countViewers(room)).toBe(soon);
    expect(await rooms.countViewers(room)).toBe(count + 1);
  }
});

test("a count of a large room that is slow or fails delays nothing for ten seconds", async () => {
  const rooms = createRooms("node");
  const room = roomOf(1_001);
  const began = Date.now();
  setClock(began);
  await rooms.countViewers(room);
  let reads = 0;
  const restore = intercept(async (_sent, next) => {
    reads += 1;
    await next();
    throw new Error("No answer");
  });
  setClock(began + 9_000);
  expect(await Promise.all([rooms.countViewers(room), rooms.countViewers(room)])).toEqual([
    1_001, 1_001,
  ]);
  // The subscribers and the relays are read once for both.
  expect(reads).toBe(2);
  setClock(began + 10_001);
  await expect(rooms.countViewers(room)).rejects.toThrow("No answer");
  restore();
  expect(await rooms.countViewers(room)).toBe(1_001);
});

test("a user counts as a viewer only once their rights are read, and never if refused", async () => {
  const presence = createPresence("node");
  const room = roomOf(1);
  const now = new Date();
  const refused = addSubscription(room, connectionOf("refused"), now);
  const connection = connectionOf("admitted");
  const admitted = addSubscription(room, connection, now);
  await presence.keep(room, now);
  expect(await written(room)).toMatchObject({ names: 1 });
  removeSubscription(refused);
  countViewer(refused);
  countViewer(admitted);
  // A second `subscribe` on the same socket replaces the first, and is refused.
  const again = addSubscription(room, connection, now);
  await presence.keep(room, now);
  expect(await written(room)).toMatchObject({ names: 2 });
  removeSubscription(again);
  await presence.keep(room, now);
  expect(await written(room)).toMatchObject({ names: 1 });
});

test("a user with two sockets is one viewer until both have left, and each is a visit", () => {
  const room = roomOf(0);
  let visits = 0;
  room.visits.add = () => {
    visits += 1;
  };
  const [first, second] = [1, 2].map(() =>
    addSubscription(room, connectionOf("ann"), new Date()),
  ) as [Subscription, Subscription];
  for (const one of [first, second]) countViewer(one);
  expect(room.users.size).toBe(1);
  removeSubscription(first);
  expect([room.users.size, visits]).toEqual([1, 1]);
  removeSubscription(second);
  expect([room.users.size, visits]).toEqual([0, 2]);
});

test("a large room that nobody joins is counted again after ten seconds", async () => {
  const rooms = createRooms("node");
  const began = Date.now();
  setClock(began);
  const room = await rooms.open("e".repeat(24));
  Object.assign(room, { total: 12_000, countedAt: began });
  await rooms.tick(new Date());
  expect(room.total).toBe(12_000);
  setClock(began + 10_001);
  await rooms.tick(new Date());
  expect(room.total).toBe(0);
  await rooms.end();
});

test("a large room's viewers are counted and stored again after the clock was set back", async () => {
  const [rooms, presence] = [createRooms("node"), createPresence("node")];
  const room = roomOf(1_001);
  const began = Date.now();
  setClock(began + 3_600_000);
  await Promise.all([rooms.countViewers(room), presence.keep(room, new Date())]);
  setClock(began);
  room.users.set("later", { at: 1, count: 1 });
  room.hasChanged = true;
  expect(await rooms.countViewers(room)).toBe(1_002);
  await presence.keep(room, new Date());
  expect(await written(room)).toEqual({ names: 1_002, hasSketch: false });
});
