import { recordIdOfMessage } from "../../domain/log/change.ts";
import { Refusal } from "../../domain/refusal.ts";
import {
  afterAttempt,
  afterDisabling,
  afterResending,
  type Delivery,
  makeDelivery,
  messageIn,
  type Outcome,
  type OutgoingEvent,
  postponed,
  withoutContent,
  withoutText,
} from "../../domain/webhooks/delivery.ts";
import { allDone } from "../all-done.ts";
import { logNotice } from "../log.ts";
import { countMetric } from "../metrics.ts";
import {
  changeDelivery,
  deliveryId,
  findDeletions,
  findDelivery,
  recordDelivery,
} from "../store/webhooks/deliveries.ts";
import { attempt, goneStatus } from "./attempt.ts";
import { type DeliveryJob, queueRetry } from "./jobs.ts";
import { findReceiver, findView, type Receiver, type View } from "./receivers.ts";

/** How a message came: how long it has waited, and whether it may have been begun before. */
export type Course = { waitedMilliseconds: number; isRepeated: boolean };

/**
 * What has waited for longer gets no attempt from the queue: a receiver that does not keep up would
 * fill it, and the queue looks for other groups in its first 120,000 messages alone. It comes back
 * by the other queue.
 */
const waitedMillisecondsMax = 60_000;

/** For so long what has waited for too long stays away. */
const awayMilliseconds = 60_000;

/** Does what a message of the queue `deliveries` asks. */
export async function deliver(job: DeliveryJob, course: Course): Promise<void> {
  if (job.kind === "events") return deliverEvents(job, course);
  if (job.kind === "forget") return forget(job);
  const due = job.kind === "retry" ? job.due : [{ id: job.id }];
  await allDone(due.map((one) => repeat(job.receiverId, one, course)));
}

/** Takes deleted texts out of the deliveries that are kept; what was not sent yet has the mark. */
async function forget({ receiverId, messages }: Extract<DeliveryJob, { kind: "forget" }>) {
  const ids = messages.map(({ id, createdAt }) =>
    deliveryId(receiverId, { id: recordIdOfMessage(id), at: createdAt }),
  );
  await allDone(ids.map((id) => changeDelivery(receiverId, id, withoutText)));
}

/** After so long no attempt of a row waits for the one before it: its function has 75 s. */
const rowMillisecondsMax = 50_000;

/**
 * Sends events for the first time, one after the other, so that they come in their order. After one
 * that was late, and when all took too long, the rest go side by side: the receiver is too slow for
 * an order, and others of its events wait.
 */
async function deliverEvents(
  job: Extract<DeliveryJob, { kind: "events" }>,
  course: Course,
): Promise<void> {
  const { receiverId, events } = job;
  const view = createView(job);
  const sent: Promise<Outcome | undefined>[] = [];
  const began = Date.now();
  let isLate = false;
  for (const event of events) {
    const sending = send(receiverId, event, await view(), course);
    sent.push(sending);
    if (isLate || Date.now() - began > rowMillisecondsMax) continue;
    isLate = (await sending)?.isLate ?? false;
  }
  await allDone(sent);
}

const viewMilliseconds = 1_000;

/** The view of a row of attempts, which may take a minute: read again after a second. */
function createView(job: Extract<DeliveryJob, { kind: "events" }>): () => Promise<View> {
  const messages = job.events.flatMap((event) => messageIn(event) ?? []);
  let readAt = 0;
  let view: View | undefined;
  return async () => {
    if (view !== undefined && Date.now() - readAt < viewMilliseconds) return view;
    readAt = Date.now();
    view = await findView(job, messages);
    return view;
  };
}

