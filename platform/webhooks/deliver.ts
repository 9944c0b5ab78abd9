import { recordIdOfMessage } from "../../domain/log/change.ts";
import {
  afterAttempt,
  afterDisabling,
  afterResending,
  type Delivery,
  makeDelivery,
  messageRefOf,
  type Outcome,
  postponed,
  withoutContent,
  withoutText,
} from "../../domain/webhooks/delivery.ts";
import type { OutgoingEvent } from "../../domain/webhooks/webhook.ts";
import { waitForAll } from "../runtime/deadline.ts";
import { logNotice } from "../runtime/log.ts";
import { countMetric } from "../runtime/metrics.ts";
import {
  changeDelivery,
  deliveryId,
  findDelivery,
  recordDelivery,
} from "../store/webhooks/deliveries.ts";
import { findDeletions } from "../store/webhooks/webhooks.ts";
import { attempt } from "./attempt.ts";
import { type DeliveryJob, queueRetry } from "./jobs.ts";
import {
  type DeliveryTarget,
  findDeliveryTarget,
  findReceiver,
  type Receiver,
} from "./receivers.ts";

/** How long a message has waited in its queue, and whether it was received before. */
export type ReceiveInfo = { waitedMilliseconds: number; isRepeated: boolean };

/**
 * Messages that waited longer get no attempt from this queue: a receiver that does not keep up
 * would fill it, and SQS only looks for other groups in the queue's first 120,000 messages. They
 * return through the queue `retries`.
 */
const waitedMillisecondsMax = 60_000;

/** Deliveries that waited too long are postponed by this, and up to twice as much. */
const postponeMilliseconds = 60_000;

/** Handles a message of the queue `deliveries`. */
export async function deliver(job: DeliveryJob, info: ReceiveInfo): Promise<void> {
  if (job.kind === "events") return deliverEvents(job, info);
  if (job.kind === "forget") return forget(job);
  const due = job.kind === "retry" ? job.due : [{ id: job.id }];
  await waitForAll(due.map((one) => repeat(job.receiverId, one, info)));
}

/** Removes deleted texts from stored deliveries; `send` omits them from others by their marks. */
async function forget({ receiverId, messages }: Extract<DeliveryJob, { kind: "forget" }>) {
  const events = messages.flatMap(({ id, createdAt: at, pins = [] }) => [
    { id: recordIdOfMessage(id), at },
    ...pins.map(({ recordId, at }) => ({ id: recordId, at })),
  ]);
  const ids = events.map((event) => deliveryId(receiverId, event));
  await waitForAll(ids.map((id) => changeDelivery(receiverId, id, withoutText)));
}

/** After this time no attempt waits for the previous one: the function has 75 s. */
const rowMillisecondsMax = 50_000;

/**
 * Sends events for the first time, one after the other, so that they arrive in order. After a
 * timeout, or if all together take too long, the rest are sent in parallel: the receiver is too
 * slow for an order, and its other events wait. A webhook that is gone gets none of the rest.
 */
async function deliverEvents(
  job: Extract<DeliveryJob, { kind: "events" }>,
  info: ReceiveInfo,
): Promise<void> {
  const { receiverId, events } = job;
  const readTarget = createTargetReader(job);
  const sent: Promise<Outcome | undefined>[] = [];
  const began = Date.now();
  let isLate = false;
  try {
    for (const event of events) {
      const target = await readTarget();
      const sending = send(receiverId, event, target, info);
      sent.push(sending);
      if (isLate || Date.now() - began > rowMillisecondsMax) continue;
      const outcome = await sending;
      if (outcome?.isGone) break;
      isLate = outcome?.isLate ?? false;
    }
  } finally {
    await waitForAll(sent);
  }
}

const targetMilliseconds = 1_000;

/** Reads the target for a series of attempts, again after a second: it may change meanwhile. */
function createTargetReader(
  job: Extract<DeliveryJob, { kind: "events" }>,
): () => Promise<DeliveryTarget> {
  const messages = job.events.flatMap((event) => messageRefOf(event) ?? []);
  let readAt = 0;
  let target: DeliveryTarget | undefined;
  return async () => {
    if (target !== undefined && Date.now() - readAt < targetMilliseconds) return target;
    readAt = Date.now();
    target = await findDeliveryTarget(job, messages);
    return target;
  };
}

