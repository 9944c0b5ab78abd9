import { createHash } from "node:crypto";
import * as z from "zod";
import { objectIdOf, StreamId } from "../domain/id.ts";
import { makeNotification, type StoredNotification } from "../domain/people/notification.ts";
import { isOnStart, noticeOf, type Reminder } from "../domain/streams/reminder.ts";
import type { Stream } from "../domain/streams/stream.ts";
import { setting } from "./env.ts";
import { logFault } from "./log.ts";
import { findRelation, listFollowers } from "./store/people/follows.ts";
import {
  claimAnnouncement,
  findNotice,
  moveAction,
  type NoticePlace,
  type OpenNotice,
} from "./store/people/notices.ts";
import { notificationActions } from "./store/people/notifications.ts";
import { listWaiting, toldAction } from "./store/streams/reminders.ts";
import { findStream } from "./store/streams/streams.ts";
import { record } from "./table/record.ts";
import type { Action } from "./table/transact.ts";
import { startTimer } from "./timers.ts";

/**
 * A message of the queue of notices: tell the next part of those who should know about a stream.
 */
export const Notice = z.object({ streamId: StreamId, step: z.number().int().default(0) });
export type Notice = z.infer<typeof Notice>;

/** Users whom one message tells, in one transaction (of at most 100 actions) with its place. */
const toldMax = 48;

/** Asks for a notice to be told, or continued. */
export const sendNotice = (notice: Notice, now: Date) =>
  startTimer(setting("NOTICES_QUEUE_URL"), notice, { at: now, now });

/**
 * Asks for the followers to be told, from code whose task was something else: that does not fail
 * when this does, since the notice lies in the table and is found again within three minutes.
 */
export async function announce(streamId: string, now: Date): Promise<void> {
  try {
    await sendNotice({ streamId, step: 0 }, now);
  } catch (error) {
    logFault("A notice could not be asked for", error, { streamId });
  }
}

/**
 * Tells one part of those who want to know that a stream is live, and asks for the next part. The
 * part and the place after it are one transaction: a message that comes again, or beside another,
 * finds the notice elsewhere and tells nobody, not even those who have deleted what they were told.
 */
export async function tellPart({ streamId, step }: Notice, now: Date): Promise<void> {
  const notice = await findNotice(streamId);
  if (notice === undefined || notice.step !== step) return;
  const stream = await findStream(streamId, { consistent: true });
  const part = stream?.status === "active" ? await nextPart(notice, stream, now) : undefined;
  const told = (part?.users ?? []).map((userId) => noticeTo(stream!, userId, now));
  const isTold = await recordPart(told, moveAction(notice, part?.next, now));
  if (isTold && part?.next !== undefined) await sendNotice({ streamId, step: step + 1 }, now);
}

/** Who is told next, and where the telling continues after them. */
type Part = { users: string[]; next: NoticePlace | undefined };

async function nextPart(notice: OpenNotice, stream: Stream, now: Date): Promise<Part> {
  const { to, after, isQuiet } = notice;
  if (to === "reminded") {
    const { users, last } = await waitingFor(stream, after);
    const others = isQuiet ? users : await withoutFollowers(users, stream);
    return { users: others, next: last === undefined ? undefined : { to, after: last, isQuiet } };
  }
  if (notice.step === 0 && !(await claimAnnouncement(notice, now)))
    return { users: [], next: { to: "reminded", isQuiet: true } };
  const { users, last } = await followersOf(stream, after);
  const next = last === undefined ? ({ to: "reminded" } as const) : { to, after: last };
  return { users, next: { ...next, isQuiet } };
}

/** Those who were not told as followers: whoever followed before the start was. */
async function withoutFollowers(users: string[], { hostId, startedAt }: Stream) {
  const relations = await Promise.all(users.map((userId) => findRelation(userId, hostId)));
  return users.filter((_, at) => (relations[at]?.at ?? "~") > (startedAt ?? ""));
}

async function followersOf({ hostId }: Stream, after: string | undefined) {
  const relations = await listFollowers(hostId, toldMax, after);
  const last = relations.length < toldMax ? undefined : relations.at(-1)?.relationId;
  return { users: relations.map(({ followerId }) => followerId), last };
}

async function waitingFor({ id }: Stream, after: string | undefined) {
  const reminders = await listWaiting(id, toldMax, after);
  const last = reminders.length < toldMax ? undefined : reminders.at(-1)?.userId;
  return { users: reminders.filter(isOnStart).map(({ userId }) => userId), last };
}

/** Records a part with its place; those who already have the notification are left out. */
async function recordPart(told: readonly StoredNotification[], move: Action): Promise<boolean> {
  for (let left = told; ; ) {
    const actions = left.flatMap((one) => notificationActions(one, `to:${one.userId}`));
    const failed = await record([...actions, move]);
    if (failed === undefined) return true;
    if (failed.has("notice")) return false;
    left = left.filter(({ userId }) => !failed.has(`to:${userId}`));
  }
}

/**
 * Tells a reminder whose time has come, once, if the stream is still to begin; somebody who deletes
 * what they were told is not told again.
 */
export async function tellReminder(reminder: Reminder, now: Date): Promise<void> {
  const stream = await findStream(reminder.streamId, { consistent: true });
  const told =
    stream?.status === "scheduled" ? [noticeTo(stream, reminder.userId, now, reminder.dueAt)] : [];
  const failed = await record([
    ...told.flatMap((one) => notificationActions(one)),
    toldAction(reminder),
  ]);
  // It was told before, by a call that broke off here: what is left is to take it out.
  if (failed !== undefined && !failed.has("due")) await record([toldAction(reminder)]);
}

/** The one notification for each start and user: its id is the same, however often it is sent. */
function noticeTo(stream: Stream, userId: string, now: Date, dueAt?: string): StoredNotification {
  const { id, startedAt, status } = stream;
  const at = new Date(dueAt ?? startedAt ?? now);
  const digest = createHash("sha256").update(`${id} ${status} ${startedAt} ${userId}`);
  const [random, counter] = [digest.copy().digest("hex").slice(0, 10), digest.digest("hex")];
  const seconds = Math.floor(at.getTime() / 1000);
  const notificationId = objectIdOf(seconds, random, Number.parseInt(counter.slice(10, 16), 16));
  return makeNotification(noticeOf(stream, userId), notificationId, now);
}
