import { createHash } from "node:crypto";
import * as z from "zod";
import { objectIdOf, StreamId } from "../domain/id.ts";
import { makeNotification } from "../domain/notification.ts";
import { isOnStart, noticeOf, type Reminder } from "../domain/reminder.ts";
import type { Stream } from "../domain/stream.ts";
import { setting } from "./env.ts";
import { logFault } from "./log.ts";
import { sendMoment } from "./moments.ts";
import { listFollowers } from "./store/follows.ts";
import { notificationAction } from "./store/notifications.ts";
import { record } from "./store/record.ts";
import { listWaiting, removeDueReminder } from "./store/reminders.ts";
import { closeNotice } from "./store/stream-lists.ts";
import { findStream } from "./store/streams.ts";

/**
 * One message of the queue of notices: tell that a stream is live, on from where the last one
 * ended.
 */
export const Notice = z.object({
  streamId: StreamId,
  to: z.enum(["followers", "reminded"]),
  after: z.string().optional(),
});
export type Notice = z.infer<typeof Notice>;

/** Users whom one message tells. */
const toldMax = 100;

/** Asks for a notice to be told, or to go on. */
export const sendNotice = (notice: Notice, now: Date) =>
  sendMoment(setting("NOTICES_QUEUE_URL"), notice, { at: now, now });

/**
 * Asks for the followers to be told, from where something else was the task: it does not fail with
 * it, since the notice lies in the table and is found again within two minutes.
 */
export async function announce(streamId: string, now: Date): Promise<void> {
  try {
    await sendNotice({ streamId, to: "followers" }, now);
  } catch (error) {
    logFault("A notice could not be asked for", error, { streamId });
  }
}

/**
 * Tells one part of those who want to know that a stream is live, and asks for the next part. A
 * notice that comes twice tells nobody twice: the ids of its notifications follow from what they
 * tell.
 */
export async function tellPart(notice: Notice, now: Date): Promise<void> {
  const { streamId, to, after } = notice;
  const stream = await findStream(streamId, { consistent: true });
  if (stream?.status === "active") {
    const part =
      to === "followers" ? await followersOf(stream, after) : await waitingFor(stream, after);
    for (const userId of part.users) await tell(stream, userId, now);
    if (part.next !== undefined) return sendNotice({ streamId, to, after: part.next }, now);
    if (to === "followers") return sendNotice({ streamId, to: "reminded" }, now);
  }
  await closeNotice(streamId);
}

async function followersOf({ hostId }: Stream, after: string | undefined) {
  const relations = await listFollowers(hostId, toldMax, after);
  const next = relations.length < toldMax ? undefined : relations.at(-1)?.relationId;
  return { users: relations.map(({ followerId }) => followerId), next };
}

async function waitingFor({ id }: Stream, after: string | undefined) {
  const reminders = await listWaiting(id, toldMax, after);
  const next = reminders.length < toldMax ? undefined : reminders.at(-1)?.userId;
  return { users: reminders.filter(isOnStart).map(({ userId }) => userId), next };
}

/** Tells a reminder whose time has come, if the stream is still to begin. */
export async function tellReminder(reminder: Reminder, now: Date): Promise<void> {
  const stream = await findStream(reminder.streamId, { consistent: true });
  if (stream?.status === "scheduled") await tell(stream, reminder.userId, now);
  await removeDueReminder(reminder);
}

/** One notification for each start and user, however often it is told. */
async function tell(stream: Stream, userId: string, now: Date): Promise<void> {
  const { id, startedAt, status } = stream;
  const at = new Date(startedAt ?? now);
  const digest = createHash("sha256").update(`${id} ${status} ${startedAt} ${userId}`);
  const [random, counter] = [digest.copy().digest("hex").slice(0, 10), digest.digest("hex")];
  const seconds = Math.floor((status === "active" ? at : now).getTime() / 1000);
  const notificationId = objectIdOf(seconds, random, Number.parseInt(counter.slice(10, 16), 16));
  await record([
    notificationAction(makeNotification(noticeOf(stream, userId), notificationId, now)),
  ]);
}
