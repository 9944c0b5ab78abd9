/** Who is subscribed to a relay's room, and who no longer is. */
import { jest } from "@jest/globals";
import type { Frame } from "../../domain/log/frame.ts";
import { subscribedAt } from "../../domain/log/subscriber.ts";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { putFrame } from "../../platform/store/log/frames.ts";
import { findLog, getLog, newLog } from "../../platform/store/log/logs.ts";
import { putRelayedRoom, putRelayMessage } from "../../platform/store/log/relays.ts";
import type { Visit } from "../../platform/store/log/subscribers.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { putItem } from "../../platform/table/items.ts";
import { key, prefix } from "../../platform/table/keys.ts";
import { createInboxReader } from "../../relay/inbox.ts";
import type { Connection, Subscription } from "../../relay/model.ts";
import { startPeriodicWork } from "../../relay/periodic-work.ts";
import { addSubscription, countViewer, refresh, removeSubscription } from "../../relay/room.ts";
import { createRooms } from "../../relay/rooms.ts";
import { createState } from "../../relay/state.ts";
import { subscribe } from "../../relay/subscribe.ts";
import { picture, stream as sample } from "../domain/frame-samples.ts";
import { intercept } from "./intercept.ts";
import { liveStreamOf } from "./live-stream.ts";
import { connectionOf, untilHeard } from "./relay-connection.ts";
import { useOwnTable } from "./table.ts";
import { makeUser, someone } from "./wallet-people.ts";

useOwnTable({ RELAY_URL: "wss://relay.live.acme.com/ws" });

const rooms = createRooms("node");
const others = [createRooms("another"), createRooms("a third")] as const;
afterAll(() => Promise.all([rooms, ...others].map((one) => one.end())));

const now = new Date();
let streams = 0;

/** A stream of `host`, where `ben` moderates. */
async function makeStream(more: object = {}): Promise<string> {
  const streamId = (++streams).toString(16).padStart(24, "d");
  await putItem({ ...key.stream(streamId), ...sample, ...more, id: streamId });
  return streamId;
}

/** A socket, and what it was sent: messages by their type, frames by their number. */
function socketOf(userId: string) {
  const got: (string | number)[] = [];
  const connection: Connection = {
    ...connectionOf(userId),
    send: (message) => void got.push((message as { type: string }).type),
    write(...parts) {
      for (const [, n] of parts.join("").matchAll(/"frame":(\d+)/g)) got.push(Number(n));
    },
  };
  return { connection, got };
}

async function watch(streamId: string, userId: string) {
  const socket = socketOf(userId);
  await subscribe(rooms, socket.connection, { streamId }, now);
  return socket;
}

/** Stores the next frames of a log, of which one may block a user. */
async function addFrames(streamId: string, frames: Partial<Frame>[]): Promise<void> {
  const { epoch, totals } = await getLog(streamId);
  const same = { epoch, totals, covers: "", newest: 0, revision: 1, expiresAt: 4e9 };
  for (const frame of frames) {
    const body = JSON.stringify({ type: "events", frame: frame.n, events: [] });
    await putFrame(streamId, { ...same, body, n: 0, ...frame });
  }
}

const blocked = { ban: { id: "b1", actionType: "BLOCK", endsAt: null } };
const block = (streamId: string, userId: string) =>
  putItem({ ...key.member(streamId, userId), userId, ...blocked });
const passOf = (streamId: string, userId: string) => ({
  ...key.member(streamId, userId),
  userId,
  pass: { giftId: "a".repeat(24), at: now.toISOString() },
});

test("a blocked user gets the frames before their ban, and none from it on", async () => {
  const streamId = await makeStream();
  const [ann, eva] = [await watch(streamId, "ann"), await watch(streamId, "eva")];
  await block(streamId, "ann");
  await addFrames(streamId, [{ n: 1 }, { n: 2, blocks: ["ann"] }, { n: 3 }]);
  await refresh(await rooms.open(streamId));
  expect(ann.got).toEqual(["subscribed", 1, "unsubscribed"]);
  expect(eva.got).toEqual(["subscribed", 1, 2, 3]);
});

