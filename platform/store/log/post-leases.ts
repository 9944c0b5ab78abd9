import { updateItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

/** How long the count of a slot is kept. */
const keptSeconds = 3600;

/** Two counts of a slot: what large rooms may take, and what is kept back for all others. */
export type Pool = "large" | "rest";

/**
 * Takes posts out of what the stage may send in one slot of time, and answers how many were left to
 * take: all who post share the counts, so the account's rate holds however many they are.
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
