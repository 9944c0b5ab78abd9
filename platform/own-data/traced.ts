import * as z from "zod";
import { deleteIf, parseItem } from "../table/items.ts";
import { type Key, key } from "../table/keys.ts";
import { queryItems, queryRange } from "../table/query.ts";

const Trace = z.object({
  SK: z.string(),
  streamId: z.string().optional(),
  giftId: z.string().optional(),
  banId: z.string().optional(),
  hostId: z.string().optional(),
});

/**
 * A position in the walk through a user's traces: a trace (`SK`), and how far it is done. `n` is a
 * message or frame of its stream; `moment` a moment, after all messages (empty before the first);
 * `hosted` a sort key in the list of its host's streams. With `isOver` all of it is done.
 */
const Place = z.object({
  SK: z.string(),
  n: z.number().int(),
  isOver: z.boolean(),
  hosted: z.string().optional(),
  moment: z.string().optional(),
});
const placeIn = (after: string | undefined) =>
  after === undefined ? undefined : Place.parse(JSON.parse(after));

/** The position within a trace of a host, after this sort key in the list of their streams. */
export const cursorInHost = (SK: string, hosted: string) =>
  JSON.stringify({ SK, n: 0, isOver: false, hosted });

/** The position within a trace's stream, after this moment. */
export const cursorInMoments = (SK: string, moment: string) =>
  JSON.stringify({ SK, n: 0, isOver: false, moment });

/** The position after a trace, or within its stream after number `n`. */
export const cursorText = (SK: string, n?: number) =>
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
  const { n, hosted, moment } = place?.isOver === false ? place : { n: 0 };
  return item && { ...parseItem(Trace, item), n, hosted, moment };
}

/** Deletes a trace, unless a new user with the same id has written it after the deletion (`at`). */
export async function forgetTrace(trace: Key, at: string): Promise<void> {
  await deleteIf(trace, {
    ConditionExpression: "#at <= :at",
    ExpressionAttributeNames: { "#at": "at" },
    ExpressionAttributeValues: { ":at": at },
  });
}
