import * as z from "zod";
import { Amount } from "../credits.ts";
import { GiftTypeId } from "../id.ts";
import { refuse } from "../refusal.ts";
import {
  byteText,
  httpsUrl,
  nameText,
  shownText,
  shownUrl,
  Timestamp,
  withDefault,
} from "../text.ts";

/**
 * The most gift types of a stage, active or not: as many as Tencent's three categories hold. Their
 * list is at most 3.1 MB, and a response of Lambda at most 6 MB.
 */
export const giftTypesMax = 1_500;

/** The name of a gift type in the Tencent API: 1 to 20 UTF-8 bytes. */
export const GiftAlias = byteText(1, 20).meta({
  description: "The gift type's GiftId in the Tencent API, at most 20 bytes of UTF-8",
  example: "gift1",
});

/** Fields of a gift that only the Tencent API has: written by add_gift, returned by get_gift. */
const TencentGift = z.object({
  IconUrl: shownText(200),
  ResourceUrl: shownText(200),
  Level: z.number(),
  ExtensionInfo: shownText(100),
  DefaultDesc: shownText(20),
});

/** A type of gift as stored. Both APIs share it. */
export const GiftType = z.object({
  id: GiftTypeId,
  /** Its GiftId in the Tencent API: its own id unless another was chosen. */
  giftId: shownText(24),
  name: shownText(100),
  /** The price of one. */
  creditAmount: Amount,
  svgUrl: shownUrl,
  isActive: z.boolean(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  tencent: TencentGift.optional(),
  /** Deleted through the Tencent API: sent gifts stay, but it can no longer be sent. */
  deletedAt: Timestamp.optional(),
});
export type GiftType = z.infer<typeof GiftType>;

/** A gift type as the lists show it. */
export const ListedGiftType = GiftType.pick({
  id: true,
  name: true,
  giftId: true,
  creditAmount: true,
  svgUrl: true,
  isActive: true,
  createdAt: true,
  updatedAt: true,
}).meta({ id: "GiftType" });

/** The gift type as lists show it. */
export function listedGiftTypeOf(type: GiftType): z.infer<typeof ListedGiftType> {
  const { id, name, giftId, creditAmount, svgUrl, isActive, createdAt, updatedAt } = type;
  return { id, name, giftId, creditAmount, svgUrl, isActive, createdAt, updatedAt };
}

/** A number that grows with each change of a gift type. */
export const giftTypeRevision = ({ updatedAt }: GiftType) => Date.parse(updatedAt);

const GiftTypeFields = z.object({
  creditAmount: Amount,
  svgUrl: httpsUrl,
  name: nameText(1, 100),
  isActive: z.boolean({ error: "expected true or false" }).optional(),
  giftId: GiftAlias.optional(),
});

/** The body that creates a gift type. */
export const NewGiftType = GiftTypeFields.extend({
  isActive: withDefault(GiftTypeFields.shape.isActive, true),
});

/** A change of a gift type: at least one field. */
export const GiftTypeChange = GiftTypeFields.partial().refine(
  (change) => Object.values(change).some((value) => value !== undefined),
  "body: expected at least one of creditAmount, svgUrl, name, isActive, giftId",
);

/** A new gift type: active unless the request says otherwise, with its own id as GiftId. */
export function newGiftType(
  id: string,
  request: z.output<typeof NewGiftType>,
  now: Date,
): GiftType {
  const { creditAmount, svgUrl, name, isActive = true, giftId = id } = request;
  const at = now.toISOString();
  return { id, giftId, name, creditAmount, svgUrl, isActive, createdAt: at, updatedAt: at };
}

/** The gift type after a change; omitted fields stay. */
export function changeGiftType(
  type: GiftType,
  change: z.output<typeof GiftTypeChange>,
  now: Date,
): GiftType {
  const fields = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...type, ...Object.fromEntries(fields), updatedAt: now.toISOString() };
}

/** Refuses with `gift_type_inactive`. */
export function assertActive(type: GiftType): void {
  if (!type.isActive) refuse("gift_type_inactive");
}

/**
 * Types that are not deleted, cheapest first, older first at the same price: the active ones, or
 * all of them.
 */
export function inPriceOrder(types: readonly GiftType[], which: "active" | "all"): GiftType[] {
  const listed = types.filter(
    ({ isActive, deletedAt }) => (isActive || which === "all") && deletedAt === undefined,
  );
  return listed.sort((a, b) => a.creditAmount - b.creditAmount || (a.id < b.id ? -1 : 1));
}
