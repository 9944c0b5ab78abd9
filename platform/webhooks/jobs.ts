import { randomUUID } from "node:crypto";
import * as z from "zod";
import { Deletion } from "../../domain/log/event.ts";
import { OutgoingEvent } from "../../domain/webhooks/webhook.ts";
import { type QueueMessage, sendAt, sendMessage, sendMessages, splitBy } from "../aws/queues.ts";
import { hashOf } from "../aws/sign.ts";
import { waitForAll } from "../runtime/deadline.ts";
import { setting } from "../runtime/env.ts";

const receiverId = z.string();

/** A delivery whose next attempt is due. */
const DueDelivery = z.object({
  id: z.string(),
  /** The number of scheduled attempts so far. */
  step: z.number().int(),
  /**
   * When the attempt was due (ISO 8601). A postponed retry has the same step, so without this field
   * SQS would drop it as a duplicate. Absent in messages from earlier versions.
   */
  at: z.iso.datetime().optional(),
});

/** A message of the queue `deliveries`, for one receiver. */
export const DeliveryJob = z.discriminatedUnion("kind", [
  /** Events of one stream, or of some users (event-queue.ts), in order, sent for the first time. */
  z.object({
    kind: z.literal("events"),
    receiverId,
    /** The slot in which a webhook is stored. */
    slot: z.number().int().optional(),
    streamId: z.string(),
    events: z.array(OutgoingEvent),
  }),
  /** Deliveries whose next attempt is due. */
  z.object({ kind: z.literal("retry"), receiverId, due: z.array(DueDelivery) }),
  /** A delivery that an admin wants to resend. */
  z.object({ kind: z.literal("resend"), receiverId, id: z.string() }),
  /**
   * Messages of one stream whose texts were deleted, queued after the events that contained them.
   */
  z.object({
    kind: z.literal("forget"),
    receiverId,
    streamId: z.string(),
    messages: z.array(
      z.object({ id: z.string(), createdAt: z.string(), pins: Deletion.shape.pins }),
    ),
  }),
]);
export type DeliveryJob = z.infer<typeof DeliveryJob>;

/** A message of the queue `retries`: the next attempt of a delivery, and when it is due. */
export const Retry = DueDelivery.extend({ receiverId, at: z.iso.datetime() });
export type Retry = z.infer<typeof Retry>;

/** A message of the queue `rooms`: a Tencent room was created or destroyed. */
export const RoomChange = z.object({
  kind: z.enum(["created", "destroyed"]),
  streamId: z.string(),
  roomId: z.string(),
  at: z.iso.datetime(),
  operator: z.string().optional(),
});
export type RoomChange = z.infer<typeof RoomChange>;

/**
 * The number of concurrent messages of one receiver: its streams share them, so that a receiver
 * that hangs blocks at most this many invocations of the function.
 */
const lanes = 4;

/**
 * The FIFO group of a job: in each, one message is in progress at a time, in the order of sending.
 */
function groupOf(job: DeliveryJob): string {
  if (!("streamId" in job)) return `${job.receiverId}-${job.kind}`;
  return `${job.receiverId}-${Number.parseInt(hashOf(job.streamId).slice(0, 4), 16) % lanes}`;
}

/** The deduplication id of a job, under which the queue drops repetitions for five minutes. */
function deduplicationIdOf(job: DeliveryJob, callId: string = randomUUID()): string {
  if (job.kind === "resend") return hashOf(`${callId} ${job.receiverId} ${job.id}`);
  return hashOf(`${job.receiverId} ${JSON.stringify(contentOf(job))}`);
}

/** The content of a job for its receiver, which identifies repetitions. */
function contentOf(job: Exclude<DeliveryJob, { kind: "resend" }>): unknown {
  if (job.kind === "events") return job.events.map(({ id }) => id);
  return job.kind === "retry" ? job.due : job.messages;
}

const messageOf = (job: DeliveryJob, callId?: string): QueueMessage => ({
  body: job,
  fifo: { group: groupOf(job), deduplicationId: deduplicationIdOf(job, callId) },
});

/**
 * Sends a job to the queue `deliveries`. Two resends with one `callId` within five minutes are one;
 * without a `callId` each is separate.
 */
export const queueDelivery = (job: DeliveryJob, callId?: string): Promise<void> =>
  sendMessage(setting("DELIVERIES_QUEUE_URL"), messageOf(job, callId));

/** Sends jobs of different groups to the queue `deliveries`, in batch requests. */
async function queueDeliveries(jobs: readonly DeliveryJob[]): Promise<void> {
  await waitForAll(
    sendMessages(
      setting("DELIVERIES_QUEUE_URL"),
      jobs.map((job) => messageOf(job)),
    ),
  );
}

/** The most events of one message, and their bytes: SQS accepts 256 KB and bills every 64 KB. */
const most = { events: 50, bytes: 60_000 };

/** The events of a stream for one receiver; `slot` is a webhook's. */
export type Sending = {
  receiver: { id: string; slot?: number };
  events: readonly OutgoingEvent[];
};

/**
 * Sends events of one stream, or of some users, to their receivers, to each in order: a receiver's
 * second message is sent once its first was accepted.
 */
export async function queueEvents(streamId: string, sendings: readonly Sending[]): Promise<void> {
  const rows = sendings.map(({ receiver: { id: receiverId, slot }, events }) =>
    splitBy(events, most.events, most.bytes, (one) => Buffer.byteLength(JSON.stringify(one))).map(
      (part) => ({ kind: "events" as const, receiverId, slot, streamId, events: part }),
    ),
  );
  const longest = Math.max(0, ...rows.map(({ length }) => length));
  for (let at = 0; at < longest; at++) await queueDeliveries(rows.flatMap((row) => row[at] ?? []));
}

/** The most deletions in one job; further ones get another job. */
const deletionsMax = 100;

/** Queues the removal of deleted texts of one stream from stored deliveries. */
export async function queueDeletions(
  streamId: string,
  receiverIds: readonly string[],
  deletions: readonly Deletion[],
): Promise<void> {
  const deleted = deletions.map(({ messageId: id, ...rest }) => ({ id, ...rest }));
  for (const messages of splitBy(deleted, deletionsMax, Number.POSITIVE_INFINITY, () => 0))
    await queueDeliveries(
      receiverIds.map((receiverId) => ({ kind: "forget", receiverId, streamId, messages })),
    );
}

/** Queues a delivery in `retries` until it is due, even for hours. */
export const queueRetry = (retry: Retry, now: Date): Promise<void> =>
  sendAt(setting("RETRIES_QUEUE_URL"), retry, { at: new Date(retry.at), now });

/**
 * Queues a room's event in `rooms`, with one group per RoomId, since handling a room's creation may
 * take longer than handling its end.
 */
export const queueRoom = (change: RoomChange): Promise<void> =>
  sendMessage(setting("ROOMS_QUEUE_URL"), {
    body: change,
    fifo: {
      group: hashOf(change.roomId),
      deduplicationId: hashOf(`${change.streamId} ${change.kind}`),
    },
  });
