import * as z from "zod";
import { type GoneReader, placesOf } from "../../../domain/streams/gone.ts";
import { getRawItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { type Item, read } from "../../table/table.ts";
import type { Action } from "../../table/transact.ts";

/** Numbers of a bucket that show nothing; DynamoDB gives a set of numbers as a Set. */
const Bucket = z.object({ numbers: z.instanceof(Set) });

/** How the attribute of a part begins in an item of counts; its number follows. */
const part = "p";

/**
 * What notes that a number shows nothing: in its bucket, and in the counts above. They add, so they
 * belong into one transaction with the condition that makes it once: that on the message.
 */
export function goneActions(streamId: string, n: number): Action[] {
  const { bucket, counts } = placesOf(n);
  return [
    {
      Update: {
        Key: key.gone(streamId, 0, bucket),
        UpdateExpression: "ADD numbers :n",
        ExpressionAttributeValues: { ":n": new Set([n]) },
      },
    },
    ...counts.map(({ level, index, part: at }) => ({
      Update: {
        Key: key.gone(streamId, level, index),
        UpdateExpression: "ADD #part :one",
        ExpressionAttributeNames: { "#part": `${part}${at}` },
        ExpressionAttributeValues: { ":one": 1 },
      },
    })),
  ];
}

/**
 * Marks the stream as one that has such numbers, so that others cost no read for them. It is done
 * before they are noted: the mark without them does no harm.
 */
export const hasGoneAction = (streamId: string): Action => ({
  Update: {
    Key: key.chat(streamId),
    UpdateExpression: "SET hasGone = :true",
    ExpressionAttributeValues: { ":true": true },
  },
});

/** Reads what is noted of a stream's numbers, each item once. */
export function goneReader(streamId: string, hasGone: boolean): GoneReader {
  const items = new Map<string, Promise<Item | undefined>>();
  const itemOf = async (level: number, index: number) => {
    if (!hasGone) return undefined;
    const Key = key.gone(streamId, level, index);
    const item = items.get(Key.SK) ?? getRawItem(Key);
    items.set(Key.SK, item);
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
      return new Set(item === undefined ? [] : [...read(Bucket, item).numbers].map(Number));
    },
  };
}
