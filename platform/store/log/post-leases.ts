import { updateItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

/** Seconds after which the count of a time slot expires. */
const keptSeconds = 3600;

/** The two counts of a slot: posts of large rooms, and posts reserved for everything else. */
export type Pool = "large" | "rest";

/**
 * Leases up to `wanted` posts from the stage's limit for one time slot. Returns how many were
 * granted. All posting functions share the counts, so together they stay under the account's rate.
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
