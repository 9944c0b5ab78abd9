import * as z from "zod";
import { countersOf, type GapReader, topOf } from "../../../domain/streams/message-gaps.ts";
import { BoundedMap } from "../../runtime/caches.ts";
import { getRawItem, type Item, parseItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { queryRange } from "../../table/query.ts";
import type { Action } from "../../table/transact.ts";

/** The gaps of a bucket: a number set of DynamoDB is a Set here. */
const Bucket = z.object({ numbers: z.instanceof(Set) });

/** The prefix of a part's attribute in an item of counts; its number follows. */
const part = "p";

/**
 * Records a number as a gap, in its bucket and in the counts above. Each run adds to the counts, so
 * these actions must share a transaction with a condition on the message that holds only once.
 */
export function gapActions(streamId: string, n: number): Action[] {
  const { bucket, counts } = countersOf(n);
  return [
    {
      Update: {
        Key: key.messageGap(streamId, 0, bucket),
        UpdateExpression: "ADD numbers :n",
        ExpressionAttributeValues: { ":n": new Set([n]) },
      },
    },
    ...counts.map(({ level, index, part: at }) => ({
      Update: {
        Key: key.messageGap(streamId, level, index),
        UpdateExpression: "ADD #part :one",
        ExpressionAttributeNames: { "#part": `${part}${at}` },
        ExpressionAttributeValues: { ":one": 1 },
      },
    })),
  ];
}

/**
 * Marks the stream as one with gaps, so that other streams need no read for gaps. The mark is
 * written before the gaps, since the mark alone is harmless.
 */
export const hasGapAction = (streamId: string): Action => ({
  Update: {
    Key: key.chat(streamId),
    UpdateExpression: "SET hasGone = :true",
    ExpressionAttributeValues: { ":true": true },
  },
});

/**
 * The number of items read together: the counts of all numbers, and the items just below them. In a
 * chat of less than 65,536 messages these are the newest buckets, which are all that its first page
 * needs.
 */
const newestMax = 3;

/**
 * The newest items: all with sort keys from `low` to `high`. There are others above `high` if the
 * chat has reached another level of counts since the count with which they were read.
 */
type Newest = { items: Map<string, Item>; low: string; high: string };

/** Chats in which this process has seen gaps, with their message counts at the time. */
const counts = new BoundedMap<string, number>(10_000);

async function readNewest(streamId: string, count: number): Promise<Newest> {
  const first = key.messageGap(streamId, 0, 0);
  const last = key.messageGap(streamId, topOf(count), 0);
  const most = { limit: newestMax, newestFirst: true };
  const read = await queryRange(first, first.SK, last.SK, most);
  const low = read.length < newestMax ? first.SK : read.at(-1)!.SK;
  return { items: new Map(read.map((item) => [item.SK, item])), low, high: last.SK };
}

/**
 * Begins to read the gaps of a stream in parallel with the chat's own item, if this process knows
 * that there are gaps.
 */
export async function readGapsEarly(streamId: string): Promise<Newest | undefined> {
  const count = counts.get(streamId);
  return count === undefined ? undefined : readNewest(streamId, count);
}

/**
 * Reads the gaps of a stream, each item once; `early` is the result of `readGapsEarly`.
 */
export function gapReader(
  streamId: string,
  { count, hasGone }: { count: number; hasGone: boolean },
  early: Newest | undefined,
): GapReader {
  if (hasGone) counts.set(streamId, count);
  let newest: Promise<Newest> | undefined;
  const others = new Map<string, Promise<Item | undefined>>();
  const itemOf = async (level: number, index: number) => {
    if (!hasGone) return undefined;
    const Key = key.messageGap(streamId, level, index);
    newest ??= early === undefined ? readNewest(streamId, count) : Promise.resolve(early);
    const { items, low, high } = await newest;
    if (Key.SK >= low && Key.SK <= high) return items.get(Key.SK);
    const item = others.get(Key.SK) ?? getRawItem(Key);
    others.set(Key.SK, item);
    return item;
  };
  return {
    async counts(level, index) {
      const entries = Object.entries((await itemOf(level, index)) ?? {});
      const parts = entries.filter(([name]) => name.startsWith(part));
      return new Map(
        parts.map(([name, count]) => [Number(name.slice(part.length)), Number(count)]),
      );
    },
    async numbers(bucket) {
      const item = await itemOf(0, bucket);
      return new Set(item === undefined ? [] : [...parseItem(Bucket, item).numbers].map(Number));
    },
  };
}
