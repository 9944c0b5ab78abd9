import { isKept, keptUntil, lastForgotten } from "../../../domain/streams/retention.ts";
import { setting } from "../../env.ts";
import { key } from "../../table/keys.ts";
import { queryRange } from "../../table/query.ts";

/** When the table forgets what is written now into a chat, if the stage forgets any messages. */
export function expiryOf(at: Date): { expiresAt?: number } {
  const days = setting("MESSAGE_DAYS");
  return days === 0 ? {} : { expiresAt: Math.floor(keptUntil(at, days) / 1000) };
}

/** Items among which a message is looked for: a number that shows nothing has no time. */
const lookedAtMax = 100;

/**
 * The newest number of a chat that shows nothing, since messages are not kept as long, whether the
 * table has forgotten it by now or not; 0 where there is none. Costs nothing where the stage keeps
 * them for ever.
 */
export async function findForgotten(streamId: string, count: number, now: Date): Promise<number> {
  const days = setting("MESSAGE_DAYS");
  if (days === 0 || count === 0) return 0;
  return lastForgotten(count, async (n) => {
    const [low, high] = [key.message(streamId, n), key.message(streamId, count)];
    for (const limit of [1, lookedAtMax]) {
      const items = await queryRange(low, low.SK, high.SK, { limit });
      const found = items.find(({ createdAt }) => typeof createdAt === "string");
      if (found !== undefined)
        return { n: Number(found.n), isKept: isKept(String(found.createdAt), days, now) };
      if (items.length < limit) return undefined;
    }
    // So many numbers that show nothing, one after the other: whatever comes next is shown.
    return { n, isKept: true };
  });
}