/** Sends one event for the first time; undefined if no attempt was made. */
async function send(
  receiverId: string,
  event: OutgoingEvent,
  { receiver, deleted }: DeliveryTarget,
  { waitedMilliseconds, isRepeated }: ReceiveInfo,
): Promise<Outcome | undefined> {
  if (receiver === undefined) return undefined;
  const id = deliveryId(receiverId, event);
  const known = isRepeated ? await findDelivery(receiverId, id) : undefined;
  if (known !== undefined) return void (await scheduleOrReport(receiver, known));
  const message = messageRefOf(event);
  const text = receiver.bodyOf(event);
  const body = message !== undefined && deleted.has(message.id) ? withoutContent(text) : text;
  const delivery = makeDelivery(id, event, body, message);
  if (waitedMilliseconds > waitedMillisecondsMax) {
    const waiting = postponed(delivery, facts());
    if (await recordDelivery(receiverId, waiting)) await scheduleOrReport(receiver, waiting);
    return undefined;
  }
  const outcome = await attempt(receiver, delivery, new Date());
  if (outcome === undefined) return undefined;
  const settle = (before: Delivery) => afterAttempt(before, outcome, facts());
  const after = settle(delivery);
  const isFirst = await recordDelivery(receiverId, after);
  await scheduleOrReport(receiver, isFirst ? after : await changeDelivery(receiverId, id, settle));
  return outcome;
}

const facts = () => ({ now: new Date(), chance: Math.random() });

/**
 * Retries a delivery: `step` is the number of scheduled attempts so far, if it is a scheduled one.
 */
async function repeat(
  receiverId: string,
  { id, step }: { id: string; step?: number },
  { waitedMilliseconds, isRepeated }: ReceiveInfo,
): Promise<void> {
  const reads = [findReceiver(receiverId), findDelivery(receiverId, id)] as const;
  const [receiver, delivery] = await Promise.all(reads);
  if (delivery === undefined) return;
  // This comes before the check of the waiting time: a redelivered message has always waited.
  if (step !== undefined && !isDue(delivery, step)) {
    // The call that recorded this attempt may have died before it queued the next one.
    if (isRepeated && receiver !== undefined) await scheduleOrReport(receiver, delivery);
    return;
  }
  if (step !== undefined && receiver !== undefined && waitedMilliseconds > waitedMillisecondsMax)
    return putOff(receiverId, id, step);
  const attempted = await withoutDeleted(delivery);
  const outcome = receiver && (await attempt(receiver, attempted, new Date()));
  if (receiver === undefined || outcome === undefined) {
    if (step !== undefined) await changeDelivery(receiverId, id, afterDisabling);
    return;
  }
  const after = await changeDelivery(receiverId, id, (before) => {
    const isAsked = step === undefined;
    const made = isAsked ? afterResending(before, outcome) : afterAttempt(before, outcome, facts());
    return attempted === delivery ? made : withoutText(made);
  });
  if (step !== undefined) await scheduleOrReport(receiver, after);
}

/** Whether a delivery's next attempt follows this many scheduled attempts. */
const isDue = (delivery: Delivery, step: number) =>
  delivery.status === "pending" && delivery.step === step;

/** Postpones a delivery's next attempt by one to two minutes. */
async function putOff(receiverId: string, id: string, step: number): Promise<void> {
  const now = new Date();
  const at = new Date(now.getTime() + postponeMilliseconds * (1 + Math.random())).toISOString();
  const after = await changeDelivery(receiverId, id, (before) =>
    isDue(before, step) ? { ...before, nextAttemptAt: at } : before,
  );
  if (after?.nextAttemptAt === at) await queueRetry({ receiverId, id, step, at }, now);
}

/** A delivery without texts deleted since; unchanged if there are none. */
async function withoutDeleted(delivery: Delivery): Promise<Delivery> {
  const { message } = delivery;
  if (message === undefined) return delivery;
  return (await findDeletions([message])).size === 0 ? delivery : withoutText(delivery);
}

/** Queues the next attempt of a pending delivery; counts and logs a failed one. */
async function scheduleOrReport(receiver: Receiver, delivery: Delivery | undefined): Promise<void> {
  if (delivery === undefined) return;
  const { id, step, status, nextAttemptAt: at, eventId, error } = delivery;
  const receiverId = receiver.id;
  if (status === "pending" && at !== undefined)
    await queueRetry({ receiverId, id, step, at }, new Date());
  if (status !== "failed") return;
  countMetric("DeliveriesFailed");
  logNotice("A delivery has failed", { receiverId, deliveryId: id, eventId, error });
}
