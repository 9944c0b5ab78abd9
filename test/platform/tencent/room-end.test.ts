/**
 * What the holder of the callback key can end: rooms of Tencent's, no other stream, and the room
 * that the callback is about.
 */
import { changeRoom, NewRoom } from "../../../domain/tencent/room-info.ts";
import { newId } from "../../../platform/runtime/id.ts";
import { changeStream } from "../../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../../platform/store/streams/streams.ts";
import { noteRoom, noteRoomEnd } from "../../../platform/store/tencent/room-lifecycle.ts";
import { getRoom, recordRoom } from "../../../platform/store/tencent/rooms.ts";
import { atEachRequest } from "../interleaving.ts";
import { useQueue } from "../queue-double.ts";
import { useOwnTable } from "../table.ts";
import { makeStream, makeUser, someone } from "../wallet-people.ts";

useOwnTable();
useQueue("NOTICES_QUEUE_URL");

const statusOf = async (id: string) => (await getStream(id, { consistent: true })).status;

test("a callback does not end a stream by its id, whether it has a RoomId or not", async () => {
  const stream = await makeStream(await makeUser(someone("host")));
  const room = { ...stream, id: newId(new Date()), roomId: "room_1" };
  await recordRoom("room_1", room);
  for (const { id } of [stream, room]) {
    const refusal = { code: "room_not_found" };
    await expect(noteRoomEnd(id, new Date())).rejects.toMatchObject(refusal);
    expect(await statusOf(id)).toBe("active");
  }
  await noteRoomEnd("room_1", new Date(), { by: "operator" });
  const ended = await getStream(room.id, { consistent: true });
  expect(ended).toMatchObject({ status: "ended", room: { destroyedBy: "operator" } });
  // A callback may come twice.
  const { revision } = await getStream(room.id, { consistent: true });
  await noteRoomEnd("room_1", new Date());
  expect(await getStream(room.id, { consistent: true })).toMatchObject({ revision });
});

/** The callbacks of one room, at seconds by Tencent's clock, which may differ from ours. */
function callbacks(roomId: string) {
  const now = new Date();
  const at = (seconds: number) => 1_703_589_922_000 + seconds * 1000;
  const create = (seconds?: number, owner = "owner") =>
    noteRoom(NewRoom.parse({ RoomId: roomId, RoomType: "Live", Owner_Account: owner }), {
      owner,
      now,
      newId: () => newId(now),
      ...(seconds !== undefined && { eventTime: at(seconds) }),
    });
  const destroy = (seconds?: number) =>
    noteRoomEnd(roomId, now, seconds === undefined ? {} : { eventTime: at(seconds) });
  return { create, destroy, find: () => getRoom(roomId) };
}

test("a room that is opened again stays open when its earlier end is reported late", async () => {
  const { create, destroy, find } = callbacks("late");
  await create(0);
  const first = await find();
  await create(31);
  const second = await find();
  expect(second.id).not.toBe(first.id);
  expect(await statusOf(first.id)).toBe("ended");
  // A change of the room keeps when it was created.
  const change = { RoomId: "late", Category: [1] };
  await changeStream(second, (stream) => changeRoom(stream, change, ""), new Date());
  await destroy(30);
  expect(await find()).toMatchObject({ id: second.id, status: "active" });
  await destroy(60);
  expect(await statusOf(second.id)).toBe("ended");
});

test("a creation that is reported twice or late opens no room", async () => {
  const { create, destroy, find } = callbacks("twice");
  await create(10);
  const { id, revision } = await find();
  for (const seconds of [10, 5]) await create(seconds);
  expect(await find()).toMatchObject({ id, revision });
  await destroy(20);
  await create(10);
  expect(await find()).toMatchObject({ id, status: "ended" });
  await create(30);
  expect(await find()).toMatchObject({ status: "active" });
  // Another owner's room is never ended by a creation.
  await expect(create(40, "other")).rejects.toMatchObject({ code: "room_exists" });
});

test("a room whose end is reported before its creation is never opened", async () => {
  const { create, destroy, find } = callbacks("reversed");
  await expect(destroy(20)).rejects.toMatchObject({ code: "room_not_found" });
  for (const seconds of [10, 20]) await create(seconds);
  await expect(find()).rejects.toMatchObject({ code: "room_not_found" });
  await create(30);
  const { id } = await find();
  expect(await statusOf(id)).toBe("active");
  // The next room's end arrives before its creation, and after another late end.
  await destroy(60);
  await destroy(40);
  await create(50);
  expect(await find()).toMatchObject({ id, status: "ended" });
});

test("a room is over, whenever during its creation its end is reported", async () => {
  for (const isSecond of [false, true])
    await atEachRequest(async () => {
      const { create, destroy, find } = callbacks(`room-${newId(new Date())}`);
      if (isSecond) await create(0);
      return {
        act: () => create(10),
        meanwhile: () => destroy(20).catch(() => {}),
        check: async () => expect((await find().catch(() => undefined))?.status).not.toBe("active"),
      };
    });
});

test("the newest room stays open, whenever during an earlier creation its own is reported", async () => {
  const number = (seconds: number) => 1_703_589_922_000 + seconds * 1000;
  await atEachRequest(async () => {
    const { create, find } = callbacks(`room-${newId(new Date())}`);
    await create(0);
    return {
      act: () => create(10),
      meanwhile: () => create(20),
      check: async () =>
        expect(await find()).toMatchObject({ status: "active", room: { eventTime: number(20) } }),
    };
  });
});

test("callbacks without a time count in the order of their arrival", async () => {
  const { create, destroy, find } = callbacks("timeless");
  for (const seconds of [undefined, 10]) {
    await create(seconds);
    const { id } = await find();
    await create();
    expect((await find()).id).toBe(id);
    await destroy();
    expect(await statusOf(id)).toBe("ended");
  }
  await create();
  await destroy(1);
  expect((await find()).status).toBe("ended");
});
