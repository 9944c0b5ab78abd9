import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { openClient } from "./aws-client.ts";

/** The longest delay of one queue message; a later moment takes several. */
const delayMaxSeconds = 900;

let client: SQSClient | undefined;

/**
 * Sends a message that arrives at a moment: not before it, or at the latest delay that SQS knows,
 * when its reader sends it on. Nothing waits in memory, so a moment comes whatever dies before
 * then.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html
 */
export async function startTimer(
  queueUrl: string,
  message: Record<string, unknown>,
  { at, now }: { at: Date; now: Date },
): Promise<void> {
  client ??= openClient(SQSClient);
  const seconds = Math.ceil((at.getTime() - now.getTime()) / 1000);
  await client.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: JSON.stringify(message),
      DelaySeconds: Math.min(Math.max(seconds, 0), delayMaxSeconds),
    }),
  );
}
