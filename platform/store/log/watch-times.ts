import * as z from "zod";
import { Visits } from "../../../domain/streams/watch-time.ts";
import { cachedIfLong } from "../../runtime/cached.ts";
import { getItem, parseItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";

/** The most visitors whose watch times a stream's statistics include; others are left out. */
const visitorsMax = 10_000;

/** The times of a stream's visitors, from finished visits. */
export async function readVisits(streamId: string): Promise<Visits[]> {
  const items = await queryItems(key.visits(streamId, ""), prefix.visits, { limit: visitorsMax });
  return items.map((item) => parseItem(Visits, item));
}

/** Like `readVisits`, for display: lists of more than a thousand are up to 5 s old. */
export const listVisits = cachedIfLong(readVisits);

const Peak = z.object({ peakViewers: z.number().int().default(0) });

/** The peak number of concurrent viewers of the stream, from its log. */
export async function findPeak(streamId: string): Promise<number> {
  return (await getItem(Peak, key.log(streamId)))?.peakViewers ?? 0;
}
