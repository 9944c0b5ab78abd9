import { isKept, keptUntil, lastExpired } from "../../../domain/streams/retention.ts";
import { BoundedMap } from "../../runtime/caches.ts";
import { setting } from "../../runtime/env.ts";
import { key } from "../../table/keys.ts";
import { queryRange } from "../../table/query.ts";

/** The expiry of a chat's item from this time; none if the stage keeps messages indefinitely. */
export function expiryOf(at: Date): { expiresAt?: number } {
  const days = setting("MESSAGE_DAYS");
  return days === 0 ? {} : { expiresAt: Math.floor(keptUntil(at, days) / 1000) };
}

/** Whether something from this time is no longer shown on this stage. */
export function isPastRetention(createdAt: string, now: Date): boolean {
  const days = setting("MESSAGE_DAYS");
  return days !== 0 && !isKept(createdAt, days, now);
}

/**
 * By chat, the newest number of a message that this process has seen to be too old, which is final.
 * Missing items are not remembered, since a message with such a number may still arrive.
 */
const seenOld = new BoundedMap<string, number>(10_000);

/** The most items examined to find one with a time, which gaps do not have. */
const lookedAtMax = 100;

/**
 * The newest number of a chat that is hidden because of its age, even if the table has not deleted
 * it yet; 0 if there is none. Costs nothing if the stage keeps messages indefinitely, and one look
 * if nothing has expired since this process last looked.
 */
export async function findExpired(streamId: string, count: number, now: Date): Promise<number> {
  if (setting("MESSAGE_DAYS") === 0 || count === 0) return 0;
  const look = (n: number) => findFrom(streamId, n, count, now);
  const { last, old } = await lastExpired(count, look, seenOld.get(streamId));
  if (old > 0) seenOld.set(streamId, old);
  return last;
}

/** The first message of a chat at or after a number, and whether it is kept. */
async function findFrom(streamId: string, n: number, count: number, now: Date) {
  const [low, high] = [key.message(streamId, n), key.message(streamId, count)];
  for (const limit of [1, lookedAtMax]) {
    const items = await queryRange(low, low.SK, high.SK, { limit });
    const found = items.find(({ createdAt }) => typeof createdAt === "string");
    if (found !== undefined)
      return { n: Number(found.n), isKept: !isPastRetention(String(found.createdAt), now) };
    if (items.length < limit) return undefined;
  }
  // After this many gaps in a row, the next message is assumed to be shown.
  return { n, isKept: true };
}
