import { createHash } from "node:crypto";
import * as z from "zod";
import { objectIdOf, StreamId } from "../../domain/id.ts";
import { makeNotification, type StoredNotification } from "../../domain/people/notification.ts";
import { noticeOf, type Reminder } from "../../domain/streams/reminder.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { sendAt } from "../aws/queues.ts";
import { setting } from "../runtime/env.ts";
import { logFault } from "../runtime/log.ts";
import { findRelation, listFollowers } from "../store/people/follows.ts";
import {
  claimAnnouncement,
  findNotice,
  moveAction,
  type NoticeCursor,
  type OpenNotice,
} from "../store/people/notices.ts";
import { notificationActions } from "../store/people/notifications.ts";
import { isStillBlocked, withoutBlocked } from "../store/streams/members.ts";
import { dequeueAction, listReminders, sentAction } from "../store/streams/reminders.ts";
import { findStream } from "../store/streams/streams.ts";
import { type Action, commitTransaction } from "../table/transact.ts";

/**
 * A message of the queue of notices: notify the next part of a stream's followers and reminders.
 */
export const Notice = z.object({ streamId: StreamId, step: z.number().int().default(0) });
export type Notice = z.infer<typeof Notice>;

/**
 * Users notified by one message, in one transaction (of at most 100 actions) with its progress: two
 * actions for each follower, three for each user with a reminder.
 */
const followersMax = 48;
const remindedMax = 33;

/** Queues a notice, new or to be continued. */
export const queueNotice = (notice: Notice, now: Date) =>
  sendAt(setting("NOTICES_QUEUE_URL"), notice, { at: now, now });

/**
 * Queues the notice to followers from code with another task, which must not fail if this does: the
 * notice is in the table and is found again within three minutes.
 */
export async function queueLiveNotifications(streamId: string, now: Date): Promise<void> {
  try {
    await queueNotice({ streamId, step: 0 }, now);
  } catch (error) {
    logFault("A notice could not be queued", error, { streamId });
  }
}

/**
 * Notifies one part of the users that a stream is live, and queues the next part. The part and the
 * progress after it are one transaction: a repeated or concurrent message finds that the notice has
 * advanced and notifies no user, not even one who deleted the notification.
 */
export async function notifyNextPart({ streamId, step }: Notice, now: Date): Promise<void> {
  const notice = await findNotice(streamId);
  if (notice === undefined || notice.step !== step) return;
  const stream = await findStream(streamId, { consistent: true });
  const part = stream?.status === "active" ? await nextPart(notice, stream, now) : undefined;
  const { users = [], reminders = [] } = part ?? {};
  const notifications = users.map((userId) =>
    notificationActions(noticeTo(stream!, userId, now), `to:${userId}`),
  );
  const sent = reminders.map((reminder) => [sentAction(reminder, now)]);
  const isRecorded = await recordPart(
    [...notifications, ...sent],
    moveAction(notice, part?.next, now),
  );
  if (isRecorded && part?.next !== undefined) await queueNotice({ streamId, step: step + 1 }, now);
}

/** The users to notify next, the reminders that this completes, and where the next part begins. */
type Part = { users: string[]; reminders?: Reminder[]; next: NoticeCursor | undefined };

async function nextPart(notice: OpenNotice, stream: Stream, now: Date): Promise<Part> {
  const { to, after, isQuiet } = notice;
  if (to === "reminded") {
    const { reminders, last } = await waitingFor(stream, after);
    const waiting = await withoutBlocked(
      stream,
      reminders.map(({ userId }) => userId),
      now,
    );
    const users = isQuiet ? waiting : await withoutFollowers(waiting, stream);
    const next = last === undefined ? undefined : { to, after: last, isQuiet };
    return { users, reminders, next };
  }
  const { followers, last } = await followersOf(stream, after);
  // A start of a host without followers must not silence the next one.
  const isForNobody = followers.length === 0;
  const isClaimed = notice.step > 0 || isForNobody || (await claimAnnouncement(notice, now));
  if (!isClaimed) return { users: [], next: { to: "reminded", isQuiet: true } };
  const users = await withoutBlocked(stream, followers, now);
  const next = last === undefined ? ({ to: "reminded" } as const) : { to, after: last };
  return { users, next: { ...next, isQuiet } };
}

/** Removes users who followed before the start, since they are notified as followers. */
async function withoutFollowers(users: string[], { hostId, startedAt }: Stream) {
  const relations = await Promise.all(users.map((userId) => findRelation(userId, hostId)));
  return users.filter((_, at) => (relations[at]?.at ?? "~") > (startedAt ?? ""));
}

async function followersOf({ hostId }: Stream, after: string | undefined) {
  const relations = await listFollowers(hostId, followersMax, after);
  const last = relations.length < followersMax ? undefined : relations.at(-1)?.relationId;
  return { followers: relations.map(({ followerId }) => followerId), last };
}

async function waitingFor({ id }: Stream, after: string | undefined) {
  const all = await listReminders(id, remindedMax, after);
  const last = all.length < remindedMax ? undefined : all.at(-1)?.userId;
  const reminders = all.filter(({ sentAt }) => sentAt === undefined);
  return { reminders, last };
}

/**
 * Records a part with its progress, without users who already have the notification and reminders
 * that were removed meanwhile.
 */
async function recordPart(groups: readonly Action[][], move: Action): Promise<boolean> {
  for (let left = groups; ; ) {
    const failed = await commitTransaction([...left.flat(), move]);
    if (failed === undefined) return true;
    if (failed.has("notice")) return false;
    left = left.filter((group) => !group.some(({ label }) => failed.has(label ?? "")));
  }
}

/**
 * Sends a due reminder, once, unless the stream began before: then its notice has sent it, or this
 * sends the same notification. A user who deletes the notification does not receive it again, and
 * one who is blocked by now receives none.
 */
export async function sendReminder(reminder: Reminder, now: Date): Promise<void> {
  const { streamId, userId, dueAt } = reminder;
  const stream = await findStream(streamId, { consistent: true });
  const isTold = stream !== undefined && !(await isStillBlocked(streamId, userId, now));
  const notifications =
    isTold && stream.status === "scheduled"
      ? [noticeTo(stream, userId, now, dueAt)]
      : isTold && stream.status === "active"
        ? [noticeTo(stream, userId, now)]
        : [];
  const dequeue = dequeueAction(reminder);
  const sent = sentAction(reminder, now);
  const failed = await commitTransaction([
    ...notifications.flatMap((one) => notificationActions(one)),
    dequeue,
    sent,
  ]);
  // The user was reminded before, or notified of the start: only the reminder's state is left.
  if (failed?.has(sent.label)) await commitTransaction([dequeue]);
  else if (failed?.has("notification")) await commitTransaction([dequeue, sent]);
}

/** The only notification for each start and user: its id is always the same. */
function noticeTo(stream: Stream, userId: string, now: Date, dueAt?: string): StoredNotification {
  const { id, startedAt, status } = stream;
  const at = new Date(dueAt ?? startedAt ?? now);
  const digest = createHash("sha256").update(`${id} ${status} ${startedAt} ${userId}`);
  const [random, counter] = [digest.copy().digest("hex").slice(0, 10), digest.digest("hex")];
  const seconds = Math.floor(at.getTime() / 1000);
  const notificationId = objectIdOf(seconds, random, Number.parseInt(counter.slice(10, 16), 16));
  return makeNotification(noticeOf(stream, userId), notificationId, now);
}
