import { jest } from "@jest/globals";
import { revisionAt } from "../../../domain/log/subscriber.ts";
import { removeDead } from "../../../platform/push/post.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import {
  addStream,
  connectionExpiry,
  dropConnection,
  findConnection,
  forgetStream,
  listSockets,
  listTokenSockets,
  putConnection,
  putSocket,
} from "../../../platform/store/log/connections.ts";
import {
  findSubscriber,
  putSubscriber,
  removeSubscriber,
} from "../../../platform/store/log/subscribers.ts";
import { readVisits } from "../../../platform/store/log/watch-times.ts";
import { meterTable } from "../call-meter.ts";
import { setClock } from "../clock.ts";
import { startTable } from "../table.ts";

let stop: () => Promise<void>;
let metered: ReturnType<typeof meterTable>;
beforeAll(async () => {
  ({ stop } = await startTable());
  metered = meterTable();
  setClock(now);
});
afterAll(async () => {
  jest.useRealTimers();
  await stop();
});

const now = Date.now();
const seconds = 60;
const connectedAt = now - seconds * 1000;
const expiresAt = connectionExpiry(connectedAt);
const rooms = ["a", "b"].map((letter) => letter.repeat(24));
const [room, other] = rooms as [string, string];
let count = 0;

const revision = () => revisionAt(new Date(connectedAt), count++);

const tokenHash = "the hash of a token";

/** An open connection whose URL named the room. */
async function open(connectionId: string, userId = connectionId) {
  const socket = { connectionId, connectedAt, tokenHash, expiresAt };
  const connection = { ...socket, userId, tokenExpiresAt: 2e9 };
  const { tokenHash: _, ...subscriber } = connection;
  const asked = { ...subscriber, streamId: room, revision: revision() };
  await putSocket(userId, socket);
  await putConnection({ ...connection, streams: new Set([room]) }, asked);
  return { ...connection, revision: asked.revision };
}

const visitsOf = async (userId: string) =>
  (await Promise.all(rooms.map(readVisits))).map(
    (visits) => visits.find((one) => one.userId === userId)?.seconds ?? 0,
  );

async function expectNothingLeft(connectionId: string) {
  expect(await findConnection(connectionId)).toBeUndefined();
  expect(await listSockets(connectionId, new Date())).toEqual([]);
  const ofToken = await listTokenSockets(tokenHash, new Date());
  expect(ofToken.filter((socket) => socket.connectionId === connectionId)).toEqual([]);
  for (const streamId of rooms)
    expect(await findSubscriber(streamId, connectionId)).toBeUndefined();
}

test("the end of a connection that only watched the room of its URL takes three calls", async () => {
  await open("ann");
  // The first visitor of a room is counted there by one more.
  await open("before");
  await dropConnection("before");
  await open("ann-again", "ann");
  await dropConnection("ann");
  const spent = await metered(() => dropConnection("ann-again"));
  expect(spent).toMatchObject({ calls: 3, steps: 3 });
  expect(spent.write).toBeLessThanOrEqual(5);
  await expectNothingLeft("ann");
  expect(await visitsOf("ann")).toEqual([2 * seconds, 0]);
});

/** What a poster remembers after posts to these connections found them gone. */
async function findDead(...connectionIds: string[]) {
  const cache = createPushCache();
  for (const connectionId of connectionIds) {
    const subscriber = (await findSubscriber(room, connectionId))!;
    cache.dead.set(connectionId, { subscriber, at: now });
  }
  return () => removeDead({ now: new Date(now), cache });
}

test("connections that a poster found dead are removed, and each visit counts once", async () => {
  for (const name of ["eve-1", "eve-2"]) await open(name, "eve");
  const remove = await findDead("eve-1", "eve-2");
  await remove();
  expect(await visitsOf("eve")).toEqual([2 * seconds, 0]);
  for (const name of ["eve-1", "eve-2"]) await expectNothingLeft(name);
  expect(await listSockets("eve", new Date())).toEqual([]);
});

test("dead connections whose ends were already handled take one read together", async () => {
  const names = ["f-1", "f-2", "f-3"];
  for (const name of names) await open(name);
  const remove = await findDead(...names);
  for (const name of names) await dropConnection(name);
  expect(await metered(remove)).toMatchObject({ calls: 1 });
});

test("a dead connection's subscription is removed if the connection's item is not there", async () => {
  const { revision: asked, ...connection } = await open("gil");
  const remove = await findDead("gil");
  await dropConnection("gil");
  await putSubscriber({ ...connection, streamId: room, revision: asked });
  await remove();
  await expectNothingLeft("gil");
  expect(await visitsOf("gil")).toEqual([seconds, 0]);
});

test("a visit counts once, also if others remove the subscription", async () => {
  const { revision: found } = await open("ben");
  await Promise.all([
    dropConnection("ben"),
    removeSubscriber(room, "ben", found),
    dropConnection("ben"),
  ]);
  expect(await visitsOf("ben")).toEqual([seconds, 0]);
  await expectNothingLeft("ben");
});

test("subscriptions by messages end too, each with its own visit", async () => {
  const connection = await open("cem");
  await addStream(connection.connectionId, other);
  await putSubscriber({ ...connection, streamId: other, revision: revision() });
  await dropConnection("cem");
  expect(await visitsOf("cem")).toEqual([seconds, seconds]);
  await expectNothingLeft("cem");
});

test("a user who leaves the room of the URL and subscribes again has two visits", async () => {
  const connection = await open("dan");
  await removeSubscriber(room, "dan");
  await forgetStream("dan", room);
  await addStream(connection.connectionId, room);
  await putSubscriber({ ...connection, streamId: room, revision: revision() });
  await dropConnection("dan");
  expect(await visitsOf("dan")).toEqual([2 * seconds, 0]);
  await expectNothingLeft("dan");
});

test("a client that subscribes again without leaving, as after a lost frame, keeps its time", async () => {
  const connection = await open("fay");
  await addStream(connection.connectionId, room);
  const again = revisionAt(new Date(now), count++);
  await putSubscriber({ ...connection, streamId: room, revision: again });
  await dropConnection("fay");
  expect(await visitsOf("fay")).toEqual([seconds, 0]);
  await expectNothingLeft("fay");
});
