import type { Delivery } from "../../domain/webhooks/delivery.ts";
import { tencentReceiver } from "../../domain/webhooks/webhook.ts";
import { waitForAll } from "../runtime/deadline.ts";
import { changeDelivery, listPending } from "../store/webhooks/deliveries.ts";
import { findCursors, recordCursors } from "../store/webhooks/sweep.ts";
import { listWebhooks } from "../store/webhooks/webhooks.ts";
import { queueRetry } from "./jobs.ts";

/**
 * How long after its due time a pending delivery is overdue. Deliveries to a busy receiver are
 * postponed, which moves their due time, so one is only overdue if its message was lost, or if the
 * queues are blocked.
 */
const overdueMilliseconds = 10 * 60_000;

/**
 * The most pending deliveries of one receiver that one call examines; the next call continues after
 * them. A receiver that is down for a day may have any number of them.
 */
const pageDeliveries = 200;

/** The number of deliveries that are sent again concurrently. */
const togetherMax = 20;

/**
 * Sends long overdue deliveries again, and returns how many. Their retry was lost: a call died too
 * often and left it in the dead-letter queue, or a bug dropped it.
 */
export async function requeueOverdue(now: Date, limit = pageDeliveries): Promise<number> {
  const [webhooks, before] = await Promise.all([listWebhooks(), findCursors()]);
  const receiverIds = [tencentReceiver, ...webhooks.map(({ id }) => id)];
  const pages = await waitForAll(
    receiverIds.map(async (receiverId) => ({
      receiverId,
      ...(await listPending(receiverId, limit, before[receiverId])),
    })),
  );
  // Recorded first, so that a failing page does not block the later ones.
  const places = pages.flatMap(({ receiverId, next }) => (next ? [[receiverId, next]] : []));
  if (places.length + Object.keys(before).length > 0)
    await recordCursors(Object.fromEntries(places));
  const overdue = pages.flatMap(({ receiverId, deliveries }) =>
    deliveries.filter((one) => isOverdue(one, now)).map(({ id }) => ({ receiverId, id })),
  );
  let count = 0;
  for (let at = 0; at < overdue.length; at += togetherMax) {
    const part = overdue.slice(at, at + togetherMax);
    const requeued = await waitForAll(
      part.map(({ receiverId, id }) => requeue(receiverId, id, now)),
    );
    count += requeued.filter(Boolean).length;
  }
  return count;
}

const isOverdue = ({ status, nextAttemptAt, createdAt }: Delivery, now: Date) =>
  status === "pending" &&
  now.getTime() - Date.parse(nextAttemptAt ?? createdAt) > overdueMilliseconds;

/** Sends one delivery again; false if it is no longer overdue. */
async function requeue(receiverId: string, id: string, now: Date): Promise<boolean> {
  const at = now.toISOString();
  // Its due time becomes now, so that it is not sent again every minute while it waits.
  const after = await changeDelivery(receiverId, id, (before) =>
    isOverdue(before, now) ? { ...before, nextAttemptAt: at } : before,
  );
  if (after?.nextAttemptAt !== at) return false;
  await queueRetry({ receiverId, id, step: after.step, at }, now);
  return true;
}
