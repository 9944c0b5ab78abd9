import { handleEach, type QueueRecord } from "../lambda/consumer.ts";
import { queueDelivery, queueRetry, Retry } from "./jobs.ts";

/**
 * Sends deliveries that are due back to the queue `deliveries`, those of one receiver in one
 * message. No message waits for hours, so one that is not due yet is sent to `retries` again.
 * Returns the ids of the messages that failed and are to come again.
 */
export function requeueDue(records: readonly QueueRecord[], now: Date): Promise<string[]> {
  const batches = new Map<string, { due: Omit<Retry, "receiverId">[]; sent: Promise<void> }>();
  return handleEach(records, Retry, ({ receiverId, ...retry }) => {
    if (Date.parse(retry.at) > now.getTime()) return queueRetry({ receiverId, ...retry }, now);
    const batch = batches.get(receiverId);
    if (batch !== undefined) {
      batch.due.push(retry);
      return batch.sent;
    }
    const due = [retry];
    // All records are looked at before the first message is sent.
    const sent = Promise.resolve().then(() => queueDelivery({ kind: "retry", receiverId, due }));
    batches.set(receiverId, { due, sent });
    return sent;
  });
}
