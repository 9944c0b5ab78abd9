import { Refusal } from "../../../domain/refusal.ts";
import { makeStream } from "../../../domain/streams/new-stream.ts";
import { end, goLive } from "../../../domain/streams/stream-lifecycle.ts";
import { type NewRoom, newStreamOf, roomFieldsOf } from "../../../domain/tencent/room-info.ts";
import { setting } from "../../env.ts";
import { announce } from "../../notices.ts";
import { summary } from "../people/users.ts";
import { changeStream } from "../streams/streams.ts";
import { getAccounts } from "./accounts.ts";
import { getRoom, recordRoom } from "./rooms.ts";

/** Who makes a room, and where the clock and ids come from. */
type Opening = { owner: string; now: Date; newId: () => string };

/**
 * Makes a room: a stream that is live at once, with the RoomId as its alias. Its owner becomes
 * known, and followers are told. Refuses with `room_exists_with_owner` and `room_exists`.
 */
export async function openRoom(room: NewRoom, { owner, now, newId }: Opening): Promise<void> {
  const [profile] = await getAccounts([room.Owner_Account ?? owner], now);
  const host = summary(profile!);
  const defaultThumbnail = setting("DEFAULT_THUMBNAIL");
  const stream = makeStream(newStreamOf(room), { id: newId(), host, defaultThumbnail, now });
  const alias = { roomId: room.RoomId, room: { ...roomFieldsOf(room), createdBy: owner } };
  await recordRoom(room.RoomId, { ...stream, ...goLive(stream, stream.host, now), ...alias });
  await announce(stream.id, now);
}

/** Makes a room that was made elsewhere; that it is there already is no refusal for its owner. */
export async function noteRoom(room: NewRoom, opening: Opening): Promise<void> {
  try {
    await openRoom(room, opening);
  } catch (error) {
    if (!(error instanceof Refusal && error.code === "room_exists_with_owner")) throw error;
  }
}

/** Ends a room that was ended elsewhere, unless it is over; refuses with `room_not_found`. */
export async function noteRoomEnd(roomId: string, now: Date): Promise<void> {
  const room = await getRoom(roomId);
  if (room.status !== "active") return;
  await changeStream(
    room,
    (stream) => (stream.status === "active" ? end(stream, now) : undefined),
    now,
  );
}
