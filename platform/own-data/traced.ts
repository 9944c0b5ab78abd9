import * as z from "zod";
import { read } from "../table/items.ts";
import { key } from "../table/keys.ts";
import { queryItems, queryRange } from "../table/query.ts";

const Trace = z.object({
  SK: z.string(),
  streamId: z.string().optional(),
  giftId: z.string().optional(),
  banId: z.string().optional(),
});

/** A position: a trace and, within its stream, a number. */
const Place = z.object({ SK: z.string(), n: z.number().int(), isOver: z.boolean() });
const placeIn = (after: string | undefined) =>
  after === undefined ? undefined : Place.parse(JSON.parse(after));

/** The position after a trace, or within its stream after number `n`. */
export const placeText = (SK: string, n?: number) =>
  JSON.stringify({ SK, n: n ?? 0, isOver: n === undefined });

/** The trace for a page: the one that the previous page left unfinished, or the next. */
export async function findTrace(userId: string, start: string, after: string | undefined) {
  const place = placeIn(after);
  const trace = key.tracedBan(userId, "");
  const one = { limit: 1, consistent: true };
  const items =
    place?.isOver === false
      ? await queryRange(trace, place.SK, place.SK, one)
      : await queryItems(trace, start, { ...one, ...(place && { after: place.SK }) });
  const [item] = items;
  return item && { ...read(Trace, item), n: place?.isOver === false ? place.n : 0 };
}
