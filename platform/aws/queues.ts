import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { lazy } from "../runtime/caches.ts";
import { openClient } from "./aws-client.ts";

/** A message for a queue of ours. */
export type QueueMessage = {
  /** Sent as JSON. */
  body: unknown;
  /** Seconds before it can be received, at most 900. FIFO queues do not support it. */
  delaySeconds?: number;
  /** For FIFO queues only. */
  fifo?: {
    /** One message of a group is in flight at a time, in the order of sending. */
    group: string;
    /**
     * SQS accepts but drops a second message of the group with this id within five minutes, even if
     * the first was already handled and deleted. So a message that is deliberately sent again needs
     * its own id.
     */
    deduplicationId: string;
  };
};

const client = lazy(() => openClient(SQSClient));

/** Sends one message. Rejects when SQS did not accept it. */
export async function sendMessage(QueueUrl: string, message: QueueMessage): Promise<void> {
  await client().send(new SendMessageCommand({ QueueUrl, ...inputOf(message) }));
}

/** SQS accepts ten messages and 256 KB in one request. */
const requestMax = { messages: 10, bytes: 240_000 };

/**
 * Sends messages with as few requests as possible, all at the same time. Returns a promise for each
 * message, which rejects when SQS did not accept that message.
 */
export function sendMessages(QueueUrl: string, messages: readonly QueueMessage[]): Promise<void>[] {
  const inputs = messages.map(inputOf);
  const bytesOf = ({ MessageBody }: Input) => Buffer.byteLength(MessageBody);
  const requests = splitBy(inputs, requestMax.messages, requestMax.bytes, bytesOf);
  return requests.flatMap((request) => sendTogether(QueueUrl, request));
}

function sendTogether(QueueUrl: string, inputs: readonly Input[]): Promise<void>[] {
  const Entries = inputs.map((input, at) => ({ Id: String(at), ...input }));
  const answer = client().send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  return Entries.map(async ({ Id }) => {
    const { Failed = [] } = (await answer) as { Failed?: { Id?: string; Code?: string }[] };
    const failure = Failed.find((one) => one.Id === Id);
    if (failure !== undefined) throw new Error(`SQS did not take a message: ${failure.Code}`);
  });
}

/** A received message that was not handled, and when it can be received again. */
type Unhandled = { receiptHandle: string; seconds: number };

/**
 * Lets messages of one batch be received again after these times instead of their queue's
 * visibility timeout. A message that SQS does not accept keeps that timeout.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html
 */
export async function changeVisibility(
  QueueUrl: string,
  messages: readonly Unhandled[],
): Promise<void> {
  const Entries = messages.map(({ receiptHandle, seconds }, at) => ({
    Id: String(at),
    ReceiptHandle: receiptHandle,
    VisibilityTimeout: seconds,
  }));
  await client().send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
}

type Input = ReturnType<typeof inputOf>;

/**
 * The only two characters that JSON leaves as they are and SQS does not accept.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
const refused = /[\ufffe\uffff]/g;

const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16)}`;

const inputOf = ({ body, delaySeconds, fifo }: QueueMessage) => ({
  MessageBody: JSON.stringify(body).replace(refused, escaped),
  ...(delaySeconds !== undefined && { DelaySeconds: delaySeconds }),
  ...(fifo && {
    MessageGroupId: fifo.group,
    MessageDeduplicationId: fifo.deduplicationId,
  }),
});

/**
 * Splits values, in order, into parts of at most `countMax` values and `bytesMax` bytes. A larger
 * value gets its own part.
 */
export function splitBy<Value>(
  values: readonly Value[],
  countMax: number,
  bytesMax: number,
  bytesOf: (value: Value) => number,
): Value[][] {
  const parts: Value[][] = [];
  let bytes = 0;
  for (const value of values) {
    const size = bytesOf(value);
    const part = parts.at(-1);
    const fits = part !== undefined && part.length < countMax && bytes + size <= bytesMax;
    bytes = fits ? bytes + size : size;
    if (fits) part.push(value);
    else parts.push([value]);
  }
  return parts;
}

/** The longest delay of one queue message; later times take several. */
const delayMaxSeconds = 900;

/**
 * Sends a message for a given time. It arrives then, or after the longest delay of SQS, if that is
 * earlier: then its reader sends it again. Nothing waits in memory, so the timer survives a crash.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html
 */
export function sendAt(
  queueUrl: string,
  message: Record<string, unknown>,
  { at, now }: { at: Date; now: Date },
): Promise<void> {
  const seconds = Math.ceil((at.getTime() - now.getTime()) / 1000);
  const delaySeconds = Math.min(Math.max(seconds, 0), delayMaxSeconds);
  return sendMessage(queueUrl, { body: message, delaySeconds });
}
