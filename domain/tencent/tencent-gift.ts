import * as z from "zod";
import { Amount } from "../credits.ts";
import { countMax, givingRefusals } from "../money/gift.ts";
import { receiversMax } from "../money/gift-item.ts";
import { GiftAlias, type GiftType, newGiftType } from "../money/gift-type.ts";
import type { RefusalCode } from "../refusal.ts";
import { byteName, byteText, httpsUrl, shownText, shownUrl } from "../text.ts";
import { Account, accounts, RoomId } from "./room.ts";

/**
 * A GiftId that names a gift: at most 20 bytes, or 24 if a gift type of the other API has no GiftId
 * and uses its own id.
 */
export const NamedGiftId = byteText(1, 24).meta({ example: "gift1" });

const count = z
  .number({ error: "expected a whole number" })
  .int("expected a whole number")
  .min(1, "expected at least 1")
  .max(countMax, `expected at most ${countMax}`);

/** The body of send_gift. */
export const SendGift = z.object({
  RoomId,
  GiftId: NamedGiftId,
  Count: count.default(1),
  From_Account: Account,
  ReceiverList_Account: accounts(receiversMax),
});

/** Refusals of send_gift. */
export const sendRefusals = [
  "room_not_found",
  ...givingRefusals,
  "gift_callback_failed",
  "gift_rejected",
] as const satisfies readonly RefusalCode[];

/**
 * The most GiftIds in one call: a body of 64 KiB has room for more, but the call must end in time.
 */
export const giftIdsMax = 500;

export const GiftIdList = z
  .array(NamedGiftId, { error: "expected an array of GiftIds" })
  .min(1, "expected at least one GiftId")
  .max(giftIdsMax, `expected at most ${giftIdsMax} GiftIds`);

/** Splits a list of GiftIds into the ids of their gift types and those that name none. */
export function partitionGiftIds(giftIds: readonly string[], aliases: ReadonlyMap<string, string>) {
  const types = new Map([...aliases].map(([giftTypeId, giftId]) => [giftId, giftTypeId]));
  const distinct = [...new Set(giftIds)];
  return {
    known: distinct.flatMap((giftId) => types.get(giftId) ?? []),
    unknown: distinct.filter((giftId) => !types.has(giftId)),
  };
}

/** Levels are the application's own numbers and stored unchanged. */
const levelMax = 2 ** 31 - 1;

/** The body of add_gift. Limits are in UTF-8 bytes, as in the reference. */
export const AddGift = z.object({
  GiftId: GiftAlias,
  IconUrl: byteText(0, 200).default(""),
  ResourceUrl: byteText(0, 200).default(""),
  Coins: Amount,
  Level: z
    .number({ error: "expected a whole number" })
    .int("expected a whole number")
    .min(0, "expected at least 0")
    .max(levelMax, `expected at most ${levelMax}`)
    .default(0),
  ExtensionInfo: byteText(0, 100).default(""),
  DefaultName: byteName(1, 20),
  DefaultDesc: byteText(0, 20).default(""),
});
export type AddGift = z.output<typeof AddGift>;

/** A gift as get_gift returns it. */
export const GiftInfo = z.object({
  GiftId: shownText(24),
  IconUrl: shownUrl,
  ResourceUrl: shownText(200),
  Coins: Amount,
  Level: z.number().int(),
  ExtensionInfo: shownText(100),
  DefaultName: shownText(100),
  DefaultDesc: shownText(20),
});

/**
 * The gift type that add_gift creates. An existing type with this GiftId is replaced: it keeps its
 * id, so that statistics and gifts in progress keep their type, and becomes active again.
 */
export function addedGiftType(
  { GiftId: giftId, Coins, DefaultName, ...tencent }: AddGift,
  before: GiftType | undefined,
  id: string,
  now: Date,
): GiftType {
  const { IconUrl, ResourceUrl, Level, ExtensionInfo, DefaultDesc } = tencent;
  const type = newGiftType(
    before?.id ?? id,
    { creditAmount: Coins, svgUrl: pictureOf(IconUrl, ResourceUrl), name: DefaultName, giftId },
    now,
  );
  return {
    ...type,
    createdAt: before?.createdAt ?? type.createdAt,
    tencent: { IconUrl, ResourceUrl, Level, ExtensionInfo, DefaultDesc },
  };
}

/**
 * The picture that the other API shows; empty if none of the URLs is https. The Tencent API accepts
 * any text as a URL, and a client would load or run it.
 */
const pictureOf = (...urls: string[]) => urls.find((url) => httpsUrl.safeParse(url).success) ?? "";

/**
 * A gift type as the Tencent API shows it; one created through the other API has its picture as
 * icon.
 */
export function giftInfoOf(type: GiftType): z.infer<typeof GiftInfo> {
  const { giftId: GiftId, creditAmount: Coins, name: DefaultName, svgUrl, tencent } = type;
  const { IconUrl, ResourceUrl, Level, ExtensionInfo, DefaultDesc } = tencent ?? {
    IconUrl: svgUrl,
    ResourceUrl: "",
    Level: 0,
    ExtensionInfo: "",
    DefaultDesc: "",
  };
  return { GiftId, IconUrl, ResourceUrl, Coins, Level, ExtensionInfo, DefaultName, DefaultDesc };
}