test.each([
  ["their ban, before its frame", blocked, { reason: "blocked", code: "member_blocked" }],
  ["the loss of their pass, before the message", {}, { reason: "pass", code: "pass_required" }],
])("a viewer who subscribes again after %s, is unsubscribed once", async (_, left, loss) => {
  const streamId = await makeStream({ price: 10 });
  await putItem(passOf(streamId, "ann"));
  const { got, connection } = await watch(streamId, "ann");
  const send = jest.spyOn(connection, "send");
  await putItem({ ...key.member(streamId, "ann"), userId: "ann", ...left });
  const again = () => subscribe(rooms, connection, { streamId }, now);
  await expect(again()).rejects.toMatchObject({ code: loss.code });
  expect(got).toEqual(["subscribed", "unsubscribed"]);
  expect(send).toHaveBeenCalledWith({ type: "unsubscribed", streamId, reason: loss.reason });
  await expect(again()).rejects.toMatchObject({ code: loss.code });
  await addFrames(streamId, [{ n: 1, blocks: ["ann"] }]);
  await refresh(await rooms.open(streamId));
  expect(got).toEqual(["subscribed", "unsubscribed"]);
});

test("a viewer whose repeated subscribe fails stays subscribed and misses no frame", async () => {
  const streamId = await makeStream();
  const { got, connection } = await watch(streamId, "ann");
  await addFrames(streamId, [{ n: 1 }]);
  const restore = intercept(({ input }, next) =>
    JSON.stringify(input).includes(prefix.members)
      ? Promise.reject(new Error("The table did not answer"))
      : next(),
  );
  const again = subscribe(rooms, connection, { streamId }, now).finally(restore);
  await expect(again).rejects.toThrow("The table did not answer");
  await addFrames(streamId, [{ n: 2 }]);
  await refresh(await rooms.open(streamId));
  expect(got).toEqual(["subscribed", 1, 2]);
});

test("a viewer returns with a frame that their relay has not read yet, and loses nothing", async () => {
  const streamId = await makeStream();
  const room = await rooms.open(streamId);
  // Only the viewer's request makes it read.
  clearTimeout(room.timer);
  await addFrames(streamId, [{ n: 1 }]);
  const { connection } = socketOf("ann");
  const send = jest.spyOn(connection, "send");
  const since = { epoch: room.end.epoch, frame: 1 };
  await subscribe(rooms, connection, { streamId, since }, now);
  expect(send).toHaveBeenCalledWith(expect.objectContaining({ head: 1, recovered: true }));
});

test("a user whose ban was lifted before its frame arrived stays subscribed", async () => {
  const streamId = await makeStream();
  const { got, connection } = await watch(streamId, "ann");
  await putItem({ ...key.member(streamId, "ann"), userId: "ann", ban: null });
  await addFrames(streamId, [{ n: 1, blocks: ["ann"] }]);
  await refresh(await rooms.open(streamId));
  expect(got).toEqual(["subscribed", 1]);
  expect(connection.subscriptions.size).toBe(1);
});

test.each([
  ["a restore", 0],
  ["a restore, also after the clock was set back", Date.now() + 3_600_000],
])("a room follows its log into the epoch that begins with %s", async (_, epochAt) => {
  const streamId = await makeStream();
  const { got } = await watch(streamId, "ann");
  await addFrames(streamId, [{ n: 1 }, { n: 2 }]);
  const room = await rooms.open(streamId);
  await refresh(room);
  const log = { ...newLog(), posted: 2 };
  await putItem({ ...key.log(streamId), ...log });
  room.epochAt = epochAt;
  await refresh(room);
  expect(room.end).toMatchObject({ epoch: log.epoch, head: 2 });
  await addFrames(streamId, [{ n: 3 }]);
  await refresh(room);
  expect(got).toEqual(["subscribed", 1, 2, 3]);
});

test("a room that its viewers left before the clock was set back is closed", async () => {
  const room = await rooms.open(await makeStream());
  room.leftAt = Date.now() + 3_600_000;
  await rooms.tick(new Date());
  expect(room.isClosed).toBe(true);
});

