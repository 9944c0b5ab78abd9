import { updateItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

/** How long the count of a time slot is kept. */
const keptSeconds = 3600;

/** The two counts of a slot: posts of large rooms, and posts reserved for all others. */
export type Pool = "large" | "rest";

/**
 * Leases posts from the stage's allowance in one time slot, and returns how many were left to
 * lease: all posting functions share the counts, so they keep the account's rate together.
 */
export async function leasePosts(
  pool: Pool,
  slot: number,
  wanted: number,
  slotMax: number,
  now: Date,
): Promise<number> {
  const counted = await updateItem({
    Key: key.postRate(pool, slot),
    UpdateExpression: "SET expiresAt = :expires ADD taken :wanted",
    ExpressionAttributeValues: {
      ":wanted": wanted,
      ":expires": Math.floor(now.getTime() / 1000) + keptSeconds,
    },
    ReturnValues: "UPDATED_NEW",
  });
  const before = Number(counted?.taken ?? wanted) - wanted;
  return Math.min(wanted, Math.max(0, slotMax - before));
}
