import { relayConnectionId } from "../../domain/log/subscriber.ts";
import { listSockets, putSocket } from "../../platform/store/log/connections.ts";
import { type Announcement, onAnnouncement, putFrame } from "../../platform/store/log/frames.ts";
import { markRelay, putRelayMessage } from "../../platform/store/log/relays.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { createBacklog } from "../../relay/backlog.ts";
import { addSubscription, countViewer, removeSubscriptions } from "../../relay/room.ts";
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

test("sockets that could not be removed are removed later", async () => {
  const { ended } = createState();
  const [socket] = sockets as [(typeof sockets)[0]];
  await putSocket(socket.userId, { ...socket, connectedAt: now.getTime(), expiresAt: 4e9 });
  let tries = 0;
  const restore = intercept(async ({ name }, next) => {
    if (name === "BatchWriteCommand" && ++tries === 1) throw new Error("No answer");
    return next();
  });
  ended.add(socket);
  for (let looks = 0; looks < 100 && (await listed()) > 0; looks++)
    await new Promise((done) => setTimeout(done, 50));
  restore();
  expect({ tries, listed: await listed() }).toEqual({ tries: 2, listed: 0 });
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
  for (const connection of connections) countViewer(addSubscription(room, connection, now));
  const { most } = await countWrites(async () => {
    connections.forEach(removeSubscriptions);
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

test("work that is added while other work is in progress is done before the backlog is settled", async () => {
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

test("work that is added just when a backlog becomes empty is done, and so is work after a failure", async () => {
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

let leave: () => unknown = () => undefined;
afterEach(() => leave());

test("on one machine a new frame is announced, and its room shows it without a read", async () => {
  const rooms = createRooms("node");
  const streamId = "b".repeat(24);
  const room = await rooms.open(streamId);
  const announced: Announcement[] = [];
  const end = onAnnouncement((one) => {
    announced.push(one);
    if (one !== "message") void rooms.show(one.streamId, one.frame);
  });
  const { epoch, totals } = room.end;
  const same = { epoch, totals, body: JSON.stringify({ events: [] }), covers: "", newest: 0 };
  const frameOf = (n: number) => ({ ...same, n, revision: 0, expiresAt: 4e9 });
  let reads = 0;
  const restore = intercept(async ({ name }, next) => {
    if (name === "QueryCommand") reads += 1;
    return next();
  });
  leave = async () => {
    restore();
    end();
    await rooms.end();
  };
  expect(await putFrame(streamId, frameOf(1))).toBe(true);
  while (room.end.head === 0) await new Promise((done) => setTimeout(done, 1));
  expect({ announced, reads }).toEqual({ announced: [{ streamId, frame: frameOf(1) }], reads: 0 });
  // A number that is taken announces nothing.
  expect(await putFrame(streamId, frameOf(1))).toBe(false);
  end();
  const heldNumbers = () => room.held.run(1, 10).map(({ frame }) => frame.n);
  // An announcement is missed.
  for (const n of [2, 3]) await putFrame(streamId, frameOf(n));
  await rooms.show(streamId, frameOf(3));
  expect({ reads, held: heldNumbers() }).toEqual({ reads: 1, held: [1, 2, 3] });
  // Two arrive at once, one repeatedly, and one of another log that is not stored.
  for (const n of [4, 5]) await putFrame(streamId, frameOf(n));
  await Promise.all([4, 5, 4].map((n) => rooms.show(streamId, frameOf(n))));
  await rooms.show(streamId, { ...frameOf(6), epoch: "another" });
  expect(heldNumbers()).toEqual([1, 2, 3, 4, 5]);
});

test("on one machine a message for a relay's socket is announced", async () => {
  const heard = new Promise((done) => {
    leave = onAnnouncement(done);
  });
  await putRelayMessage("node", { connectionId: "c1" }, now);
  expect(await heard).toBe("message");
});
