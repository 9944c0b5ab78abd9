import { createHash } from "node:crypto";
import * as z from "zod";
import type { Queue, Stage } from "../model.ts";
import type { QueueStore } from "../sources/queue-store.ts";
import { AwsFailure, answerJson, type Prepare, readJsonBody } from "./failure.ts";
import type { Meter } from "./meter.ts";

/** The limit for a message, and for a whole batch. */
const messageBytesMax = 1024 * 1024;
/** A request is billed in units of this size. */
const billedBytes = 64 * 1024;

/** The characters of a message: those of XML. */
const allowed = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
/** The ids of groups and for deduplication: letters, digits and punctuation. */
const Id = z.string().regex(/^[!-~]{1,128}$/);

const Message = z.strictObject({
  MessageBody: z.string().min(1),
  DelaySeconds: z.int().min(0).max(900).optional(),
  MessageGroupId: Id.optional(),
  MessageDeduplicationId: Id.optional(),
});
const Entry = Message.extend({ Id: z.string().regex(/^[\w-]{1,80}$/) });
const Send = Message.extend({ QueueUrl: z.string() });
const SendBatch = z.strictObject({ QueueUrl: z.string(), Entries: z.array(Entry) });

const Visibility = z.strictObject({
  Id: z.string(),
  ReceiptHandle: z.string(),
  VisibilityTimeout: z.int().min(0).max(43_200),
});
const ChangeBatch = z.strictObject({
  QueueUrl: z.string(),
  Entries: z.array(Visibility).min(1).max(10),
});

type MessageWanted = z.infer<typeof Message>;

/**
 * The dependencies of sending. `onSend` wakes the queue's reader, possibly before a message's delay
 * has passed.
 */
type SqsOptions = {
  stage: Stage;
  store: QueueStore;
  meter: Meter;
  onSend: (queue: Queue) => void;
};

/**
 * SQS's SendMessage, SendMessageBatch and ChangeMessageVisibilityBatch in its JSON protocol; only
 * mappings receive.
 */
export function createSqs(options: SqsOptions): Prepare {
  return (request) => {
    const { operation, caller } = request;
    if (operation === "ChangeMessageVisibilityBatch")
      return changeVisibility(options, caller, parse(ChangeBatch, readJsonBody(request)));
    const batch = operation === "SendMessageBatch";
    if (!batch && operation !== "SendMessage") {
      refuse(
        "UnsupportedOperation",
        `The local endpoint does not have the SQS operation ${operation}`,
      );
    }
    const body = readJsonBody(request);
    const wanted = batch ? parse(SendBatch, body) : oneEntry(parse(Send, body));
    const queue = findQueue(options.stage, wanted.QueueUrl);
    checkBatch(wanted.Entries);
    return {
      // Both operations need the same permission.
      access: [{ action: "sqs:SendMessage", resource: queue.arn }],
      keys: () => [queue.name],
      itemCount: 1,
      run() {
        for (const entry of wanted.Entries) checkMessage(queue, entry);
        const sent = wanted.Entries.map((entry) => send(options, queue, caller, entry));
        options.onSend(queue);
        const bytes = wanted.Entries.reduce((sum, entry) => sum + countBytes(entry), 0);
        const count = Math.max(1, Math.ceil(bytes / billedBytes));
        options.meter.record({
          caller,
          operation: `sqs:${operation}`,
          items: billed(queue, count),
        });
        if (batch) return answerJson({ Successful: sent, Failed: [] });
        const { Id: _, ...answer } = sent[0]!;
        return answerJson(answer);
      },
    };
  };
}

/** Requests, as they are billed. */
const billed = (queue: Queue, count: number) => ({
  [queue.fifo ? "sqs_fifo_requests" : "sqs_standard_requests"]: count,
});

