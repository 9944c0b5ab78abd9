import type { Profile } from "../../../domain/people/user.ts";
import { putItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import type { Action } from "../../table/transact.ts";

const itemOf = (userId: string, streamId: string, now: Date) => ({
  ...key.tracedStream(userId, streamId),
  streamId,
  at: now.toISOString(),
});

/** Notes that something of a user lies with a stream, so that it is found when they leave. */
export const traceAction = (userId: string, streamId: string, now: Date): Action => ({
  Put: { Item: itemOf(userId, streamId, now) },
});

/** What this process has noted, so that one of many messages pays for it. */
const noted = new Set<string>();
const notedMax = 10_000;

/**
 * Notes a trace once in this process. A user who was deleted and comes again has another time of
 * creation, and is noted anew.
 */
export async function noteTrace(
  { userId, createdAt }: Pick<Profile, "userId" | "createdAt">,
  streamId: string,
  now: Date,
): Promise<void> {
  const mark = `${userId} ${createdAt} ${streamId}`;
  if (noted.has(mark)) return;
  await putItem(itemOf(userId, streamId, now));
  if (noted.size >= notedMax) noted.clear();
  noted.add(mark);
}
