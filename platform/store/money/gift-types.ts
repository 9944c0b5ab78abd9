import * as z from "zod";
import { GiftType, giftTypesMax } from "../../../domain/money/gift-type.ts";
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

/** The most gift types that a list covers; earlier releases had no limit. */
const listedMax = 10_000;

/** The list's version and number of types; without a number, an earlier release wrote last. */
const Version = z.object({ version: z.string(), count: z.number().int().optional() });

const readListed = () =>
  queryItems(key.listedGiftType(""), prefix.giftTypes, { limit: listedMax, consistent: true });

/** The list as this process last read it, and when. */
let listed: { version: string | undefined; types: GiftType[]; at: number } | undefined;

/**
 * How long a list is reused while its version stays. Not longer, since reads do not see all items
 * of a transaction at the same time: a list may be older than the version that was read before it.
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
  const types = (await readListed()).map((item) => parseItem(GiftType, item));
  listed = { version, types, at: now.getTime() };
  return listed.types;
}

/**
 * The changes of the list for a gift type, and the list's version, which differs after each change.
 * The list gains `added` types; refuses with `too_many_gift_types`.
 */
async function listedTypeActions(type: GiftType, added: 1 | 0 | -1): Promise<Action[]> {
  const item: Action =
    type.deletedAt === undefined
      ? { Put: { Item: { ...key.listedGiftType(type.id), ...type } } }
      : { Delete: { Key: key.listedGiftType(type.id) } };
  return [item, await versionAction(type, added)];
}

async function versionAction({ id, updatedAt }: GiftType, added: 1 | 0 | -1): Promise<Action> {
  const Key = key.giftTypesVersion();
  const names = { "#version": "version", ...(added !== 0 && { "#count": "count" }) };
  const version = { ":version": `${id} ${updatedAt}` };
  const set = { Key, UpdateExpression: "SET #version = :version", ExpressionAttributeNames: names };
  if (added === 0) return { Update: { ...set, ExpressionAttributeValues: version } };
  const was = (await getItem(Version, Key, { consistent: true }))?.count;
  const count = was ?? (await readListed()).length;
  if (added > 0 && count >= giftTypesMax) refuse("too_many_gift_types", { max: giftTypesMax });
  const isKnown = was !== undefined;
  return {
    label: "version",
    Update: {
      ...set,
      UpdateExpression: `${set.UpdateExpression}, #count = :count`,
      ConditionExpression: isKnown ? "#count = :was" : "attribute_not_exists(#count)",
      ExpressionAttributeValues: {
        ...version,
        ":count": count + added,
        ...(isKnown && { ":was": was }),
      },
    },
  };
}

const aliasAction = (giftId: string, giftTypeId: string): Action => ({
  label: "alias",
  Put: {
    Item: { ...key.giftAlias(giftId), giftTypeId },
    ConditionExpression: "attribute_not_exists(PK)",
  },
});

/**
 * Records a new gift type with its alias; refuses with `gift_type_exists` and
 * `too_many_gift_types`.
 */
export async function recordGiftType<A>(type: GiftType, reply: Reply<A>): Promise<A> {
  const { id, giftId } = type;
  const put: Action = {
    label: "type",
    Put: {
      Item: { ...key.giftType(id), ...type },
      ConditionExpression: "attribute_not_exists(PK)",
    },
  };
  return retryOnConflict(async () => {
    const actions = [put, aliasAction(giftId, id), ...(await listedTypeActions(type, 1))];
    const failed = await commitTransaction(actions, reply);
    if (failed?.has("type") || failed?.has("alias")) refuse("gift_type_exists", { giftId });
    return failed === undefined ? reply.answer : conflicted;
  });
}

/** Records a change of a gift type if it is unchanged since the read. */
async function recordIfSame(
  before: GiftType,
  wanted: GiftType,
  also: (changed: GiftType) => readonly Action[] = () => [],
): Promise<GiftType | undefined> {
  const after = { ...wanted, updatedAt: timeAfter(before.updatedAt, wanted.updatedAt) };
  const isGone = after.deletedAt !== undefined;
  const actions: Action[] = [
    {
      label: "type",
      Put: {
        Item: { ...key.giftType(after.id), ...after },
        ConditionExpression: "updatedAt = :before",
        ExpressionAttributeValues: { ":before": before.updatedAt },
      },
    },
    ...(await listedTypeActions(after, isGone ? -1 : 0)),
  ];
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
