import { setting } from "../../env.ts";
import { updateItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

/** How long the count of a second is kept. */
const keptSeconds = 3600;

/**
 * Takes missed frames out of what one user's connections are sent together in this second, and
 * answers how many were left to take. Whoever gets none asks again in the next second.
 */
export async function takeResumeFrames(userId: string, wanted: number, now: Date): Promise<number> {
  const second = Math.floor(now.getTime() / 1000);
  const counted = await updateItem({
    Key: key.resumeRate(userId, second),
    UpdateExpression: "SET expiresAt = :expires ADD taken :wanted",
    ExpressionAttributeValues: { ":wanted": wanted, ":expires": second + keptSeconds },
    ReturnValues: "UPDATED_NEW",
  });
  const before = Number(counted?.taken ?? wanted) - wanted;
  return Math.min(wanted, Math.max(0, setting("RESUME_FRAMES_PER_SECOND") - before));
}
