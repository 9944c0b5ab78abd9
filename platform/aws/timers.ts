import { sendMessage } from "./queues.ts";

/** The longest delay of one queue message; a later moment takes several. */
const delayMaxSeconds = 900;

/**
 * Sends a message that arrives at a moment: not before it, or at the latest delay that SQS knows,
 * when its reader sends it on. Nothing waits in memory, so a moment comes whatever dies before
 * then.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html
 */
export function startTimer(
  queueUrl: string,
  message: Record<string, unknown>,
  { at, now }: { at: Date; now: Date },
): Promise<void> {
  const seconds = Math.ceil((at.getTime() - now.getTime()) / 1000);
  const delaySeconds = Math.min(Math.max(seconds, 0), delayMaxSeconds);
  return sendMessage(queueUrl, { body: message, delaySeconds });
}
