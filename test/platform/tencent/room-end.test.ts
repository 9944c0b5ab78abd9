/** What the holder of the callback key can end: rooms of Tencent's, and no other stream. */
import { newId } from "../../../platform/runtime/id.ts";
import { getStream } from "../../../platform/store/streams/streams.ts";
import { noteRoomEnd } from "../../../platform/store/tencent/room-lifecycle.ts";
import { recordRoom } from "../../../platform/store/tencent/rooms.ts";
import { useOwnTable } from "../table.ts";
import { makeStream, makeUser, someone } from "../wallet-people.ts";

useOwnTable();

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
  await noteRoomEnd("room_1", new Date());
  expect(await statusOf(room.id)).toBe("ended");
  // A callback may come twice.
  const { revision } = await getStream(room.id, { consistent: true });
  await noteRoomEnd("room_1", new Date());
  expect(await getStream(room.id, { consistent: true })).toMatchObject({ revision });
});
