import * as z from "zod";
import { GiftType } from "../../../domain/money/gift-type.ts";
import { refuse } from "../../../domain/refusal.ts";
import { timeAfter } from "../../../domain/text.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem, parseItem, type ReadOptions } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { type Action, commitTransaction, type Reply } from "../../table/transact.ts";

const Alias = z.object({ giftTypeId: z.string() });

/** Reads a gift type, even a deleted one. */
const readGiftType = (giftTypeId: string, reading: ReadOptions): Promise<GiftType | undefined> =>
  getItem(GiftType, key.giftType(giftTypeId), reading);

const isActive = (type: GiftType | undefined): type is GiftType =>
  type !== undefined && type.deletedAt === undefined;

/**
 * A gift type that is not deleted, for its sender, read at half a unit. A very recent change may be
 * missing, in which case the gift counts as sent before it; only a type that seems missing is read
 * consistently. Refuses with `gift_type_not_found`.
 */
export async function getGiftType(giftTypeId: string): Promise<GiftType> {
  const near = await readGiftType(giftTypeId, {});
  const type = isActive(near) ? near : await readGiftType(giftTypeId, { consistent: true });
  return isActive(type) ? type : refuse("gift_type_not_found", { giftTypeId });
}

/** The current gift type, for changes; refuses with `gift_type_not_found`. */
async function getCurrentGiftType(giftTypeId: string): Promise<GiftType> {
  const type = await readGiftType(giftTypeId, { consistent: true });
  return isActive(type) ? type : refuse("gift_type_not_found", { giftTypeId });
}

/** A gift type by its GiftId in the Tencent API; read consistently. */
export async function findGiftTypeByAlias(giftId: string): Promise<GiftType | undefined> {
  const alias = await getItem(Alias, key.giftAlias(giftId), { consistent: true });
  const type = alias && (await readGiftType(alias.giftTypeId, { consistent: true }));
  return isActive(type) ? type : undefined;
}

/** The most gift types that a list covers. */
const giftTypesMax = 10_000;

const Version = z.object({ version: z.string() });

/** The list as this process last read it, and when. */
let listed: { version: string | undefined; types: GiftType[]; at: number } | undefined;

/**
 * How long a list is reused while its version stays: reads do not see a transaction's items at
 * once, so a list may be older than the version that was read before it.
 */
const listedMilliseconds = 60_000;

/**
 * All gift types that are not deleted, at most 10,000. A read of half a unit, or of one if it is
 * consistent, checks whether the list that this process read last is still current.
 */
export async function listGiftTypes(
  now: Date,
  reading: ReadOptions = {},
): Promise<readonly GiftType[]> {
  const version = (await getItem(Version, key.giftTypesVersion(), reading))?.version;
  if (listed && listed.version === version && now.getTime() - listed.at < listedMilliseconds)
    return listed.types;
  const walk = { limit: giftTypesMax, consistent: true };
  const items = await queryItems(key.listedGiftType(""), prefix.giftTypes, walk);
  listed = { version, types: items.map((item) => parseItem(GiftType, item)), at: now.getTime() };
  return listed.types;
}

/**
 * The changes of the list for a gift type, and the list's version, which differs after each change.
 */
const listedTypeActions = (type: GiftType): Action[] => [
  type.deletedAt === undefined
    ? { Put: { Item: { ...key.listedGiftType(type.id), ...type } } }
    : { Delete: { Key: key.listedGiftType(type.id) } },
  { Put: { Item: { ...key.giftTypesVersion(), version: `${type.id} ${type.updatedAt}` } } },
];

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
  const actions = [put, aliasAction(giftId, id), ...listedTypeActions(type)];
  const failed = await commitTransaction(actions, reply);
  if (failed !== undefined) refuse("gift_type_exists", { giftId });
  return reply.answer;
}

/** Records a change of a gift type if it is unchanged since the read. */
async function recordIfSame(
  before: GiftType,
  wanted: GiftType,
  also: (changed: GiftType) => readonly Action[] = () => [],
): Promise<GiftType | undefined> {
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
    ...listedTypeActions(after),
  ];
  const isGone = after.deletedAt !== undefined;
  if (isGone || before.giftId !== after.giftId)
    actions.push({ label: "old alias", Delete: { Key: key.giftAlias(before.giftId) } });
  if (!isGone && before.giftId !== after.giftId) actions.push(aliasAction(after.giftId, after.id));
  const failed = await commitTransaction([...actions, ...also(after)]);
  // If the type has changed too, another call may have given it this GiftId.
  if (failed?.has("alias") && !failed.has("type"))
    refuse("gift_type_exists", { giftId: after.giftId });
  return failed === undefined ? after : undefined;
}

/**
 * Changes a gift type, and decides again if another call was faster. The actions that `also`
 * returns for the changed type are written with it.
 */
export async function changeStoredGiftType(
  giftTypeId: string,
  decide: (type: GiftType) => GiftType,
  also?: (changed: GiftType) => readonly Action[],
): Promise<GiftType> {
  return retryOnConflict(async () => {
    const type = await getCurrentGiftType(giftTypeId);
    return (await recordIfSame(type, decide(type), also)) ?? conflicted;
  });
}