test("a viewer who returns after a restore gets the frames that were stored before the room noticed it", async () => {
  const streamId = await makeStream();
  await watch(streamId, "ann");
  await addFrames(streamId, [{ n: 1 }, { n: 2 }]);
  const room = await rooms.open(streamId);
  await refresh(room);
  const log = { ...newLog(), posted: 2 };
  await putItem({ ...key.log(streamId), ...log });
  await addFrames(streamId, [{ n: 3 }]);
  room.epochAt = 0;
  await refresh(room);
  const { got, connection } = socketOf("eva");
  const since = { epoch: log.epoch, frame: 2 };
  await subscribe(rooms, connection, { streamId, since }, now);
  await untilHeard(got, 2);
  expect(got).toEqual(["subscribed", 3]);
});

test("a viewer who comes after a restore gets the sums that were counted then", async () => {
  const streamId = await makeStream();
  const likesAfter = async (counted: number, userId: string) => {
    await putItem({ ...key.log(streamId), ...newLog(), sums: { likes: counted } });
    (await rooms.open(streamId)).epochAt = 0;
    const { connection } = socketOf(userId);
    const send = jest.spyOn(connection, "send");
    await subscribe(rooms, connection, { streamId }, now);
    return send.mock.calls.map(([message]) => (message as { sums: unknown }).sums);
  };
  expect(await likesAfter(5, "ann")).toEqual([{ likes: 5 }]);
  expect(await likesAfter(3, "eva")).toEqual([{ likes: 3 }]);
});

test("frames that were being read when a log began again are not taken for those of the new one", async () => {
  const streamId = await makeStream();
  await addFrames(streamId, [{ n: 1 }, { n: 2 }]);
  const room = await rooms.open(streamId);
  const { promise: restored, resolve: restore } = Promise.withResolvers<void>();
  const [first, last] = [1, 2].map((n) => key.frame(streamId, n).SK);
  const undo = intercept(async ({ input }, next) => {
    const text = JSON.stringify(input);
    const answer = await next();
    if (text.includes(`"${first}"`) && text.includes(`"${last}"`)) await restored;
    return answer;
  });
  const since = { epoch: room.end.epoch, frame: 0 };
  await subscribe(rooms, socketOf("ann").connection, { streamId, since }, now);
  const log = { ...newLog(), posted: 2 };
  await putItem({ ...key.log(streamId), ...log });
  await addFrames(streamId, [{ n: 3 }]);
  room.epochAt = 0;
  await refresh(room);
  restore();
  undo();
  await new Promise((done) => setTimeout(done, 50));
  const { got, connection } = socketOf("eva");
  const later = { epoch: log.epoch, frame: 2 };
  await subscribe(rooms, connection, { streamId, since: later }, now);
  await untilHeard(got, 2);
  expect(got).toEqual(["subscribed", 3]);
});

test("an overlay gets the frames and is no viewer", async () => {
  const streamId = await makeStream();
  const overlay = await watch(streamId, "overlay:1");
  await addFrames(streamId, [{ n: 1 }]);
  const room = await rooms.open(streamId);
  await refresh(room);
  expect(overlay.got).toEqual(["subscribed", 1]);
  expect(room.users.size).toBe(0);
});

test("a visit lasts from the first subscription of a socket, however often it subscribes", async () => {
  const streamId = await makeStream();
  const room = await rooms.open(streamId);
  const visits: Visit[] = [];
  const { add } = room.visits;
  room.visits.add = (visit) => void visits.push(visit);
  const { connection } = socketOf("ann");
  for (const minutes of [0, 5])
    countViewer(addSubscription(room, connection, new Date(60_000 * minutes)));
  await putItem({ ...key.stream(streamId), ...sample, status: "ended", id: streamId });
  await subscribe(rooms, connection, { streamId }, now);
  for (const one of [...connection.subscriptions.values()]) removeSubscription(one);
  expect(visits.map(subscribedAt)).toEqual([0]);
  const { subscriptions } = (await watch(streamId, "late")).connection;
  for (const one of subscriptions.values()) removeSubscription(one);
  room.visits.add = add;
  expect(visits.map(({ isLate }) => isLate)).toEqual([false, true]);
});

