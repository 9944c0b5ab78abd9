import type { Delivery } from "../../domain/webhooks/delivery.ts";
import { tencentReceiver } from "../../domain/webhooks/webhook.ts";
import { allDone } from "../runtime/waiting.ts";
import { changeDelivery, listPending } from "../store/webhooks/deliveries.ts";
import { findPlaces, recordPlaces } from "../store/webhooks/sweep.ts";
import { listWebhooks } from "../store/webhooks/webhooks.ts";
import { queueRetry } from "./jobs.ts";

/**
 * How long after its time a pending delivery is overdue. One that waits for a busy receiver is put
 * off, which moves its time, so this much passes only where its message was lost, or where the
 * queues stand still.
 */
const overdueMilliseconds = 10 * 60_000;

/**
 * Pending deliveries of one receiver that one call looks at; the next call goes on behind them. A
 * receiver that is down for a day has any number of them.
 */
const pageDeliveries = 200;

/** Deliveries that are sent again at the same time. */
const togetherMax = 20;

/**
 * Sends pending deliveries again whose next attempt is long past, and returns how many. Their retry
 * was lost: a call died too often and left it in the dead letters, or a bug dropped it.
 */
export async function requeueOverdue(now: Date, limit = pageDeliveries): Promise<number> {
  const [webhooks, before] = await Promise.all([listWebhooks(), findPlaces()]);
  const receiverIds = [tencentReceiver, ...webhooks.map(({ id }) => id)];
  const pages = await allDone(
    receiverIds.map(async (receiverId) => ({
      receiverId,
      ...(await listPending(receiverId, limit, before[receiverId])),
    })),
  );
  // Recorded first: a page that fails does not keep the later ones from their turn.
  const places = pages.flatMap(({ receiverId, next }) => (next ? [[receiverId, next]] : []));
  if (places.length + Object.keys(before).length > 0)
    await recordPlaces(Object.fromEntries(places));
  const overdue = pages.flatMap(({ receiverId, deliveries }) =>
    deliveries.filter((one) => isOverdue(one, now)).map(({ id }) => ({ receiverId, id })),
  );
  let count = 0;
  for (let at = 0; at < overdue.length; at += togetherMax) {
    const part = overdue.slice(at, at + togetherMax);
    const requeued = await allDone(part.map(({ receiverId, id }) => requeue(receiverId, id, now)));
    count += requeued.filter(Boolean).length;
  }
  return count;
}

const isOverdue = ({ status, nextAttemptAt, createdAt }: Delivery, now: Date) =>
  status === "pending" &&
  now.getTime() - Date.parse(nextAttemptAt ?? createdAt) > overdueMilliseconds;

/** Sends one delivery again; false where it is not overdue any more. */
async function requeue(receiverId: string, id: string, now: Date): Promise<boolean> {
  const at = now.toISOString();
  // Its time moves, so that it is not sent again every minute while it waits for its turn.
  const after = await changeDelivery(receiverId, id, (before) =>
    isOverdue(before, now) ? { ...before, nextAttemptAt: at } : before,
  );
  if (after?.nextAttemptAt !== at) return false;
  await queueRetry({ receiverId, id, step: after.step, at }, now);
  return true;
}
