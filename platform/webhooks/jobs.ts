import { randomUUID } from "node:crypto";
import * as z from "zod";
import { Deletion } from "../../domain/log/event.ts";
import { OutgoingEvent } from "../../domain/webhooks/webhook.ts";
import {
  type QueueMessage,
  sendMessage,
  sendMessages,
  splitBy,
  startTimer,
} from "../aws/queues.ts";
import { hashOf } from "../aws/sign.ts";
import { setting } from "../runtime/env.ts";
import { allDone } from "../runtime/waiting.ts";

const receiverId = z.string();

/** A delivery whose next attempt is due. */
const DueDelivery = z.object({
  id: z.string(),
  /** The attempts that its schedule has made so far. */
  step: z.number().int(),
  /**
   * When the attempt was due (ISO 8601). A retry that is put off has the same step again, so
   * without this SQS would drop it as a duplicate. Earlier versions did not send it.
   */
  at: z.iso.datetime().optional(),
});

/** A message of the queue `deliveries`, for one receiver. */
export const DeliveryJob = z.discriminatedUnion("kind", [
  /** Events of one stream, or of some users (feed.ts), in their order, sent for the first time. */
  z.object({
    kind: z.literal("events"),
    receiverId,
    /** Where the receiver is stored, if it is a webhook. */
    slot: z.number().int().optional(),
    streamId: z.string(),
    events: z.array(OutgoingEvent),
  }),
  /** Deliveries whose next attempt is due. */
  z.object({ kind: z.literal("retry"), receiverId, due: z.array(DueDelivery) }),
  /** A delivery that an admin wants sent once more. */
  z.object({ kind: z.literal("resend"), receiverId, id: z.string() }),
  /** Messages of one stream whose texts were deleted, behind the events that had them. */
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

/** A message of the queue `rooms`: a room of the Tencent side was created or destroyed. */
export const RoomChange = z.object({
  kind: z.enum(["created", "destroyed"]),
  streamId: z.string(),
  roomId: z.string(),
  at: z.iso.datetime(),
  operator: z.string().optional(),
});
export type RoomChange = z.infer<typeof RoomChange>;

/**
 * Messages of one receiver that may be at work at once: its streams share them, so that a receiver
 * that hangs holds up at most this many calls of the function.
 */
const lanes = 4;

/** The FIFO group of a job: of each, one message is at work at a time, in the order of sending. */
function groupOf(job: DeliveryJob): string {
  if (!("streamId" in job)) return `${job.receiverId}-${job.kind}`;
  return `${job.receiverId}-${Number.parseInt(hashOf(job.streamId).slice(0, 4), 16) % lanes}`;
}

/** What two sendings of one job have in common, which the queue keeps apart for five minutes. */
function deduplicationIdOf(job: DeliveryJob, callId: string = randomUUID()): string {
  if (job.kind === "resend") return hashOf(`${callId} ${job.receiverId} ${job.id}`);
  return hashOf(`${job.receiverId} ${JSON.stringify(contentOf(job))}`);
}

/** What a job has for its receiver, by which a repetition of it is known. */
function contentOf(job: Exclude<DeliveryJob, { kind: "resend" }>): unknown {
  if (job.kind === "events") return job.events.map(({ id }) => id);
  return job.kind === "retry" ? job.due : job.messages;
}

const messageOf = (job: DeliveryJob, callId?: string): QueueMessage => ({
  body: job,
  fifo: { group: groupOf(job), deduplicationId: deduplicationIdOf(job, callId) },
});

/**
 * Sends a job to the queue `deliveries`. A resend that one call asks for twice within five minutes
 * is one; without a `callId` each is another.
 */
export const queueDelivery = (job: DeliveryJob, callId?: string): Promise<void> =>
  sendMessage(setting("DELIVERIES_QUEUE_URL"), messageOf(job, callId));

/** Sends jobs of different groups to the queue `deliveries`, several with each request. */
async function queueDeliveries(jobs: readonly DeliveryJob[]): Promise<void> {
  await allDone(
    sendMessages(
      setting("DELIVERIES_QUEUE_URL"),
      jobs.map((job) => messageOf(job)),
    ),
  );
}

/** Events of one message, and their bytes: SQS takes 256 KB and bills every 64 KB. */
const most = { events: 50, bytes: 60_000 };

/** What one receiver is to be sent of a stream; `slot` is that of a webhook. */
export type Sending = {
  receiver: { id: string; slot?: number };
  events: readonly OutgoingEvent[];
};

/**
 * Sends events of one stream, or of some users, to their receivers, to each receiver in their
 * order: a receiver's second message follows when its first was taken.
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

/** A message of one job; a batch that deletes more is a batch of its own. */
const deletionsMax = 100;

/** Has the texts of deleted messages of one stream taken out of the deliveries to receivers. */
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

/** Has the queue `retries` bring a delivery back when it is due, hours later if need be. */
export const queueRetry = (retry: Retry, now: Date): Promise<void> =>
  startTimer(setting("RETRIES_QUEUE_URL"), retry, { at: new Date(retry.at), now });

/**
 * Sends what happened to a room to the queue `rooms`, of which one RoomId is a group: the reader of
 * a room's beginning may take longer than that of its end.
 */
export const queueRoom = (change: RoomChange): Promise<void> =>
  sendMessage(setting("ROOMS_QUEUE_URL"), {
    body: change,
    fifo: {
      group: hashOf(change.roomId),
      deduplicationId: hashOf(`${change.streamId} ${change.kind}`),
    },
  });