test("a socket has at most forty streams, and may subscribe again to each of them", async () => {
  const streamId = await makeStream();
  const { connection, got } = await watch(streamId, "ann");
  for (let n = 1; n < 40; n++) connection.subscriptions.set(`${n}`, {} as Subscription);
  const another = { streamId: await makeStream() };
  await expect(subscribe(rooms, connection, another, now)).rejects.toMatchObject({
    code: "too_many_streams",
  });
  await subscribe(rooms, connection, { streamId }, now);
  expect(got).toEqual(["subscribed", "subscribed"]);
});

test("a user whose pass is refunded while they subscribe does not stay subscribed", async () => {
  const streamId = await makeStream({ price: 10 });
  await rooms.open(streamId);
  await putItem(passOf(streamId, "ann"));
  const { pass: _, ...without } = passOf(streamId, "ann");
  // Their rights are read with the list of the stream's members.
  const restore = intercept(async ({ name, input }, next) => {
    const answer = await next();
    const isList = name === "QueryCommand" && JSON.stringify(input).includes(prefix.members);
    if (isList) await putItem(without);
    return answer;
  });
  const { got, connection } = await watch(streamId, "ann").finally(restore);
  expect(got).toEqual(["unsubscribed"]);
  expect(connection.subscriptions.size).toBe(0);
});

test.each([
  ["a viewer is unsubscribed", "ann", ["subscribed", "unsubscribed"]],
  ["a moderator stays subscribed", "ben", ["subscribed"]],
])("after the refund of their pass %s", async (_, userId, expected) => {
  const streamId = await makeStream({ price: 10 });
  const { pass, ...member } = passOf(streamId, userId);
  await putItem({ ...member, pass });
  const { got, connection } = await watch(streamId, userId);
  await putItem(member);
  const node = `node of ${userId}`;
  const connections = new Map([["c1", connection]]);
  const readInbox = createInboxReader({ node, connections, opening: new Set() });
  await putRelayMessage(node, { connectionId: "c1", recheck: streamId }, now);
  await readInbox();
  expect(got).toEqual(expected);
});

test("a viewer who was blocked without an event is unsubscribed from that stream alone", async () => {
  const [streamId, other] = [await makeStream(), await makeStream()];
  const { got, connection } = await watch(streamId, "ann");
  await subscribe(rooms, connection, { streamId: other }, now);
  await block(streamId, "ann");
  const node = "node of a blocked viewer";
  const connections = new Map([["c1", connection]]);
  const readInbox = createInboxReader({ node, connections, opening: new Set() });
  await putRelayMessage(node, { connectionId: "c1", rechecksBans: true }, now);
  await readInbox();
  expect(got).toEqual(["subscribed", "subscribed", "unsubscribed"]);
  expect([...connection.subscriptions.keys()]).toEqual([other]);
});

test("a refused subscription is neither counted nor listed", async () => {
  const streamId = await makeStream();
  const room = await rooms.open(streamId);
  await block(streamId, "ann");
  const { connection, got } = socketOf("ann");
  const refused = expect.objectContaining({ code: "member_blocked" });
  await expect(subscribe(rooms, connection, { streamId }, now)).rejects.toEqual(refused);
  expect([got, connection.subscriptions.size, room.subscriptions.size]).toEqual([[], 0, 0]);
});

test("a viewer of a full room stays when they subscribe again, though no list names them yet", async () => {
  const streamId = await makeStream({ room: { MaxMemberCount: 1 } });
  // In a large room names are not written at once.
  Object.assign(await rooms.open(streamId), { total: 20_000, countedAt: Date.now() });
  const { connection, got } = await watch(streamId, "ann");
  const users = new Map([["zoe", 1]]);
  await putRelayedRoom({ streamId, node: "another" }, { users }, 0, new Date());
  await subscribe(rooms, connection, { streamId }, now);
  expect(got).toEqual(["subscribed", "subscribed"]);
  await expect(watch(streamId, "ben2")).rejects.toMatchObject({ code: "room_full" });
});

