import { createHash, randomInt } from "node:crypto";
import * as z from "zod";
import { BoundedSet } from "../../runtime/bounded.ts";
import { putItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { read } from "../../table/table.ts";

/*
 * A gift is stored in its stream, and a refund names the gift alone. A pointer for each gift would
 * cost a write for each; instead the middle of a gift's id is a hash of its stream, and one small
 * item for each stream leads back from the hash. Two streams of one hash are two items, and both
 * are tried.
 */
const hashDigits = 10;

const hashOfStream = (streamId: string) =>
  createHash("sha256").update(streamId).digest("hex").slice(0, hashDigits);

/** Numbers in the last 14 bits of an id. */
const countMax = 1 << 14;
let counter: number | undefined;

/**
 * A new id for a gift of this stream, in the form of an ObjectId: 4 bytes of time in seconds, 5
 * bytes of the stream's hash, 10 bits of milliseconds and 14 of a counter with a random start. So
 * the ids of a stream sort by time. Two gifts of one millisecond from two processes may get the
 * same id (1 pair in 16,384): a gift is put only if its id is free, and otherwise gets another.
 */
export function newGiftId(streamId: string, now: Date): string {
  counter = ((counter ?? randomInt(countMax)) + 1) % countMax;
  const seconds = Math.floor(now.getTime() / 1000);
  const last = (now.getTime() % 1000) * countMax + counter;
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return hex(seconds, 8) + hashOfStream(streamId) + hex(last, 6);
}

/** The time of a gift, which its id begins with, in seconds since 1970. */
export const secondsOfGift = (giftId: string) => Number.parseInt(giftId.slice(0, 8), 16);

/** The place in a stream of the first gift that may have been sent in this second or later. */
export const firstGiftFrom = (streamId: string, from: Date) =>
  key.gift(
    streamId,
    Math.floor(from.getTime() / 1000)
      .toString(16)
      .padStart(8, "0"),
  );

const Place = z.object({ streamId: z.string() });

/** Streams whose place this process has recorded. */
const recordedStreams = new BoundedSet<string>(10_000);

/**
 * Records where gifts with this stream's hash are: once for each stream and process, before the
 * first one.
 */
export async function recordGiftPlace(streamId: string): Promise<void> {
  if (recordedStreams.has(streamId)) return;
  const Item = { ...key.giftPlace(hashOfStream(streamId), streamId), streamId };
  await putItem(Item);
  recordedStreams.add(streamId);
}

/** The streams in which a gift with this id can lie: none, one, or very rarely more. */
export async function listGiftPlaces(giftId: string): Promise<string[]> {
  const place = key.giftPlace(giftId.slice(8, 8 + hashDigits), "");
  const items = await queryItems(place, prefix.listedStreams, { limit: 10, consistent: true });
  return items.map((item) => read(Place, item).streamId);
}
