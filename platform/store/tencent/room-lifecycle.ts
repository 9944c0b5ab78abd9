import { Refusal, refuse } from "../../../domain/refusal.ts";
import { makeStream } from "../../../domain/streams/new-stream.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { endStream, startStream } from "../../../domain/streams/stream-lifecycle.ts";
import { type NewRoom, newStreamOf, roomFieldsOf } from "../../../domain/tencent/room-info.ts";
import { queueLiveNotifications } from "../../live-notifications/live-notifications.ts";
import { setting } from "../../runtime/env.ts";
import { hostActions } from "../money/wallets.ts";
import { summary } from "../people/users.ts";
import { withChannel } from "../streams/channels.ts";
import { changeStream } from "../streams/stream-changes.ts";
import { findAccount } from "./accounts.ts";
import { findRoom, getRoom, recordRoom } from "./rooms.ts";

/**
 * The owner of a new room, the clock and the source of ids; for a room that was created elsewhere
 * also when, by the clock there.
 */
type Opening = { owner: string; now: Date; newId: () => string; eventTime?: number | undefined };

/**
 * Creates a room: a stream that is live immediately, with the RoomId as its alias. Its owner
 * becomes known, and followers are notified. Refuses with `room_exists_with_owner` and
 * `room_exists`.
 */
export async function openRoom(room: NewRoom, opening: Opening): Promise<void> {
  const { owner, now, newId, eventTime } = opening;
  const hostId = room.Owner_Account ?? owner;
  const defaultThumbnail = setting("DEFAULT_THUMBNAIL");
  const happening = { createdBy: owner, ...(eventTime !== undefined && { eventTime }) };
  const alias = { roomId: room.RoomId, room: { ...roomFieldsOf(room), ...happening } };
  const streamId = await withChannel(hostId, async (channel, check) => {
    const { profile, mention } = await findAccount(hostId, now);
    const host = summary(profile);
    const given = { id: newId(), host, channel, defaultThumbnail, now };
    const made = makeStream(newStreamOf(room), given);
    const stream = { ...made, ...startStream(made, made.host, now), ...alias };
    const actions = (await hostActions(stream)) ?? refuse("unavailable");
    const isRecorded = await recordRoom(room.RoomId, stream, [check, ...mention, ...actions]);
    return isRecorded ? stream.id : undefined;
  });
  await queueLiveNotifications(streamId, now);
}

/**
 * Creates a room that was created elsewhere; an existing one of its owner is not refused. A RoomId
 * names one room at a time, so if that one was created earlier, it is over. Does nothing if the
 * newest room of this RoomId was created at the same time or later: the callback is old.
 */
export async function noteRoom(room: NewRoom, opening: Opening): Promise<void> {
  const { owner, now, eventTime } = opening;
  const known = await findRoom(room.RoomId);
  const before = known?.roomId === room.RoomId ? eventTimeOf(known) : undefined;
  if (eventTime !== undefined && before !== undefined) {
    if (eventTime <= before) return;
    if (known?.hostId === owner) await noteRoomEnd(room.RoomId, now);
  }
  try {
    await openRoom(room, opening);
  } catch (error) {
    if (!(error instanceof Refusal && error.code === "room_exists_with_owner")) throw error;
  }
}

/** When a room was created elsewhere, by the clock there, if that is known. */
const eventTimeOf = ({ room }: Stream): number | undefined =>
  typeof room?.eventTime === "number" ? room.eventTime : undefined;

/** When and by whom a room was ended elsewhere, by the clock there; by its host if unknown. */
type Ending = { eventTime?: number | undefined; by?: string | undefined };

/**
 * Ends a room that was ended elsewhere, unless it is over or was created after that. Refuses with
 * `room_not_found`, also for a stream's own id: such a stream was not created there, and the
 * callback key must not end it.
 */
export async function noteRoomEnd(
  roomId: string,
  now: Date,
  { eventTime = Number.POSITIVE_INFINITY, by }: Ending = {},
): Promise<void> {
  const room = await getRoom(roomId);
  if (room.roomId !== roomId) refuse("room_not_found", { roomId });
  await changeStream(
    room,
    (stream) => {
      const isOfAnother = eventTime < (eventTimeOf(stream) ?? 0);
      if (stream.status !== "active" || isOfAnother) return undefined;
      return endStream(stream, now, by ?? stream.hostId);
    },
    now,
  );
}