test("a subscription to a stream that does not exist creates no room and no log", async () => {
  const streamId = "f".repeat(24);
  const { connection } = socketOf("ann");
  const refused = expect.objectContaining({ code: "stream_not_found" });
  await expect(subscribe(rooms, connection, { streamId }, now)).rejects.toEqual(refused);
  expect(rooms.has(streamId)).toBe(false);
  expect(await findLog(streamId)).toBeUndefined();
});

test("a user who leaves while they subscribe gets no answer and no frames", async () => {
  const streamId = await makeStream();
  const room = await rooms.open(streamId);
  const { connection, got } = socketOf("ann");
  const restore = intercept(async (_, next) => {
    for (const one of [...connection.subscriptions.values()]) removeSubscription(one);
    return next();
  });
  await subscribe(rooms, connection, { streamId }, now).finally(restore);
  await addFrames(streamId, [{ n: 1 }]);
  await refresh(room);
  expect([got, room.users.size]).toEqual([[], 0]);
});

test("a user whose socket closes while their room is opened does not count as its viewer", async () => {
  const streamId = await makeStream();
  const closed = { ...socketOf("ann").connection, isOpen: () => false };
  await subscribe(rooms, closed, { streamId }, now);
  const { subscriptions, users } = await rooms.open(streamId);
  expect([subscriptions.size, users.size]).toEqual([0, 0]);
});

test("a room is kept for half a minute after its last viewer has left", async () => {
  const [own] = others;
  const streamId = await makeStream();
  const room = await own.open(streamId);
  const { connection } = socketOf("ann");
  countViewer(addSubscription(room, connection, now));
  await own.tick(new Date(room.leftAt + 60_000));
  expect(own.has(streamId)).toBe(true);
  for (const one of [...connection.subscriptions.values()]) removeSubscription(one);
  await own.tick(new Date(room.leftAt + 30_000));
  expect(own.has(streamId)).toBe(true);
  await own.tick(new Date(room.leftAt + 30_001));
  expect(own.has(streamId)).toBe(false);
});

test("a room that is opened again while it is removed begins after that, with its new viewers", async () => {
  const [, own] = others;
  const streamId = await makeStream();
  const { leftAt } = await own.open(streamId);
  await own.tick(now);
  const order: string[] = [];
  const restore = intercept(async ({ name, input }, next) => {
    // Visits of the rooms before may still be recorded.
    if (!JSON.stringify(input).includes(streamId)) return next();
    const isRead = /Get|Query/.test(name);
    if (isRead) order.push("read");
    return next().finally(() => isRead || order.push("removed"));
  });
  await Promise.all([own.tick(new Date(leftAt + 30_001)), own.open(streamId)]).finally(restore);
  expect([...new Set(order)]).toEqual(["removed", "read"]);
  expect(own.has(streamId)).toBe(true);
});

test("a channel's overlay is subscribed to its host's stream, even if the first attempt fails", async () => {
  const hostId = await makeUser(someone("host"));
  const live = liveStreamOf(summaryOf(profileOf(hostId, {}, now), picture));
  await recordStream(live);
  const streamId = live.id;
  const state = createState();
  const { connection, got } = socketOf("overlay");
  state.connections.set(connection.id, {
    ...connection,
    caller: { ...connection.caller, channelOf: hostId },
  });
  let failures = 0;
  const restore = intercept(({ input }, next) =>
    JSON.stringify(input).includes(streamId) && failures++ === 0
      ? Promise.reject(new Error("The table did not answer"))
      : next(),
  );
  const work = startPeriodicWork(state);
  try {
    while (!got.includes("subscribed")) await new Promise((done) => setTimeout(done, 50));
  } finally {
    work.stop();
    restore();
    await state.rooms.end();
  }
  expect(failures).toBeGreaterThan(1);
  expect(got).toEqual(["channel", "channel", "subscribed"]);
});
