import { isOverlay } from "../../../domain/id.ts";
import { type Subscriber, subscribedAt } from "../../../domain/log/subscriber.ts";
import { logFault } from "../../runtime/log.ts";
import { key } from "../../table/keys.ts";
import { writeOnce } from "../../table/transact.ts";

/**
 * Adds a finished visit to the user's watch time, and a first-time visitor to the stream's
 * audience. The call that removes a subscription passes the removed item, so each visit is counted
 * once. Failures are only logged, because these are statistics.
 */
export async function recordVisit(
  subscriber: Pick<Subscriber, "streamId" | "userId" | "revision" | "refusal">,
  now: Date,
): Promise<void> {
  const { streamId, userId, refusal } = subscriber;
  if (refusal !== undefined || isOverlay(userId)) return;
  const seconds = Math.max(0, Math.round((now.getTime() - subscribedAt(subscriber)) / 1000));
  try {
    if (await addVisit(streamId, userId, seconds)) await countVisitor(streamId);
  } catch (error) {
    logFault("A visit could not be counted", error, { streamId });
  }
}

/** Returns whether this was the user's first visit to the stream. */
async function addVisit(streamId: string, userId: string, seconds: number): Promise<boolean> {
  const added = await writeOnce({
    Update: {
      Key: key.visits(streamId, userId),
      UpdateExpression: "SET userId = :user ADD seconds :seconds, times :one",
      ExpressionAttributeValues: { ":user": userId, ":seconds": seconds, ":one": 1 },
      ReturnValues: "UPDATED_NEW",
    },
  });
  return added.done && added.attributes?.times === 1;
}

async function countVisitor(streamId: string): Promise<void> {
  await writeOnce({
    Update: {
      Key: key.audience(streamId),
      UpdateExpression: "ADD visitors :one",
      ExpressionAttributeValues: { ":one": 1 },
    },
  });
}