/** Sends one event for the first time; undefined where no attempt was made. */
async function send(
  receiverId: string,
  event: OutgoingEvent,
  { receiver, deleted }: View,
  { waitedMilliseconds, isRepeated }: Course,
): Promise<Outcome | undefined> {
  if (receiver === undefined) return undefined;
  const id = deliveryId(receiverId, event);
  const known = isRepeated ? await findDelivery(receiverId, id) : undefined;
  if (known !== undefined) return void (await follow(receiver, known));
  const message = messageIn(event);
  const text = receiver.bodyOf(event);
  const body = message !== undefined && deleted.has(message.id) ? withoutContent(text) : text;
  const delivery = makeDelivery(id, event, body, message);
  if (waitedMilliseconds > waitedMillisecondsMax) {
    const waiting = postponed(delivery, facts());
    if (await recordDelivery(receiverId, waiting)) await follow(receiver, waiting);
    return undefined;
  }
  const outcome = await attempt(receiver, delivery, new Date());
  if (outcome === undefined) return undefined;
  const settle = (before: Delivery) => settled(receiver, before, outcome);
  const after = settle(delivery);
  const isFirst = await recordDelivery(receiverId, after);
  await follow(receiver, isFirst ? after : await changeDelivery(receiverId, id, settle));
  return outcome;
}

const facts = () => ({ now: new Date(), chance: Math.random() });

const isGone = (receiver: Receiver, { statusCode }: Pick<Delivery, "statusCode">) =>
  statusCode === goneStatus && receiver.disable !== undefined;

const settled = (receiver: Receiver, delivery: Delivery, outcome: Outcome) =>
  afterAttempt(delivery, outcome, { ...facts(), gone: isGone(receiver, outcome) });

/** Sends a delivery again: `step` says after how many attempts of its schedule, if of one. */
async function repeat(
  receiverId: string,
  { id, step }: { id: string; step?: number },
  { waitedMilliseconds, isRepeated }: Course,
): Promise<void> {
  if (step !== undefined && waitedMilliseconds > waitedMillisecondsMax) {
    const at = new Date(Date.now() + awayMilliseconds * (1 + Math.random())).toISOString();
    return queueRetry({ receiverId, id, step, at }, new Date());
  }
  const reads = [findReceiver(receiverId), findDelivery(receiverId, id)] as const;
  const [receiver, delivery] = await Promise.all(reads);
  if (delivery === undefined) return;
  const isDue = step === undefined || (delivery.status === "pending" && delivery.step === step);
  if (!isDue) {
    // Its attempt was recorded by a call that may have died before it asked for the next one.
    if (isRepeated && receiver !== undefined) await follow(receiver, delivery);
    return;
  }
  const attempted = await withoutDeleted(delivery);
  const outcome = receiver && (await attempt(receiver, attempted, new Date()));
  if (receiver === undefined || outcome === undefined) {
    if (step !== undefined) await changeDelivery(receiverId, id, afterDisabling);
    return;
  }
  const after = await changeDelivery(receiverId, id, (before) => {
    const isAsked = step === undefined;
    const made = isAsked ? afterResending(before, outcome) : settled(receiver, before, outcome);
    return attempted === delivery ? made : withoutText(made);
  });
  if (step !== undefined) await follow(receiver, after);
}

/** A delivery without a text that was deleted since; the same one where none was. */
async function withoutDeleted(delivery: Delivery): Promise<Delivery> {
  const { message } = delivery;
  if (message === undefined) return delivery;
  return (await findDeletions([message])).size === 0 ? delivery : withoutText(delivery);
}

/** Does what follows from what a delivery has become: its next attempt, or a word to somebody. */
async function follow(receiver: Receiver, delivery: Delivery | undefined): Promise<void> {
  if (delivery === undefined) return;
  const { id, step, status, nextAttemptAt: at, eventId, error } = delivery;
  const receiverId = receiver.id;
  if (status === "pending" && at !== undefined)
    await queueRetry({ receiverId, id, step, at }, new Date());
  if (status !== "failed") return;
  countMetric("DeliveriesFailed");
  logNotice("A delivery has failed", { receiverId, deliveryId: id, eventId, error });
  if (isGone(receiver, delivery)) await disable(receiver);
}

async function disable(receiver: Receiver): Promise<void> {
  try {
    await receiver.disable?.();
    logNotice("A webhook was disabled, since it is gone", { receiverId: receiver.id });
  } catch (error) {
    // It was deleted meanwhile.
    if (!(error instanceof Refusal && error.code === "webhook_not_found")) throw error;
  }
}
