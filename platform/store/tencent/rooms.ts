import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import { refuse } from "../../../domain/refusal.ts";
import { Stream } from "../../../domain/streams/stream.ts";
import { isOver } from "../../../domain/streams/stream-lifecycle.ts";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { type Action, commitTransaction } from "../../table/transact.ts";
import { newStreamActions } from "../streams/stream-changes.ts";
import { findStream, withWords } from "../streams/streams.ts";

/** The stream of a RoomId. */
const RoomAlias = z.object({ streamId: StreamId });

/** The stream with a RoomId, read consistently: by its alias, or otherwise by its own id. */
export async function findRoom(roomId: string): Promise<Stream | undefined> {
  const mayBeId = /^[0-9a-f]{24}$/.test(roomId);
  const [aliased, own] = await Promise.all([
    findAlias(roomId),
    mayBeId ? findStream(roomId, { consistent: true }) : undefined,
  ]);
  return aliased === undefined ? own : findStream(aliased, { consistent: true });
}

/** The stream with a RoomId, even one that is over; refuses with `room_not_found`. */
export async function getRoom(roomId: string): Promise<Stream> {
  return (await findRoom(roomId)) ?? refuse("room_not_found", { roomId });
}

/** The stream of a room, even one that was deleted since; read consistently. */
export async function findRoomStream(streamId: string): Promise<Stream | undefined> {
  const stream = await getItem(Stream, key.stream(streamId), { consistent: true });
  return stream && withWords(stream);
}

/** A room that is not over; refuses with `room_not_found`, also for a destroyed one. */
export async function getOpenRoom(roomId: string): Promise<Stream> {
  const stream = await getRoom(roomId);
  return isOver(stream) ? refuse("room_not_found", { roomId }) : stream;
}

async function findAlias(roomId: string): Promise<string | undefined> {
  return (await getItem(RoomAlias, key.room(roomId), { consistent: true }))?.streamId;
}

/**
 * Records a new room: a stream, and its alias. An alias whose stream is over leads to the new one
 * from then on. Returns false if an action of `more` failed. Refuses with
 * `room_exists_with_owner` or `room_exists`.
 */
export async function recordRoom(
  roomId: string,
  stream: Stream,
  more: readonly Action[] = [],
): Promise<boolean> {
  const aliased = await findAlias(roomId);
  await assertFree(roomId, stream.hostId);
  const failed = await commitTransaction([
    ...newStreamActions(stream),
    aliasAction(roomId, stream, aliased),
    ...more,
  ]);
  if (failed === undefined) return true;
  // Another call created the room in between: the refusal depends on its owner.
  await assertFree(roomId, stream.hostId);
  return failed.has("alias") ? refuse("unavailable") : false;
}

async function assertFree(roomId: string, ownerId: string): Promise<void> {
  const room = await findRoom(roomId);
  if (room === undefined || (room.roomId === roomId && isOver(room))) return;
  if (room.hostId === ownerId) refuse("room_exists_with_owner", { roomId });
  refuse("room_exists", { roomId });
}

const aliasAction = (roomId: string, stream: Stream, was: string | undefined): Action => ({
  label: "alias",
  Put: {
    Item: { ...key.room(roomId), roomId, streamId: stream.id },
    ...(was === undefined
      ? { ConditionExpression: "attribute_not_exists(PK)" }
      : { ConditionExpression: "streamId = :was", ExpressionAttributeValues: { ":was": was } }),
  },
});
