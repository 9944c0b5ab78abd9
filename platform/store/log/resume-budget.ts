import { BoundedMap } from "../../runtime/bounded.ts";
import { setting } from "../../runtime/env.ts";
import { updateItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

/** How long the count of a second is kept. */
const keptSeconds = 3600;

/**
 * The part of a user's frames in a second that each environment sends without asking the table:
 * most reconnecting users have missed no more, and all environments together stay near the budget.
 */
const unaskedPart = 32;

/** The frames that this environment sent a user without asking, and in which second. */
type Unasked = { second: number; frames: number };

/** The most users that one environment remembers; new ones replace the oldest. */
const usersMax = 10_000;

const sights = new BoundedMap<string, Unasked>(usersMax);

/**
 * Takes frames from the budget that one user's connections share in this second, and returns how
 * many were left to take. A caller that gets none asks again in the next second. Frames taken
 * without asking are counted with the first request, after which all frames of this second are
 * requested.
 */
export async function takeResumeFrames(userId: string, wanted: number, now: Date): Promise<number> {
  const second = Math.floor(now.getTime() / 1000);
  const budget = setting("RESUME_FRAMES_PER_SECOND");
  const known = sights.get(userId);
  const frames = known?.second === second ? known.frames : 0;
  const unaskedMax = Math.floor(budget / unaskedPart);
  if (frames + wanted <= unaskedMax) {
    sights.set(userId, { second, frames: frames + wanted });
    return wanted;
  }
  // From now on every frame of this second is requested, so the unasked ones are counted once.
  sights.set(userId, { second, frames: Number.POSITIVE_INFINITY });
  const untold = Number.isFinite(frames) ? frames : 0;
  const counted = await updateItem({
    Key: key.resumeRate(userId, second),
    UpdateExpression: "SET expiresAt = :expires ADD taken :wanted",
    ExpressionAttributeValues: { ":wanted": wanted + untold, ":expires": second + keptSeconds },
    ReturnValues: "UPDATED_NEW",
  });
  const before = Number(counted?.taken ?? wanted) - wanted;
  return Math.min(wanted, Math.max(0, budget - before));
}
