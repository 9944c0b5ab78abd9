import { BoundedMap } from "../../runtime/bounded.ts";
import { setting } from "../../runtime/env.ts";
import { updateItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

/** How long the count of a second is kept. */
const keptSeconds = 3600;

/**
 * The part of a user's frames of a second that each environment sends without asking the table:
 * most who reconnect have missed no more, and all environments together stay near the budget.
 */
const unaskedPart = 32;

/** What this environment has sent a user without asking, of which second. */
type Unasked = { second: number; frames: number };

/** Users that one environment remembers; then it forgets whom it saw longest ago. */
const usersMax = 10_000;

const sights = new BoundedMap<string, Unasked>(usersMax);

/**
 * Takes missed frames out of what one user's connections are sent together in this second, and
 * answers how many were left to take. A caller that gets none asks again in the next second. What
 * was taken unasked is counted with the first that is asked for, after which all of the second are.
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
  // From here on nothing of this second fits unasked, so it is counted once.
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
