import * as z from "zod";
import { addsToTotals, type Gift } from "../../../domain/money/gift-item.ts";
import { getRawItem, parseItem } from "../../table/items.ts";
import { type Key, key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import type { Action } from "../../table/transact.ts";

/** One gift's addition to the totals of its stream and of its sender; a refund subtracts it. */
type Fold = {
  streamId: string;
  senderId: string;
  giftTypeId: string;
  gifts: number;
  count: number;
  credits: number;
};

/** The addition when the gift is settled. */
export function foldOf(gift: Gift): Fold {
  const { streamId, sender, giftType } = gift;
  if (giftType === undefined) throw new Error(`The gift ${gift.id} has no type`);
  const facts = { streamId, senderId: sender.userId, giftTypeId: giftType.id };
  return { ...facts, gifts: 1, ...addsToTotals(gift) };
}

/** The addition when the gift is refunded: the same, negative. */
export function unfoldOf(gift: Gift): Fold {
  const { gifts, count, credits, ...facts } = foldOf(gift);
  return { ...facts, gifts: -gifts, count: -count, credits: -credits };
}

const ofType = (giftTypeId: string) => `type_${giftTypeId}`;

/**
 * The sums of all folds, one action for each item, since a transaction may name an item only once.
 */
export function foldActions(folds: readonly Fold[]): Action[] {
  const sums = new Map<string, { Key: Key; adds: Map<string, number> }>();
  const add = (Key: Key, added: Record<string, number>) => {
    const name = `${Key.PK} ${Key.SK}`;
    const sum = sums.get(name) ?? { Key, adds: new Map<string, number>() };
    for (const [field, n] of Object.entries(added))
      sum.adds.set(field, (sum.adds.get(field) ?? 0) + n);
    sums.set(name, sum);
  };
  for (const { streamId, senderId, giftTypeId, gifts, count, credits } of folds) {
    const sequence = Math.max(gifts, 0);
    add(key.totals(streamId), { gifts, count, credits, sequence, [ofType(giftTypeId)]: count });
    add(key.fan(streamId, senderId), { gifts, count, credits });
  }
  return [...sums.values()].map(({ Key, adds }) => addAction(Key, [...adds]));
}

const addAction = (Key: Key, adds: [string, number][]): Action => ({
  label: `fold:${Key.SK}`,
  Update: {
    Key,
    UpdateExpression: `ADD ${adds.map((_, at) => `#f${at} :f${at}`).join(", ")}`,
    ExpressionAttributeNames: Object.fromEntries(adds.map(([field], at) => [`#f${at}`, field])),
    ExpressionAttributeValues: Object.fromEntries(adds.map(([, n], at) => [`:f${at}`, n])),
  },
});

const Sums = z.object({
  gifts: z.number().int(),
  /** The quantity: count × receivers. */
  count: z.number().int(),
  credits: z.number().int(),
});

/** A stream's gifts so far. */
type Totals = z.infer<typeof Sums> & {
  /** Grows with each gift, and does not shrink with refunds. */
  sequence: number;
  /** Quantities by gift type. */
  counts: Map<string, number>;
};

/** Reads an item of folded sums: a stream's, or one sender's, which has no counts by type. */
export function totalsOf(item: Record<string, unknown>): Totals {
  const counts = new Map<string, number>();
  for (const [field, n] of Object.entries(item))
    if (field.startsWith(ofType(""))) counts.set(field.slice(ofType("").length), Number(n));
  return { ...parseItem(Sums, item), sequence: Number(item.sequence ?? 0), counts };
}

/** The folded totals of a stream's gifts; all zero if there are none yet. */
export async function findTotals(streamId: string): Promise<Totals> {
  const item = await getRawItem(key.totals(streamId), { consistent: true });
  return totalsOf(item ?? { gifts: 0, count: 0, credits: 0 });
}

/** One sender's gifts in a stream. */
type Fan = z.infer<typeof Sums> & { userId: string };

const fanOf = (item: Record<string, unknown>): Fan => ({
  ...parseItem(Sums, item),
  userId: String(item.SK).slice(prefix.fans.length),
});

/** What one user has sent in a stream, settled and not refunded; undefined if nothing. */
export async function findFan(streamId: string, userId: string): Promise<Fan | undefined> {
  const item = await getRawItem(key.fan(streamId, userId));
  return item && fanOf(item);
}

/** The most senders that a leaderboard covers. */
const fansMax = 100_000;

/**
 * All users with gifts to a stream that were not refunded, unordered: at most 100,000. They are
 * read whole: a row is about 100 bytes, so ten thousand senders are a megabyte.
 */
export async function listFans(streamId: string): Promise<Fan[]> {
  const items = await queryItems(key.fan(streamId, ""), prefix.fans, { limit: fansMax });
  return items.map(fanOf).filter(({ gifts }) => gifts > 0);
}
