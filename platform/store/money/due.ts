import { Gift, Share } from "../../../domain/money/gift-item.ts";
import { Proceeds } from "../../../domain/streams/funding.ts";
import { getItems, type Item } from "../../table/items.ts";
import { dueIndex, heldGiftsKey, type Key, key, prefix } from "../../table/keys.ts";
import { queryAll, queryDue, scanPage } from "../../table/query.ts";
import { firstGiftFrom } from "./gifts.ts";

/** A due gift, superlike, share or proceeds, from the stream's images or the sweep. */
export type Due = Gift | Share | Proceeds;

const schemaOf = ({ kind }: Record<string, unknown>) =>
  kind === "share" ? Share : kind === "proceeds" ? Proceeds : Gift;

/** Reads a due item; undefined if it is settled already. Throws if it does not fit. */
export function dueOf(image: Record<string, unknown>): Due | undefined {
  const due = schemaOf(image).parse(image);
  return due.due === undefined ? undefined : due;
}

/** The most due items that a balance sums up; a user with more sees the sum of these. */
const pendingMax = 1000;

async function sumDue(owner: string, limit?: number): Promise<number> {
  let sum = 0;
  for await (const { dueCredits } of queryDue(owner, limit)) sum += Number(dueCredits);
  return sum;
}

/** Credits that the user has received and that are not settled yet, of at most 1,000 gifts. */
export const sumPending = (userId: string) => sumDue(userId, pendingMax);

/** Credits of gifts that the user has paid for and that are not sent: they may be returned. */
export const sumHeld = (userId: string) => sumDue(heldGiftsKey(userId));

/**
 * The assumed lag of the index behind the items: DynamoDB guarantees no bound, and the lag is
 * almost always below a second.
 */
export const indexLagMilliseconds = 60_000;

/** Credits of a stream's gifts since a time that the user has not received; read consistently. */
export async function sumPendingIn(streamId: string, userId: string, from: Date): Promise<number> {
  const range = { low: firstGiftFrom(streamId, from).SK, high: behindGifts };
  let sum = 0;
  for await (const item of queryAll(key.gift(streamId, ""), range, { consistent: true }))
    if (item[dueIndex.PK] === userId) sum += Number(item.dueCredits);
  return sum;
}

/** The total debt of all wallets, and the number of wallets with a debt. */
export async function sumDebts(): Promise<{ owed: number; wallets: number }> {
  const sum = { owed: 0, wallets: 0 };
  for await (const { dueCredits } of queryDue(dueIndex.debtors)) {
    sum.owed += Number(dueCredits);
    sum.wallets++;
  }
  return sum;
}

/** Where a walk through the index continues: after this item, even if it no longer exists. */
export type DueCursor = Key & { due: string };

/** A sort key after those of all gifts of a stream. */
const behindGifts = prefix.gifts.replace("#", "$");

/**
 * A sort key after all of one owner in the index: gifts, held gifts, wallets with a debt and
 * deliveries. All of them begin with a letter or a digit.
 */
const behindOwner = "~";

/** A page of due items, and where the next one begins; undefined at the end of the index. */
type DuePage = { gifts: Key[]; calls: Key[]; next: DueCursor | undefined };

/**
 * Keys of the next `limit` due gifts, of all receivers, and of marks that hold one. If a page
 * belongs to one owner (a user, all debtors, a receiver of deliveries), the next begins after that
 * owner, so that one backlog does not hide the others.
 */
export async function listDue(from: DueCursor | undefined, limit: number): Promise<DuePage> {
  const { items, next: behind } = await scanPage({
    IndexName: dueIndex.name,
    Limit: limit,
    ExclusiveStartKey: from,
  });
  const keys = items.map(({ PK, SK }) => ({ PK, SK }));
  const first = items[0];
  const last = behind as DueCursor | undefined;
  const isOne = first !== undefined && first.due === last?.due;
  const next = isOne && last !== undefined ? { ...last, SK: behindOwner } : last;
  const of = (start: string) => keys.filter(({ SK }) => SK.startsWith(start));
  return { gifts: of(prefix.gifts), calls: of(prefix.calls), next };
}

/** Items by their keys, read consistently, without deleted ones. */
export async function readDue(keys: readonly Key[]): Promise<Item[]> {
  return [...(await getItems(keys, { consistent: true })).values()];
}
