import type { Profile } from "../../../domain/people/user.ts";
import { BoundedSet } from "../../runtime/caches.ts";
import { putIf, putItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import type { Action } from "../../table/transact.ts";

const itemOf = (userId: string, streamId: string, now: Date) => ({
  ...key.tracedStream(userId, streamId),
  streamId,
  at: now.toISOString(),
});

/** Records that a stream holds data of a user, so that their erasure finds it. */
export const traceAction = (userId: string, streamId: string, now: Date): Action => ({
  Put: { Item: itemOf(userId, streamId, now) },
});

/**
 * Records a stream whose frames may have the names of a user who was deleted at this time. A later
 * trace stays: it belongs to a new user with the same id.
 */
export async function noteErasedStream(
  userId: string,
  streamId: string,
  at: string,
): Promise<void> {
  await putIf(itemOf(userId, streamId, new Date(at)), {
    ConditionExpression: "attribute_not_exists(PK) OR #at <= :at",
    ExpressionAttributeNames: { "#at": "at" },
    ExpressionAttributeValues: { ":at": at },
  });
}

/** Traces recorded by this process, so that only one of many messages pays for it. */
const noted = new BoundedSet<string>(10_000);

/**
 * Records a trace once in this process. A deleted user who returns has another time of creation,
 * and is recorded again.
 */
export async function noteTrace(
  { userId, createdAt }: Pick<Profile, "userId" | "createdAt">,
  streamId: string,
  now: Date,
): Promise<void> {
  const mark = `${userId} ${createdAt} ${streamId}`;
  if (noted.has(mark)) return;
  await putItem(itemOf(userId, streamId, now));
  noted.add(mark);
}
