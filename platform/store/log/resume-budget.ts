import { BoundedMap } from "../../runtime/caches.ts";
import { setting } from "../../runtime/env.ts";
import { updateItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

/** Seconds after which the count of a second expires. */
const keptSeconds = 3600;

/**
 * Each environment may spend one part in 32 of a user's budget without a request to the table, the
 * parts of a whole window at once. Most reconnecting users have missed less, and all environments
 * together stay near the budget.
 */
const unrequestedPart = 32;
const windowSeconds = 10;

/** Frames that this environment spent without a request, and in which window. */
type Unrequested = { window: number; frames: number };

/** Users that one environment remembers; the oldest are evicted. */
const usersMax = 10_000;

const spent = new BoundedMap<string, Unrequested>(usersMax);

/**
 * Takes frames from the budget per second that all connections of a user share. Returns how many
 * were granted; if 0, try again in the next second. The first request of a window of 10 s also
 * counts the frames spent without one; after it, all further frames of that window are requested.
 */
export async function takeResumeFrames(userId: string, wanted: number, now: Date): Promise<number> {
  const second = Math.floor(now.getTime() / 1000);
  const window = Math.floor(second / windowSeconds);
  const budget = setting("RESUME_FRAMES_PER_SECOND");
  const known = spent.get(userId);
  const frames = known?.window === window ? known.frames : 0;
  const unrequestedMax = Math.floor((budget * windowSeconds) / unrequestedPart);
  if (frames + wanted <= unrequestedMax) {
    spent.set(userId, { window, frames: frames + wanted });
    return wanted;
  }
  // All further frames of this window are requested, so that unrequested ones are counted once.
  spent.set(userId, { window, frames: Number.POSITIVE_INFINITY });
  const unrequested = Number.isFinite(frames) ? frames : 0;
  const counted = await updateItem({
    Key: key.resumeRate(userId, second),
    UpdateExpression: "SET expiresAt = :expires ADD taken :wanted",
    ExpressionAttributeValues: {
      ":wanted": wanted + unrequested,
      ":expires": second + keptSeconds,
    },
    ReturnValues: "UPDATED_NEW",
  });
  const before = Number(counted?.taken ?? wanted) - wanted;
  return Math.min(wanted, Math.max(0, budget - before));
}
