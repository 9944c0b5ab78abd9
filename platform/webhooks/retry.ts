import { handleEach, type QueueRecord } from "../lambda/consumer.ts";
import { queueDelivery, queueRetry, Retry } from "./jobs.ts";

/**
 * Sends due deliveries back to the queue `deliveries`, one message per receiver. No message can
 * wait for hours, so one that is not due yet is sent to `retries` again. SQS may have a message
 * twice; its delivery is sent once. Returns the ids of failed messages to redeliver.
 */
export function requeueDue(records: readonly QueueRecord[], now: Date): Promise<string[]> {
  const batches = new Map<string, { due: Omit<Retry, "receiverId">[]; sent: Promise<void> }>();
  return handleEach(records, Retry, ({ receiverId, ...retry }) => {
    if (Date.parse(retry.at) > now.getTime()) return queueRetry({ receiverId, ...retry }, now);
    const batch = batches.get(receiverId);
    if (batch !== undefined) {
      if (!batch.due.some(({ id, step }) => id === retry.id && step === retry.step))
        batch.due.push(retry);
      return batch.sent;
    }
    const due = [retry];
    // All records are examined before the first message is sent.
    const sent = Promise.resolve().then(() => queueDelivery({ kind: "retry", receiverId, due }));
    batches.set(receiverId, { due, sent });
    return sent;
  });
}
