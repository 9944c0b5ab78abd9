import * as z from "zod";
import { type Subscriber, subscribedAt } from "../../../domain/log/subscriber.ts";
import { isOverlay } from "../../../domain/streams/holder.ts";
import { Visits } from "../../../domain/streams/watch-time.ts";
import { cachedIfLong } from "../../runtime/cached.ts";
import { logFault } from "../../runtime/log.ts";
import { getItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { writeOnce } from "../../table/record.ts";
import { read } from "../../table/table.ts";

/** Visitors whose time a stream's statistics add up; of more, the others are left out. */
const visitorsMax = 10_000;

/**
 * Adds a visit that is over to its user's time, and a user who was there for the first time to the
 * stream's audience. The call that removes a subscription passes what was there, so each visit
 * comes once; statistics are not worth failing for.
 */
export async function recordVisit(subscriber: Subscriber, now: Date): Promise<void> {
  const { streamId, userId, refusal } = subscriber;
  if (refusal !== undefined || isOverlay(userId)) return;
  const seconds = Math.max(0, Math.round((now.getTime() - subscribedAt(subscriber)) / 1000));
  try {
    if (await addVisit(streamId, userId, seconds)) await countVisitor(streamId);
  } catch (error) {
    logFault("A visit could not be counted", error, { streamId });
  }
}

/** Tells whether it was the user's first visit of the stream. */
async function addVisit(streamId: string, userId: string, seconds: number): Promise<boolean> {
  const added = await writeOnce({
    Update: {
      Key: key.visits(streamId, userId),
      UpdateExpression: "SET userId = :user ADD seconds :seconds, times :one",
      ExpressionAttributeValues: { ":user": userId, ":seconds": seconds, ":one": 1 },
      ReturnValues: "UPDATED_NEW",
    },
  });
  return added.done && added.attributes?.times === 1;
}

async function countVisitor(streamId: string): Promise<void> {
  await writeOnce({
    Update: {
      Key: key.audience(streamId),
      UpdateExpression: "ADD visitors :one",
      ExpressionAttributeValues: { ":one": 1 },
    },
  });
}

/** The times of a stream's visitors, of visits that are over. */
export async function readVisits(streamId: string): Promise<Visits[]> {
  const items = await queryItems(key.visits(streamId, ""), prefix.visits, { limit: visitorsMax });
  return items.map((item) => read(Visits, item));
}

/** The same for who only looks at them: of more than a thousand, up to 5 s old. */
export const listVisits = cachedIfLong(readVisits);

const Peak = z.object({ peakViewers: z.number().int().default(0) });

/** The most viewers that the stream ever had at once, as its log knows. */
export async function findPeak(streamId: string): Promise<number> {
  return (await getItem(Peak, key.log(streamId)))?.peakViewers ?? 0;
}
