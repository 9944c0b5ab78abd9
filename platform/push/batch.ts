import type { DynamoDBRecord } from "aws-lambda";
import { isChangeKind, recordOf } from "../../domain/log/change.ts";
import type { LogRecord } from "../../domain/log/event.ts";
import { isTooOld } from "../../domain/log/frame.ts";
import type { Subscriber } from "../../domain/log/subscriber.ts";
import { isUserChangeKind, type UserEvent, userEventsOf } from "../../domain/log/user-event.ts";
import { StoredNotification } from "../../domain/people/notification.ts";
import { reportSkipped } from "../lambda/consumer.ts";
import { waitForAll } from "../runtime/deadline.ts";
import { setting } from "../runtime/env.ts";
import { limits } from "../runtime/limits.ts";
import { logNotice } from "../runtime/log.ts";
import { countMetric } from "../runtime/metrics.ts";
import { listBacklog, putBacklog, removeBacklog } from "../store/log/logs.ts";
import { readSubscriber } from "../store/log/subscribers.ts";
import { unmarshallItem } from "../table/items.ts";
import { readKey } from "../table/keys.ts";
import { changeOnlySums, frameAll } from "./append.ts";
import type { Audience, Push } from "./audience.ts";
import { confirmSubscribers } from "./confirm.ts";
import { deliverFrames } from "./deliver.ts";
import { sendNotification } from "./notify.ts";
import { removeDead } from "./post.ts";
import { isLarge } from "./viewer-count.ts";

/** The records and new subscriptions of one stream in a batch, in the batch's order. */
export type StreamWork = { records: LogRecord[]; subscribers: Subscriber[] };

/** A parsed batch: work by stream, new notifications, and events about users. */
type Batch = {
  streams: Map<string, StreamWork>;
  notifications: StoredNotification[];
  users: UserEvent[];
};

/**
 * Pushes changes of the table to viewers: streams in parallel, each stream's records in order and
 * before its new subscriptions are confirmed. Throws if any stream failed, after all others are
 * finished.
 */
export async function pushBatch(push: Push, records: readonly DynamoDBRecord[]): Promise<void> {
  const { streams, notifications, users } = readBatch(records, push.now);
  await waitForAll([
    ...[...streams].map(async ([streamId, { records, subscribers }]) => {
      const audience = { ...push, streamId };
      if (records.length > 0) await pushStream(audience, records);
      if (subscribers.length > 0) await confirmSubscribers(audience, subscribers);
    }),
    ...notifications.map((notification) => sendNotification(push, notification)),
    sendUserEvents(push, users),
  ]);
  await removeDead(push);
}

/** Sends events about users to webhooks. */
async function sendUserEvents({ outlet, now }: Push, users: readonly UserEvent[]): Promise<void> {
  if (users.length > 0) await outlet.events?.queueUserEvents(users, now);
}

/** Groups a batch by stream. Unreadable records are logged and skipped. */
export function readBatch(records: readonly DynamoDBRecord[], now: Date): Batch {
  const batch: Batch = { streams: new Map(), notifications: [], users: [] };
  for (const record of records)
    try {
      readRecord(batch, record, now);
    } catch (error) {
      reportSkipped(record, error);
    }
  return batch;
}

function readRecord(batch: Batch, { dynamodb }: DynamoDBRecord, now: Date): void {
  const image = unmarshallItem(dynamodb?.NewImage);
  const old = unmarshallItem(dynamodb?.OldImage);
  const { PK, SK } = image ?? old ?? {};
  const { kind, owner } = readKey({ PK: String(PK), SK: String(SK) });
  const createdAt = Number(dynamodb?.ApproximateCreationDateTime);
  if (isUserChangeKind(kind))
    batch.users.push(...userEventsOf({ kind, createdAt, old, new: image }));
  if (kind === "notification" && image && !old) {
    batch.notifications.push(StoredNotification.parse(image));
  } else if (kind === "subscriber" && image && image.revision !== old?.revision) {
    // Only a new revision is a subscription: setting `from` changes the item as well.
    workOf(batch, owner).subscribers.push(readSubscriber(image));
  } else if (isChangeKind(kind) && image) {
    if (isTooOld(createdAt, now)) {
      countMetric("RecordsSkipped");
      logNotice("A record was too old for the log", { sequence: dynamodb?.SequenceNumber });
      return;
    }
    // Likes and votes are stored in partitions of their own.
    const streamId = kind === "like" || kind === "vote" ? String(image.streamId) : owner;
    const change = { kind, streamId, createdAt, old, new: image };
    const logRecord = recordOf(change, setting("DEFAULT_PICTURE"));
    const { correlationId } = image;
    const whose = typeof correlationId === "string" && { correlationId };
    if (logRecord !== undefined) workOf(batch, streamId).records.push({ ...logRecord, ...whose });
  }
}

function workOf(batch: Batch, streamId: string): StreamWork {
  const found = batch.streams.get(streamId);
  if (found !== undefined) return found;
  const work: StreamWork = { records: [], subscribers: [] };
  batch.streams.set(streamId, work);
  return work;
}

/**
 * Pushes records of one stream to its viewers: appends them to the log after those that wait,
 * removes deleted texts from it, and posts all unposted frames. Every step is idempotent, so a
 * retry after a crash ends in the same state.
 *
 * A room with many viewers to post to is framed and posted by another function, so that other rooms
 * do not wait for it. Its records wait in a backlog meanwhile, so under load its frames get larger,
 * not more frequent. A room that has become small continues so until its backlog fits into one
 * call. In any room, records that only change sums wait for the next frame with events, or for a
 * frame of their own once a second.
 */
export async function pushStream(audience: Audience, records: readonly LogRecord[]): Promise<void> {
  const { streamId, now, outlet } = audience;
  const isOfSums = changeOnlySums(records);
  const isForOthers = isOfSums || (await isLarge(audience));
  const waiting = isForOthers
    ? undefined
    : await listBacklog(streamId, limits().backlogRecords, now);
  if (waiting === undefined || waiting.more) {
    const job = { streamId, gathered: await putBacklog(streamId, records, now) };
    return isOfSums ? outlet.jobs.queueSums(job) : outlet.jobs.queuePost(job);
  }
  const framed = await frameAll(audience, [...waiting.records, ...records]);
  // Clears the backlog during the posts, so that `realtime/post-sums` does not post the same sums.
  const clearing = framed.queued.then(() => removeBacklog(streamId, waiting.ids));
  const [isDone] = await waitForAll([deliverFrames(audience, framed, records), clearing]);
  if (!isDone) await outlet.jobs.queueRemainder(streamId, now);
}
