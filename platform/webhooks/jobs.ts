import { randomUUID } from "node:crypto";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod";
import { OutgoingEvent } from "../../domain/webhooks/delivery.ts";
import { openClient } from "../aws-client.ts";
import { setting } from "../env.ts";
import { lazy } from "../lazy.ts";
import { hashOf } from "../sign.ts";
import { startTimer } from "../timers.ts";

const receiverId = z.string();

/** A message of the queue `deliveries`, for one receiver. */
export const DeliveryJob = z.discriminatedUnion("kind", [
  /** Events of one stream, in their order, to be sent for the first time. */
  z.object({
    kind: z.literal("events"),
    receiverId,
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
  if (job.kind !== "events") return `${job.receiverId}-${job.kind}`;
  return `${job.receiverId}-${Number.parseInt(hashOf(job.streamId).slice(0, 4), 16) % lanes}`;
}

/** What two sendings of one job have in common, which the queue keeps apart for five minutes. */
function nameOf(job: DeliveryJob): string {
  if (job.kind === "resend") return randomUUID();
  const what = job.kind === "events" ? job.events.map(({ id }) => id) : job.due;
  return hashOf(`${job.receiverId} ${JSON.stringify(what)}`);
}

const client = lazy(() => openClient(SQSClient));

/** Sends a job to the queue `deliveries`. */
export async function queueDelivery(job: DeliveryJob): Promise<void> {
  await client().send(
    new SendMessageCommand({
      QueueUrl: setting("DELIVERIES_QUEUE_URL"),
      MessageBody: JSON.stringify(job),
      MessageGroupId: groupOf(job),
      MessageDeduplicationId: nameOf(job),
    }),
  );
}

/** Events of one message, and their bytes: SQS takes 256 KB and bills every 64 KB. */
const most = { events: 50, bytes: 60_000 };

/** Sends events of one stream to a receiver, in their order. */
export async function queueEvents(
  receiverId: string,
  streamId: string,
  events: readonly OutgoingEvent[],
): Promise<void> {
  let part: OutgoingEvent[] = [];
  let bytes = 0;
  const send = () => queueDelivery({ kind: "events", receiverId, streamId, events: part });
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event));
    if (part.length > 0 && (part.length >= most.events || bytes + size > most.bytes)) {
      await send();
      [part, bytes] = [[], 0];
    }
    part.push(event);
    bytes += size;
  }
  if (part.length > 0) await send();
}

/** Has the queue `retries` bring a delivery back when it is due, hours later if need be. */
export const queueRetry = (retry: Retry, now: Date): Promise<void> =>
  startTimer(setting("RETRIES_QUEUE_URL"), retry, { at: new Date(retry.at), now });

/** Sends what happened to a room to the queue `rooms`. */
export const queueRoom = (change: RoomChange, now: Date): Promise<void> =>
  startTimer(setting("ROOMS_QUEUE_URL"), change, { at: now, now });
