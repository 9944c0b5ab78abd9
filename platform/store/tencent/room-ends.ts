import * as z from "zod";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { type Action, commitTransaction } from "../../table/transact.ts";

/** The newest reported end of a RoomId's rooms, in milliseconds by Tencent's clock. */
const RoomEnd = z.object({ eventTime: z.number() });

/** How long an end is kept, in seconds: the callback about the creation may arrive after it. */
const keptSeconds = 86_400;

/** The condition that no end at this time or later is recorded. */
const isBefore = (eventTime: number) => ({
  ConditionExpression: "attribute_not_exists(eventTime) OR eventTime < :eventTime",
  ExpressionAttributeValues: { ":eventTime": eventTime },
});

/** Records that all rooms of this RoomId created at this time or before are over. */
export async function recordRoomEnd(roomId: string, eventTime: number, now: Date): Promise<void> {
  const expiresAt = Math.ceil(now.getTime() / 1000) + keptSeconds;
  const Item = { ...key.roomEnd(roomId), eventTime, expiresAt };
  await commitTransaction([{ Put: { Item, ...isBefore(eventTime) } }]);
}

/** Whether a room of this RoomId that was created at this time is over. */
export async function hasEnded(roomId: string, eventTime: number): Promise<boolean> {
  const end = await getItem(RoomEnd, key.roomEnd(roomId), { consistent: true });
  return end !== undefined && end.eventTime >= eventTime;
}

/** The condition of a transaction that creates a room: that it is not over. */
export const notEndedAction = (roomId: string, eventTime: number): Action => ({
  label: "end",
  ConditionCheck: { Key: key.roomEnd(roomId), ...isBefore(eventTime) },
});
