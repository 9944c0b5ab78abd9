import { isKept, keptUntil, lastForgotten } from "../../../domain/streams/retention.ts";
import { BoundedMap } from "../../runtime/bounded.ts";
import { setting } from "../../runtime/env.ts";
import { key } from "../../table/keys.ts";
import { queryRange } from "../../table/query.ts";

/** When the table forgets what is written now into a chat, if the stage forgets any messages. */
export function expiryOf(at: Date): { expiresAt?: number } {
  const days = setting("MESSAGE_DAYS");
  return days === 0 ? {} : { expiresAt: Math.floor(keptUntil(at, days) / 1000) };
}

/** Whether the stage shows nothing that was made then any more. */
export function isForgotten(createdAt: string, now: Date): boolean {
  const days = setting("MESSAGE_DAYS");
  return days !== 0 && !isKept(createdAt, days, now);
}

/**
 * The newest number of a chat that this process has seen to be too old: it stays so. What is only
 * not there is not remembered, since a message with such a number may come yet.
 */
const seenOld = new BoundedMap<string, number>(10_000);

/** Items among which a message is looked for: a number that shows nothing has no time. */
const lookedAtMax = 100;

/**
 * The newest number of a chat that shows nothing, since messages are not kept as long, whether the
 * table has forgotten it by now or not; 0 where there is none. Costs nothing where the stage keeps
 * them indefinitely, and one look where nothing has grown old since this process last looked.
 */
export async function findForgotten(streamId: string, count: number, now: Date): Promise<number> {
  if (setting("MESSAGE_DAYS") === 0 || count === 0) return 0;
  const look = (n: number) => findFrom(streamId, n, count, now);
  const { last, old } = await lastForgotten(count, look, seenOld.get(streamId));
  if (old > 0) seenOld.set(streamId, old);
  return last;
}

/** The first message of a chat at a number or after it, with whether it is kept. */
async function findFrom(streamId: string, n: number, count: number, now: Date) {
  const [low, high] = [key.message(streamId, n), key.message(streamId, count)];
  for (const limit of [1, lookedAtMax]) {
    const items = await queryRange(low, low.SK, high.SK, { limit });
    const found = items.find(({ createdAt }) => typeof createdAt === "string");
    if (found !== undefined)
      return { n: Number(found.n), isKept: !isForgotten(String(found.createdAt), now) };
    if (items.length < limit) return undefined;
  }
  // After this many numbers in a row that show nothing, whatever comes next is shown.
  return { n, isKept: true };
}
