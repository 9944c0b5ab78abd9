import { pushStream } from "../../../platform/push/batch.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { recordViewers } from "../../../platform/store/log/logs.ts";
import {
  findRelayUrl,
  listRecentRelayedRooms,
  listRelayedRooms,
  markRelay,
  putRelayedRoom,
} from "../../../platform/store/log/relays.ts";
import { chatRecord } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setScene } from "./scene.ts";

const url = "wss://relay.live.acme.com/ws";
useOwnTable({
  POST_RATE: "8000",
  RELAY_URL: url,
  RELAY_FROM_VIEWERS: "2000",
  LARGE_ROOM_VIEWERS: "1000",
});

/** A room of which relays have some users, and one is posted to. */
async function relayedRoom(count: number) {
  const scene = await setScene();
  const { streamId, now } = scene;
  const room = scene.audience();
  const name = `${streamId}-0`;
  await scene.confirm(room, await scene.ask(name));
  const users = new Map(Array.from({ length: count }, (_, n) => [`u${n}`, now.getTime()]));
  await markRelay("node", now);
  await putRelayedRoom({ streamId, node: "node" }, { users }, 0, now);
  // Counted before they came there.
  room.cache.viewers.clear();
  return { scene, room, name };
}

test("viewers served by relays need no posts, so chat is not thinned out for them", async () => {
  const { scene, room, name } = await relayedRoom(6_000);
  // More than two frames: to post them to 6,000 takes two seconds.
  const text = "x".repeat(900);
  const records = Array.from({ length: 80 }, (_, n) =>
    chatRecord(n + 1, `${n} ${text}`, seconds(scene.now)),
  );
  await scene.push(room, ...records);
  const frames = scene.messagesTo(name).filter(({ type }) => type === "events");
  expect(frames.length).toBeGreaterThan(1);
  for (const frame of frames) expect(frame).toMatchObject({ viewers: 6_001, skipped: 0 });
  const events = frames.flatMap((one) => (one.type === "events" ? one.events : []));
  expect(events).toHaveLength(80);
  expect(room.cache.viewers.get(scene.streamId)).toMatchObject({ count: 6_001, posted: 1 });
});

test("a room is framed at once if relays serve its viewers, in any environment", async () => {
  const { scene, room, name } = await relayedRoom(6_000);
  await pushStream(room, [chatRecord(1, "one", seconds(scene.now))]);
  // Another environment knows only what the first one has stored.
  const other = scene.audience(createPushCache(), new Date(scene.now.getTime() + 1_000));
  await pushStream(other, [chatRecord(2, "two", seconds(scene.now))]);
  expect(other.cache.viewers.get(scene.streamId)).toMatchObject({ count: 6_001, posted: 1 });
  expect(scene.queued).toEqual([]);
  expect(scene.frames(name)).toEqual([1, 2]);
});

test("a room is served by relays from a size on, while one of them lives", async () => {
  const { scene } = await relayedRoom(1);
  const { streamId, now } = scene;
  const at = (milliseconds: number) =>
    findRelayUrl(streamId, new Date(now.getTime() + milliseconds));
  expect(await at(0)).toBeUndefined();
  await recordViewers(streamId, 1_999, now);
  expect(await at(1_000)).toBeUndefined();
  await recordViewers(streamId, 2_000, now);
  expect(await at(2_000)).toBe(url);
  expect(await at(14_000)).toBe(url);
  // Three marks are missing, so no relay may be running: no client is sent there.
  expect(await at(15_001)).toBeUndefined();
  await markRelay("another", new Date(now.getTime() + 16_000));
  expect(await at(17_000)).toBe(url);
});

test("the viewers at relays are read once in two seconds for frames, and each time for other calls", async () => {
  const { scene } = await relayedRoom(1);
  const { streamId, now } = scene;
  const at = (milliseconds: number) => new Date(now.getTime() + milliseconds);
  const countIn = async (list: typeof listRelayedRooms, when: Date) =>
    (await list(streamId, when)).map(({ users }) => users.size);
  expect(await countIn(listRecentRelayedRooms, at(0))).toEqual([1]);
  const users = new Map(["u0", "u1"].map((userId) => [userId, now.getTime()]));
  await putRelayedRoom({ streamId, node: "node" }, { users }, 1, at(1));
  expect(await countIn(listRelayedRooms, at(1))).toEqual([2]);
  expect(await countIn(listRecentRelayedRooms, at(1_999))).toEqual([1]);
  expect(await countIn(listRecentRelayedRooms, at(2_000))).toEqual([2]);
});
