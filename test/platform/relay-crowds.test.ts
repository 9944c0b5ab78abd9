import { relayConnectionId } from "../../domain/log/subscriber.ts";
import { listSockets, putSocket } from "../../platform/store/log/connections.ts";
import { onAnnouncedFrame, putFrame } from "../../platform/store/log/frames.ts";
import { markRelay } from "../../platform/store/log/relays.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { createBacklog } from "../../relay/backlog.ts";
import { admit, enter, leaveAll } from "../../relay/room.ts";
import { createRooms } from "../../relay/rooms.ts";
import { createState } from "../../relay/state.ts";
import { intercept } from "./intercept.ts";
import { connectionOf } from "./relay-connection.ts";
import { useOwnTable } from "./table.ts";

useOwnTable({ RELAY_URL: "wss://relay.live.acme.com/ws", LOCAL: "on" });

/** Writes to the table by name, and the most of them at a time. */
async function countWrites(act: () => Promise<unknown>) {
  const writes: Record<string, number> = {};
  let [open, most] = [0, 0];
  const restore = intercept(async ({ name }, next) => {
    // A room's log is read in the meantime.
    if (/Get|Query/.test(name)) return next();
    writes[name] = (writes[name] ?? 0) + 1;
    open += 1;
    most = Math.max(most, open);
    return next().finally(() => {
      open -= 1;
    });
  });
  await act().finally(restore);
  return { writes, most };
}

const now = new Date();
const sockets = Array.from({ length: 100 }, (_, n) => ({
  userId: `user-${n}`,
  connectionId: `connection-${n}`,
}));
const listed = async () =>
  (await Promise.all(sockets.map(({ userId }) => listSockets(userId, now)))).flat().length;

test("a hundred sockets that open at once are listed by four requests", async () => {
  const open = () =>
    Promise.all(
      sockets.map(({ userId, connectionId }) =>
        putSocket(userId, { connectionId, connectedAt: now.getTime(), expiresAt: 4e9 }),
      ),
    );
  expect((await countWrites(open)).writes).toEqual({ BatchWriteCommand: 4 });
  expect(await listed()).toBe(100);
});

test("a hundred sockets that end at once are removed by four requests, one after the other", async () => {
  const { ended } = createState();
  const end = () => {
    for (const socket of sockets) ended.add(socket);
    return ended.settled();
  };
  expect(await countWrites(end)).toEqual({ writes: { BatchWriteCommand: 4 }, most: 1 });
  expect(await listed()).toBe(0);
});

test("a socket that has ended no longer counts for its user, though it is still listed", async () => {
  const { node, poster, connections } = createState();
  await markRelay(node, now);
  const [open, over] = [relayConnectionId(node, 1), relayConnectionId(node, 2)];
  connections.set(open, connectionOf("user"));
  expect(await poster.probe(open)).toBe("sent");
  expect(await poster.probe(over)).toBe("gone");
});

test("a hundred viewers who leave at once are all counted, with at most 16 writes at a time", async () => {
  const rooms = createRooms("node");
  const streamId = "a".repeat(24);
  const room = await rooms.open(streamId);
  const connections = sockets.map(({ userId }) => connectionOf(userId));
  for (const connection of connections) admit(enter(room, connection, now));
  const { most } = await countWrites(async () => {
    connections.forEach(leaveAll);
    await room.visits.settled();
  });
  expect(most).toBeLessThanOrEqual(16);
  expect(await getRawItem(key.audience(streamId))).toMatchObject({ visitors: 100 });
  await rooms.end();
});

test("at most 64 handshakes are in progress; the others wait, in order", async () => {
  const { handshakes } = createState();
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  for (let n = 0; n < 100; n++)
    handshakes.add(async () => {
      begun.push(n);
      await new Promise<void>((done) => ends.push(done));
    });
  const turn = () => new Promise((done) => setImmediate(done));
  await turn();
  expect(begun).toHaveLength(64);
  expect(handshakes.size()).toBe(100);
  ends.shift()?.();
  await turn();
  expect(begun).toEqual(Array.from({ length: 65 }, (_, n) => n));
  expect(handshakes.size()).toBe(99);
});

test("what is added while others are in progress is done before the backlog is settled", async () => {
  const batches: number[][] = [];
  const backlog = createBacklog<number>({ batchMax: 2 }, async (batch) => {
    batches.push([...batch]);
    if (batches.length === 1) backlog.add(4);
  });
  for (const n of [1, 2, 3]) backlog.add(n);
  await backlog.settled();
  expect(batches).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(backlog.size()).toBe(0);
  backlog.add(5);
  await backlog.settled();
  expect(batches.at(-1)).toEqual([5]);
});

test("what is added just when a backlog becomes empty is done, and so is what follows a failure", async () => {
  for (let turns = 0; turns < 10; turns++) {
    const done: string[] = [];
    const backlog = createBacklog<string>({}, async ([work = ""]) => {
      done.push(work);
      if (work === "fails") throw new Error(work);
    });
    backlog.add("fails");
    backlog.add("first");
    for (let turn = 0; turn < 100 && done.length < 2; turn++) await undefined;
    for (let turn = 0; turn < turns; turn++) await undefined;
    backlog.add("second");
    await new Promise((next) => setImmediate(next));
    expect({ turns, done }).toEqual({ turns, done: ["fails", "first", "second"] });
    expect(backlog.size()).toBe(0);
  }
});

test("on one machine a new frame is announced, and its room reads it", async () => {
  const rooms = createRooms("node");
  const streamId = "b".repeat(24);
  const room = await rooms.open(streamId);
  const announced: string[] = [];
  const end = onAnnouncedFrame((id) => {
    announced.push(id);
    void rooms.wake(id);
  });
  const { epoch, totals } = room.end;
  const frame = { n: 1, epoch, totals, body: JSON.stringify({ events: [] }), covers: "" };
  const next = { ...frame, newest: 0, revision: 0, expiresAt: 4e9 };
  expect(await putFrame(streamId, next)).toBe(true);
  while (room.end.head === 0) await new Promise((done) => setTimeout(done, 1));
  expect(announced).toEqual([streamId]);
  // A number that is taken announces nothing.
  expect(await putFrame(streamId, next)).toBe(false);
  end();
  await rooms.end();
});
