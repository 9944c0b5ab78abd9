import * as z from "zod";
import { GiftType } from "../../../domain/money/gift-type.ts";
import { refuse } from "../../../domain/refusal.ts";
import { timeAfter } from "../../../domain/text.ts";
import { decideAgain, overtaken } from "../../table/conflicts.ts";
import { getItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { type Reply, record } from "../../table/record.ts";
import { read } from "../../table/table.ts";
import type { Action } from "../../table/transact.ts";

const Alias = z.object({ giftTypeId: z.string() });

/** A gift type by its id, even a deleted one; read consistently. */
export async function findGiftType(giftTypeId: string): Promise<GiftType | undefined> {
  return getItem(GiftType, key.giftType(giftTypeId), { consistent: true });
}

/** A gift type that is not deleted; refuses with `gift_type_not_found`. */
export async function getGiftType(giftTypeId: string): Promise<GiftType> {
  const type = await findGiftType(giftTypeId);
  if (type === undefined || type.deletedAt !== undefined)
    refuse("gift_type_not_found", { giftTypeId });
  return type;
}

/** A gift type by its GiftId of the Tencent side; read consistently. */
export async function findGiftTypeByAlias(giftId: string): Promise<GiftType | undefined> {
  const alias = await getItem(Alias, key.giftAlias(giftId), { consistent: true });
  const type = alias && (await findGiftType(alias.giftTypeId));
  return type?.deletedAt === undefined ? type : undefined;
}

/** Gift types that lists look at. */
const giftTypesMax = 10_000;

/** All gift types that are not deleted: as many as admins make, at most 10,000. */
export async function listGiftTypes(): Promise<GiftType[]> {
  const walk = { limit: giftTypesMax };
  const items = await queryItems(key.giftType(""), prefix.giftTypes, walk);
  const types = items.map((item) => read(GiftType, item));
  return types.filter(({ deletedAt }) => deletedAt === undefined);
}

const aliasAction = (giftId: string, giftTypeId: string): Action => ({
  label: "alias",
  Put: {
    Item: { ...key.giftAlias(giftId), giftTypeId },
    ConditionExpression: "attribute_not_exists(PK)",
  },
});

/** Records a new gift type with its alias; refuses with `gift_type_exists`. */
export async function recordGiftType<A>(type: GiftType, reply: Reply<A>): Promise<A> {
  const { id, giftId } = type;
  const put: Action = {
    label: "type",
    Put: {
      Item: { ...key.giftType(id), ...type },
      ConditionExpression: "attribute_not_exists(PK)",
    },
  };
  const failed = await record([put, aliasAction(giftId, id)], reply);
  if (failed !== undefined) refuse("gift_type_exists", { giftId });
  return reply.answer;
}

/**
 * Records a change of a gift type if nobody has changed it since it was read; else `unavailable`.
 */
export const recordGiftTypeChange = async (before: GiftType, wanted: GiftType): Promise<GiftType> =>
  (await recordIfSame(before, wanted)) ?? refuse("unavailable");

async function recordIfSame(before: GiftType, wanted: GiftType): Promise<GiftType | undefined> {
  const after = { ...wanted, updatedAt: timeAfter(before.updatedAt, wanted.updatedAt) };
  const actions: Action[] = [
    {
      label: "type",
      Put: {
        Item: { ...key.giftType(after.id), ...after },
        ConditionExpression: "updatedAt = :before",
        ExpressionAttributeValues: { ":before": before.updatedAt },
      },
    },
  ];
  const isGone = after.deletedAt !== undefined;
  if (isGone || before.giftId !== after.giftId)
    actions.push({ label: "old alias", Delete: { Key: key.giftAlias(before.giftId) } });
  if (!isGone && before.giftId !== after.giftId) actions.push(aliasAction(after.giftId, after.id));
  const failed = await record(actions);
  if (failed?.has("alias")) refuse("gift_type_exists", { giftId: after.giftId });
  return failed === undefined ? after : undefined;
}

/** Changes a gift type, and decides again when somebody else was faster. */
export async function changeStoredGiftType(
  giftTypeId: string,
  decide: (type: GiftType) => GiftType,
): Promise<GiftType> {
  return decideAgain(async () => {
    const type = await getGiftType(giftTypeId);
    return (await recordIfSame(type, decide(type))) ?? overtaken;
  });
}