function changeVisibility(
  { stage, store, meter, onSend }: SqsOptions,
  caller: string,
  { QueueUrl, Entries }: z.infer<typeof ChangeBatch>,
): ReturnType<Prepare> {
  const queue = findQueue(stage, QueueUrl);
  return {
    access: [{ action: "sqs:ChangeMessageVisibility", resource: queue.arn }],
    keys: () => [queue.name],
    itemCount: 1,
    run() {
      const Successful: object[] = [];
      const Failed: object[] = [];
      for (const { Id, ReceiptHandle, VisibilityTimeout } of Entries) {
        const visibleAt = Date.now() + VisibilityTimeout * 1000;
        if (store.postpone(queue, ReceiptHandle, visibleAt)) Successful.push({ Id });
        else Failed.push({ Id, Code: "ReceiptHandleIsInvalid", SenderFault: true });
      }
      onSend(queue);
      const operation = "sqs:ChangeMessageVisibilityBatch";
      meter.record({ caller, operation, items: billed(queue, 1) });
      return answerJson({ Successful, Failed });
    },
  };
}

const oneEntry = ({ QueueUrl, ...message }: z.infer<typeof Send>) => ({
  QueueUrl,
  Entries: [{ ...message, Id: "one" }],
});

function refuse(type: string, message: string): never {
  throw new AwsFailure(400, `com.amazonaws.sqs#${type}`, message);
}

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  refuse("InvalidParameterValue", `${issue?.path.join(".")}: ${issue?.message}`);
}

/** Identifies a queue by the last part of its URL; the host is ignored. */
function findQueue(stage: Stage, url: string): Queue {
  const name = url.split("/").at(-1);
  const queue = stage.queues.find((one) => one.url === url || one.name === name);
  if (queue) return queue;
  refuse("QueueDoesNotExist", "The specified queue does not exist.");
}

const countBytes = ({ MessageBody }: MessageWanted): number => Buffer.byteLength(MessageBody);

function checkBatch(entries: z.infer<typeof Entry>[]): void {
  if (entries.length === 0) refuse("EmptyBatchRequest", "There should be at least one entry.");
  if (entries.length > 10) refuse("TooManyEntriesInBatchRequest", "At most 10 entries.");
  if (new Set(entries.map((entry) => entry.Id)).size < entries.length)
    refuse("BatchEntryIdsNotDistinct", "Two entries have the same Id.");
  if (entries.reduce((sum, entry) => sum + countBytes(entry), 0) > messageBytesMax)
    refuse("BatchRequestTooLong", `At most ${messageBytesMax} bytes.`);
}

/** Throws AwsFailure for properties that this kind of queue does not accept. */
function checkMessage(queue: Queue, message: MessageWanted): void {
  if (!allowed.test(message.MessageBody))
    refuse("InvalidMessageContents", "The message contains characters outside the allowed set.");
  if (!queue.fifo) return;
  if (message.DelaySeconds)
    refuse("InvalidParameterValue", "DelaySeconds is of the queue, not of a message, in FIFO.");
  if (!message.MessageGroupId)
    refuse("MissingParameter", "The request must contain the parameter MessageGroupId.");
  if (!message.MessageDeduplicationId)
    refuse(
      "InvalidParameterValue",
      "The queue should either have ContentBasedDeduplication enabled or " +
        "MessageDeduplicationId provided explicitly",
    );
}

function send(
  options: SqsOptions,
  queue: Queue,
  caller: string,
  entry: z.infer<typeof Entry>,
): { Id: string; MessageId: string; MD5OfMessageBody: string; SequenceNumber?: string } {
  const { messageId, sequence } = options.store.send(queue, {
    body: entry.MessageBody,
    delaySeconds: entry.DelaySeconds,
    groupId: queue.fifo ? entry.MessageGroupId : undefined,
    deduplicationId: queue.fifo ? entry.MessageDeduplicationId : undefined,
    sender: caller,
  });
  return {
    Id: entry.Id,
    MessageId: messageId,
    MD5OfMessageBody: createHash("md5").update(entry.MessageBody).digest("hex"),
    ...(queue.fifo && { SequenceNumber: String(sequence).padStart(20, "0") }),
  };
}
