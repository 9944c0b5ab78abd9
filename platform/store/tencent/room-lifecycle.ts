import { Refusal, type RefusalCode, refuse } from "../../../domain/refusal.ts";
import { makeStream } from "../../../domain/streams/new-stream.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { endStream, startStream } from "../../../domain/streams/stream-lifecycle.ts";
import { type NewRoom, newStreamOf, roomFieldsOf } from "../../../domain/tencent/room-info.ts";
import { queueLiveNotifications } from "../../live-notifications/live-notifications.ts";
import { setting } from "../../runtime/env.ts";
import { hostActions } from "../money/wallets.ts";
import { userSummary } from "../people/users.ts";
import { withChannel } from "../streams/channels.ts";
import { changeStream } from "../streams/stream-changes.ts";
import { findAccount } from "./accounts.ts";
import { hasEnded, notEndedAction, recordRoomEnd } from "./room-ends.ts";
import { findRoom, getRoom, recordRoom } from "./rooms.ts";

/**
 * The owner of a new room, the clock and the source of ids; for a room that was created elsewhere
 * also when, by the clock there.
 */
type Opening = { owner: string; now: Date; newId: () => string; eventTime?: number | undefined };

/**
 * Creates a room: a stream that is live immediately, with the RoomId as its alias. Its owner
 * becomes known, and followers are notified. Refuses with `room_exists_with_owner` and
 * `room_exists`, and with `room_not_found` if it was created elsewhere and is over there.
 */
export async function openRoom(room: NewRoom, opening: Opening): Promise<void> {
  const { owner, now, newId, eventTime } = opening;
  const hostId = room.Owner_Account ?? owner;
  const defaultThumbnail = setting("DEFAULT_THUMBNAIL");
  const happening = { createdBy: owner, ...(eventTime !== undefined && { eventTime }) };
  const alias = { roomId: room.RoomId, room: { ...roomFieldsOf(room), ...happening } };
  const mustNotBeOver = eventTime === undefined ? [] : [notEndedAction(room.RoomId, eventTime)];
  const streamId = await withChannel(hostId, async (channel, check) => {
    if (eventTime !== undefined && (await hasEnded(room.RoomId, eventTime)))
      refuse("room_not_found", { roomId: room.RoomId });
    const { profile, mention } = await findAccount(hostId, now);
    const host = userSummary(profile);
    const given = { id: newId(), host, channel, defaultThumbnail, now };
    const made = makeStream(newStreamOf(room), given);
    const stream = { ...made, ...startStream(made, made.host, now), ...alias };
    const actions = (await hostActions(stream)) ?? refuse("unavailable");
    const more = [check, ...mention, ...actions, ...mustNotBeOver];
    const isRecorded = await recordRoom(room.RoomId, stream, more);
    return isRecorded ? stream.id : undefined;
  });
  await queueLiveNotifications(streamId, now);
}

/**
 * Creates a room that was created elsewhere; an existing one of its owner is not refused. A RoomId
 * names one room at a time, so an owner's room that was created there earlier is over, and is ended
 * here. Does nothing if a room of this RoomId was created or ended at the same time or later: then
 * the callback is old.
 */
export async function noteRoom(room: NewRoom, opening: Opening): Promise<void> {
  const { owner, now, eventTime } = opening;
  const known = await findRoom(room.RoomId);
  const before = known?.roomId === room.RoomId ? eventTimeOf(known) : undefined;
  if (eventTime !== undefined && before !== undefined) {
    if (eventTime <= before) return;
    if (known?.hostId === owner) await endRoom(known, now);
  }
  try {
    await openRoom(room, opening);
  } catch (error) {
    const isDone = error instanceof Refusal && doneCodes.includes(error.code);
    if (!isDone) throw error;
  }
}

/** Refusals for a room that exists already, or is over: nothing is left to do. */
const doneCodes: readonly RefusalCode[] = ["room_exists_with_owner", "room_not_found"];

/** When a room was created elsewhere, by the clock there, if that is known. */
const eventTimeOf = ({ room }: Stream): number | undefined =>
  typeof room?.eventTime === "number" ? room.eventTime : undefined;

/** When and by whom a room was ended elsewhere, by the clock there; by its host if unknown. */
type Ending = { eventTime?: number | undefined; by?: string | undefined };

/**
 * Ends a room that was ended elsewhere, unless it is over or was created after that. A room whose
 * creation is reported later is not created. Refuses with `room_not_found`, also for a stream's own
 * id: such a stream was not created there, and the callback key must not end it.
 */
export async function noteRoomEnd(
  roomId: string,
  now: Date,
  { eventTime, by }: Ending = {},
): Promise<void> {
  // Recorded before the room is read, so that a creation that is committed later finds the end.
  if (eventTime !== undefined) await recordRoomEnd(roomId, eventTime, now);
  const room = await getRoom(roomId);
  if (room.roomId !== roomId) refuse("room_not_found", { roomId });
  await endRoom(room, now, { eventTime, by });
}

/** Ends this room, and no other to which its RoomId may lead by now. */
async function endRoom(room: Stream, now: Date, { eventTime, by }: Ending = {}): Promise<void> {
  await changeStream(
    room,
    (stream) => {
      const isOfAnother = eventTime !== undefined && eventTime < (eventTimeOf(stream) ?? 0);
      if (stream.status !== "active" || isOfAnother) return undefined;
      return endStream(stream, now, by ?? stream.hostId);
    },
    now,
  );
}
