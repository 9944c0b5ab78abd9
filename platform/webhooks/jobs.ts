import { randomUUID } from "node:crypto";
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod";
import { OutgoingEvent } from "../../domain/webhooks/delivery.ts";
import { allDone } from "../all-done.ts";
import { openClient } from "../aws-client.ts";
import { setting } from "../env.ts";
import { lazy } from "../lazy.ts";
import type { Deletion } from "../push/feed.ts";
import { hashOf } from "../sign.ts";
import { startTimer } from "../timers.ts";

const receiverId = z.string();

/** A message of the queue `deliveries`, for one receiver. */
export const DeliveryJob = z.discriminatedUnion("kind", [
  /** Events of one stream, in their order, to be sent for the first time. */
  z.object({
    kind: z.literal("events"),
    receiverId,
    /** Where the receiver is stored, if it is a webhook. */
    slot: z.number().int().optional(),
    streamId: z.string(),
    events: z.array(OutgoingEvent),
  }),
  /** Deliveries whose next attempt is due, each after so many of its schedule. */
  z.object({
    kind: z.literal("retry"),
    receiverId,
    due: z.array(z.object({ id: z.string(), step: z.number().int() })),
  }),
  /** A delivery that an admin wants sent once more. */
  z.object({ kind: z.literal("resend"), receiverId, id: z.string() }),
  /** Messages of one stream whose texts were deleted, behind the events that had them. */
  z.object({
    kind: z.literal("forget"),
    receiverId,
    streamId: z.string(),
    messages: z.array(z.object({ id: z.string(), createdAt: z.string() })),
  }),
]);
export type DeliveryJob = z.infer<typeof DeliveryJob>;

/** A message of the queue `retries`: the next attempt of a delivery, and when it is due. */
export const Retry = z.object({
  receiverId,
  id: z.string(),
  step: z.number().int(),
  at: z.iso.datetime(),
});
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
 * that hangs holds up so many calls of the function and no more.
 */
const lanes = 4;

/** The FIFO group of a job: of each, one message is at work at a time, in the order of sending. */
function groupOf(job: DeliveryJob): string {
  if (!("streamId" in job)) return `${job.receiverId}-${job.kind}`;
  return `${job.receiverId}-${Number.parseInt(hashOf(job.streamId).slice(0, 4), 16) % lanes}`;
}

/** What two sendings of one job have in common, which the queue keeps apart for five minutes. */
function nameOf(job: DeliveryJob): string {
  if (job.kind === "resend") return randomUUID();
  return hashOf(`${job.receiverId} ${JSON.stringify(contentOf(job))}`);
}

/** What a job has for its receiver, by which a repetition of it is known. */
function contentOf(job: Exclude<DeliveryJob, { kind: "resend" }>): unknown {
  if (job.kind === "events") return job.events.map(({ id }) => id);
  return job.kind === "retry" ? job.due : job.messages;
}

const client = lazy(() => openClient(SQSClient));

const messageOf = (job: DeliveryJob) => ({
  MessageBody: JSON.stringify(job),
  MessageGroupId: groupOf(job),
  MessageDeduplicationId: nameOf(job),
});

/** Sends a job to the queue `deliveries`. */
export async function queueDelivery(job: DeliveryJob): Promise<void> {
  const QueueUrl = setting("DELIVERIES_QUEUE_URL");
  await client().send(new SendMessageCommand({ QueueUrl, ...messageOf(job) }));
}

/** Messages of one request, by SQS, and their bytes, so that a request is sent quickly. */
const requestMost = { messages: 10, bytes: 240_000 };

/** Sends jobs of different groups to the queue `deliveries`, several with each request. */
async function queueDeliveries(jobs: readonly DeliveryJob[]): Promise<void> {
  const messages = jobs.map((job, at) => ({ Id: String(at), ...messageOf(job) }));
  const size = ({ MessageBody }: (typeof messages)[number]) => Buffer.byteLength(MessageBody);
  const sending = partsOf(messages, requestMost.messages, requestMost.bytes, size).map(
    async (Entries) => {
      const QueueUrl = setting("DELIVERIES_QUEUE_URL");
      const { Failed } = await client().send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      const [first] = (Failed ?? []) as { Code?: string }[];
      if (first !== undefined) throw new Error(`SQS did not take a delivery: ${first.Code}`);
    },
  );
  await allDone(sending);
}

/** Values in their order, in parts of so many at most and of so many bytes, if each has fewer. */
function partsOf<Value>(
  values: readonly Value[],
  countMax: number,
  bytesMax: number,
  bytesOf: (value: Value) => number,
): Value[][] {
  const parts: Value[][] = [];
  let bytes = 0;
  for (const value of values) {
    const size = bytesOf(value);
    const part = parts.at(-1);
    const fits = part !== undefined && part.length < countMax && bytes + size <= bytesMax;
    bytes = fits ? bytes + size : size;
    if (fits) part.push(value);
    else parts.push([value]);
  }
  return parts;
}

/** Events of one message, and their bytes: SQS takes 256 KB and bills every 64 KB. */
const most = { events: 50, bytes: 60_000 };

/** What one receiver is to be sent of a stream; `slot` is that of a webhook. */
export type Sending = {
  receiver: { id: string; slot?: number };
  events: readonly OutgoingEvent[];
};

/**
 * Sends events of one stream to their receivers, each one's in their order: a receiver's second
 * message follows when its first was taken.
 */
export async function queueEvents(streamId: string, sendings: readonly Sending[]): Promise<void> {
  const rows = sendings.map(({ receiver: { id: receiverId, slot }, events }) =>
    partsOf(events, most.events, most.bytes, (one) => Buffer.byteLength(JSON.stringify(one))).map(
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
  for (const messages of partsOf(deletions, deletionsMax, Number.POSITIVE_INFINITY, () => 0))
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
export async function queueRoom(change: RoomChange): Promise<void> {
  await client().send(
    new SendMessageCommand({
      QueueUrl: setting("ROOMS_QUEUE_URL"),
      MessageBody: JSON.stringify(change),
      MessageGroupId: hashOf(change.roomId),
      MessageDeduplicationId: hashOf(`${change.streamId} ${change.kind}`),
    }),
  );
}
