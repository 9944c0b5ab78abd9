import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { SQSRecord } from "aws-lambda";
import { answerService } from "./aws-double.ts";

export type Entry = {
  Id?: string;
  MessageBody: string;
  DelaySeconds?: number;
  MessageGroupId?: string;
  MessageDeduplicationId?: string;
};
type Visibility = { ReceiptHandle: string; VisibilityTimeout: number };

/** What a queue does when it is called. */
type Queue = {
  /** Whether SQS refuses its calls; by default it accepts them. */
  isRefusing?(): boolean;
  /** Stores a message; returns its id. */
  accept(entry: Entry): string;
  postpone(changes: Visibility[]): void;
};

/** The queues of the tests that run, by the setting with their URL. */
const queues = new Map<string, Queue>();

/**
 * Gives the tests of a file a queue, whose URL these settings have, such as `PLANS_QUEUE_URL`.
 * `take` removes and returns its messages with their delays, as the records of a function, and
 * `takeVisibilities` the changes of messages' visibility. After `refuse(true)` it refuses all
 * calls, until `refuse(false)`.
 */
export function useQueue(...settings: string[]) {
  const sent: { body: string; delaySeconds: number }[] = [];
  const visibilities: Visibility[] = [];
  let isRefusing = false;
  const queue: Queue = {
    isRefusing: () => isRefusing,
    accept: ({ MessageBody: body, DelaySeconds: delaySeconds = 0 }) =>
      `sent-${sent.push({ body, delaySeconds })}`,
    postpone: (changes) => void visibilities.push(...changes),
  };
  beforeAll(() => {
    for (const setting of settings) openQueue(setting, queue);
  });
  afterAll(() => {
    for (const setting of settings) queues.delete(setting);
  });
  return {
    take: () => sent.splice(0).map((one, at) => ({ ...received(`m${at}`, one.body), ...one })),
    takeVisibilities: () => visibilities.splice(0),
    refuse(isSo: boolean): void {
      isRefusing = isSo;
    },
  };
}

/** Answers the calls of a queue, and gives this setting its URL. */
export function openQueue(setting: string, queue: Queue): void {
  answerService("AmazonSQS", answerCall);
  queues.set(setting, queue);
  process.env[setting] = `https://sqs.us-east-1.amazonaws.com/000000000000/${setting}`;
}

/** A message as a function receives it, for the first time or a later one. */
export const received = (messageId: string, body: string, times = 1) =>
  ({
    messageId,
    receiptHandle: `receipt of ${messageId}`,
    body,
    attributes: { ApproximateReceiveCount: `${times}` },
  }) as SQSRecord;

type Call = { QueueUrl: string; Entries?: (Entry & Visibility)[] } & Entry;

/** SQS's operations, other than receiving. */
function answerCall(operation: string, { QueueUrl, Entries, ...one }: Call): unknown {
  const queue = queues.get(basename(QueueUrl));
  if (queue === undefined) throw new Error(`No queue has the URL ${QueueUrl}`);
  if (queue.isRefusing?.()) throw new Error("The queue refuses calls");
  if (operation === "ChangeMessageVisibilityBatch") {
    queue.postpone(Entries ?? []);
    return {};
  }
  const answers = (Entries ?? [one]).map((entry) => ({
    Id: entry.Id,
    MessageId: queue.accept(entry),
    MD5OfMessageBody: createHash("md5").update(entry.MessageBody).digest("hex"),
  }));
  return Entries ? { Successful: answers, Failed: [] } : answers[0];
}
