import { logFault } from "../log.ts";
import type { QueueRecord } from "../reaction.ts";
import { queueDelivery, queueRetry, Retry } from "./jobs.ts";

/**
 * Gives deliveries that are due back to the queue `deliveries`, those of one receiver together; for
 * what is not due yet, since no message waits for hours, another message is asked for. Answers the
 * ids of the messages that failed and are to come again.
 */
export async function giveBack(records: readonly QueueRecord[], now: Date): Promise<string[]> {
  const due = new Map<string, { retry: Retry; messageId: string }[]>();
  const failed: string[] = [];
  const attempt = async (messageIds: string[], act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      logFault("Messages of a queue failed and come again", error, { messageIds });
      failed.push(...messageIds);
    }
  };
  for (const { messageId, body } of records)
    await attempt([messageId], async () => {
      const retry = Retry.parse(JSON.parse(body));
      if (Date.parse(retry.at) > now.getTime()) return queueRetry(retry, now);
      const others = due.get(retry.receiverId) ?? [];
      due.set(retry.receiverId, [...others, { retry, messageId }]);
    });
  for (const [receiverId, retries] of due)
    await attempt(
      retries.map(({ messageId }) => messageId),
      () => {
        const steps = retries.map(({ retry: { id, step } }) => ({ id, step }));
        return queueDelivery({ kind: "retry", receiverId, due: steps });
      },
    );
  return failed;
}
