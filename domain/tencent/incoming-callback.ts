import * as z from "zod";
import { givingRefusals } from "../money/gift.ts";
import type { RefusalCode } from "../refusal.ts";
import { beforeSendGift } from "./callback.ts";
import { Account, RoomId } from "./room.ts";
import { NewRoom, optionalFields } from "./room-info.ts";
import { SendGift } from "./tencent-gift.ts";

/*
 * Callbacks that Tencent's own engine sends, for applications whose rooms and gifts are there and
 * whose credits are here. Callbacks that Ovation sends are in callback.ts.
 */

const { GiftId, Count, ReceiverList_Account: To_Account } = SendGift.shape;

/** A gift about to be sent: the price is that of our gift type, whatever `Coins` says. */
const BeforeSendGift = z.object({
  RoomId,
  GiftWater: z.object({
    From_Account: Account,
    To_Account,
    GiftId,
    Count,
    /** Seconds since 1970. */
    Time: z
      .number({ error: "expected seconds since 1970" })
      .int("expected seconds since 1970")
      .min(0, "expected seconds since 1970")
      .optional()
      .meta({ example: 1703589922 }),
  }),
});
export type BeforeSendGift = z.output<typeof BeforeSendGift>;

/** An account as Tencent names it: a number in some of its samples, empty or null for none. */
const NamedAccount = z
  .union([z.string().max(64), z.number(), z.null()], { error: "expected an account" })
  .optional()
  .transform((given) => (given == null || given === "" ? undefined : String(given)));

/** Who did it; anything but an account counts as absent. */
const Operator_Account = NamedAccount.catch(undefined);

/**
 * When a room was created or destroyed, in milliseconds since 1970: callbacks may arrive twice and
 * in another order. Anything else counts as absent.
 */
const EventTime = z.number().int().min(0).optional().catch(undefined);

/** How far Tencent's clock may be ahead of ours, in milliseconds. */
const aheadMillisecondsMax = 3600_000;

/**
 * When a room was created or destroyed; undefined if that is absent or in the future. Otherwise one
 * wrong time, such as one in microseconds, would outlast all later callbacks of the RoomId.
 */
export const eventTimeOf = (
  { EventTime }: { EventTime?: number | undefined },
  now: Date,
): number | undefined =>
  EventTime !== undefined && EventTime <= now.getTime() + aheadMillisecondsMax
    ? EventTime
    : undefined;

/**
 * A room that was created: the fields of create_room; without an owner it belongs to the operator.
 * The room exists, whatever its other fields contain: those that are not valid get their defaults.
 */
const AfterCreateRoom = z
  .object({
    Operator_Account,
    EventTime,
    RoomInfo: z.object({ RoomId, Owner_Account: NamedAccount, ...optionalFields }),
  })
  .transform(({ Operator_Account: operator, RoomInfo, ...time }) => {
    const Owner_Account = RoomInfo.Owner_Account ?? operator;
    return { ...time, RoomInfo: { ...RoomInfo, RoomType: "Live", Owner_Account } };
  })
  .pipe(z.object({ EventTime, RoomInfo: NewRoom.required({ Owner_Account: true }) }));

/**
 * A room that was destroyed, named next to its RoomInfo, as in the samples, or in it, as in some
 * callbacks. Its totals are counted here.
 */
const AfterDestroyRoom = z
  .object({
    Operator_Account,
    EventTime,
    RoomId: RoomId.optional(),
    RoomInfo: z.object({ RoomId: RoomId.optional() }).optional().catch(undefined),
  })
  .transform(({ RoomId: named, RoomInfo, ...given }, context) => {
    const roomId = named ?? RoomInfo?.RoomId;
    if (roomId !== undefined) return { ...given, RoomId: roomId };
    context.addIssue({ code: "custom", path: ["RoomId"], message: "expected the room's id" });
    return z.NEVER;
  });

/** The accepted callbacks, with their bodies. */
export const takenCallbacks = {
  [beforeSendGift]: BeforeSendGift,
  "Live.CallbackAfterCreateRoom": AfterCreateRoom,
  "Live.CallbackAfterDestroyRoom": AfterDestroyRoom,
} as const;

/** Reasons why an accepted callback fails. */
export const callbackRefusals = [
  "room_not_found",
  "room_exists",
  ...givingRefusals,
] as const satisfies readonly RefusalCode[];

/** The code of a rejection whose reason has no code. */
export const otherReason = 1;

/** The codes that give a rejected gift's sender the reason; all other reasons are `otherReason`. */
const reasons: Partial<Record<RefusalCode, number>> = {
  credits_too_low: 102101,
  member_blocked: 102102,
  pass_required: 102102,
  gift_type_not_found: 102103,
  gift_type_inactive: 102103,
  room_not_found: 102103,
  user_not_found: 102103,
  gifts_switched_off: 102104,
  stream_not_live: 102104,
  spend_limit_reached: 102105,
};

/** The response code of a callback for a refusal. */
export const reasonOf = (code: RefusalCode) => reasons[code] ?? otherReason;

/**
 * Identifies repeated calls for one gift, if the application wants that: the payload has no order
 * id. The order of receivers does not matter. Undefined without a time, since then every gift looks
 * alike.
 */
export function identityOf({ RoomId: room, GiftWater: water }: BeforeSendGift) {
  const { From_Account, To_Account: to, GiftId: gift, Count: count, Time } = water;
  if (Time === undefined) return undefined;
  return JSON.stringify([From_Account, [...to].sort(), room, gift, count, Time]);
}
