import * as z from "zod";
import { overlayKeysMax } from "../../domain/streams/overlay-key.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { cancelStream, isBefore } from "../../domain/streams/stream-lifecycle.ts";
import { listOverlayKeys, removeOverlayKey } from "../store/streams/overlay-keys.ts";
import { listReminders } from "../store/streams/reminders.ts";
import { changeStream } from "../store/streams/stream-changes.ts";
import { getStream } from "../store/streams/streams.ts";
import { noteErasedStream } from "../store/streams/traces.ts";
import { conflicted, retryOnConflict } from "../table/conflicts.ts";
import { deleteIf, getRawItem, updateIf } from "../table/items.ts";
import { key, prefix } from "../table/keys.ts";
import { eraseNotices } from "./erase-notices.ts";
import { firstIdAt, isIdUntil, pageOf } from "./erase-people.ts";
import { withoutNames } from "./names.ts";
import { pageSizes } from "./page-sizes.ts";
import { type Erasure, lateFrom } from "./progress.ts";

/**
 * A stream of the host (its sort key) and, while that stream has more reminders, the user of the
 * last reminder (empty before the first).
 */
const Place = z.object({ SK: z.string().optional(), reminderOf: z.string().optional() });
type Place = z.infer<typeof Place>;

const placeIn = (after: string | undefined): Place =>
  after === undefined ? {} : Place.parse(JSON.parse(after));

/**
 * Erases the user as a host: cancels streams that have not begun, and removes the host's names from
 * each stream and from the notifications of users who set a reminder. A page reads at most
 * `changes` streams and as many reminders.
 */
export async function eraseFromHosted(erasure: Erasure): Promise<string | undefined> {
  const { userId, at, after, again } = erasure;
  const { SK, reminderOf } = placeIn(after);
  const { changes } = pageSizes();
  if (SK !== undefined && reminderOf !== undefined) {
    const streamId = SK.slice(prefix.hosted.length);
    const { next } = await eraseReminders(streamId, reminderOf, changes);
    return JSON.stringify({ SK, reminderOf: next });
  }
  if (SK === undefined) await eraseChannel(userId, at);
  const start = again && key.hosted(userId, firstIdAt(lateFrom(erasure))).SK;
  const items = await pageOf(key.hosted(userId, ""), prefix.hosted, SK ?? start, changes);
  let left = changes;
  for (const { SK, streamId: id } of items) {
    const streamId = String(id);
    if (!isIdUntil(streamId, at)) continue;
    await eraseHost(streamId, userId);
    await noteErasedStream(userId, streamId, at);
    const { count, next } = await eraseReminders(streamId, "", left);
    left -= count;
    if (next !== undefined || left === 0) return JSON.stringify({ SK, reminderOf: next });
  }
  return items.length < changes ? undefined : JSON.stringify({ SK: items.at(-1)!.SK });
}

/**
 * Erases the settings and overlay keys of the user's channel. Its bans stay, as those of streams
 * do: they are about other users, and apply in streams that stay.
 */
async function eraseChannel(userId: string, at: string): Promise<void> {
  await deleteIf(key.channel(userId), {
    ConditionExpression: "updatedAt <= :at",
    ExpressionAttributeValues: { ":at": at },
  });
  const place = { channelOf: userId };
  for (const { id } of await listOverlayKeys(place, overlayKeysMax, undefined))
    if (isIdUntil(id, at)) await removeOverlayKey(place, id);
}

/**
 * Removes the host's name from the notifications of the users of some reminders. Returns the number
 * of reminders and where the next page begins; undefined after the last page.
 */
async function eraseReminders(streamId: string, after: string, limit: number) {
  const reminders = await listReminders(streamId, limit, after);
  const userIds = reminders.map(({ userId }) => userId);
  const count = userIds.length;
  if (!(await eraseNotices(userIds, new Set([streamId])))) return { count, next: after };
  return { count, next: count < limit ? undefined : userIds.at(-1) };
}

/**
 * Erases the host's name in a stream, under its revision, so that no other change is lost. Cancels
 * a stream that has not begun, so that contributions are returned now and do not go to the next
 * user of the host's `sub`.
 */
async function eraseHost(streamId: string, userId: string): Promise<void> {
  await retryOnConflict(async () => {
    const stream = await getRawItem(key.stream(streamId), { consistent: true });
    if (stream === undefined) return undefined;
    if (stream.deletedAt === null && isBefore({ status: stream.status as Stream["status"] })) {
      await changeStream(await getStream(streamId, { consistent: true }), callOff, new Date());
      return conflicted;
    }
    const changed = await updateIf({
      Key: key.stream(streamId),
      UpdateExpression: "SET host = :host, revision = :next",
      ConditionExpression: "revision = :was",
      ExpressionAttributeValues: {
        ":host": withoutNames(stream.host, userId),
        ":was": stream.revision,
        ":next": Number(stream.revision) + 1,
      },
    });
    return changed === undefined ? conflicted : undefined;
  });
}

/** Cancels a stream, unless it has begun in the meantime. */
const callOff = (stream: Stream) => (isBefore(stream) ? cancelStream(stream) : undefined);
