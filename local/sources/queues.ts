import { createHash } from "node:crypto";
import type { Meter } from "../aws/meter.ts";
import type { EventSource, Invoke, Queue } from "../model.ts";
import { type Message, type QueueStore, receiptOf } from "./queue-store.ts";

/** Concurrent batches per queue if the mapping sets no maximum. */
const concurrencyDefault = 5;
/** A regular poll, in case the clock jumps. */
const idleMilliseconds = 30_000;
/** The time until the next poll if the store fails, as it does on a full disk. */
const failedMilliseconds = 1000;

/** The running event source mapping of one queue. */
type QueueSource = { wake(): void; start(): void; stop(): Promise<void> };

/** The dependencies of a mapping; `log` receives a line for each failed batch. */
type QueueSourceOptions = {
  source: EventSource;
  queue: Queue;
  region: string;
  store: QueueStore;
  invoke: Invoke;
  meter: Meter;
  log: (line: string) => void;
};

/**
 * Delivers a queue's messages to its function as Lambda's pollers do: in batches, with partial
 * failures; failed messages return after the visibility timeout, or when their function says. In a
 * FIFO queue a batch is of one message group, and only one batch of a group runs at a time.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export function createQueueSource(options: QueueSourceOptions): QueueSource {
  const { source, queue, store } = options;
  const concurrencyMax = source.concurrencyMax ?? concurrencyDefault;
  const atWork = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let hasTold = false;

  const lookAfter = (milliseconds: number) => {
    clearTimeout(timer);
    if (!running) return;
    timer = setTimeout(look, milliseconds);
    timer.unref();
  };
  const schedule = () => {
    const next = store.findNextVisible(queue) ?? Number.POSITIVE_INFINITY;
    lookAfter(Math.min(Math.max(next - Date.now(), 1), idleMilliseconds));
  };
  const look = () => {
    try {
      poll();
      hasTold = false;
    } catch (error) {
      // Logged once per outage.
      if (!hasTold) options.log(`The queue ${queue.name} cannot be read: ${error}`);
      hasTold = true;
      lookAfter(failedMilliseconds);
    }
  };
  const poll = () => {
    while (running && atWork.size < concurrencyMax) {
      const messages = store.receive(queue, source.batchSize);
      if (messages.length === 0) {
        // Perhaps all found messages were dead letters: continue while something is visible.
        if ((store.findNextVisible(queue) ?? Number.POSITIVE_INFINITY) > Date.now()) break;
        continue;
      }
      const work = deliver(options, messages).finally(() => {
        atWork.delete(work);
        look();
      });
      atWork.add(work);
    }
    // At full concurrency, the end of a batch triggers the next poll.
    if (atWork.size < concurrencyMax) schedule();
  };
  return {
    wake() {
      if (running) setImmediate(look);
    },
    start() {
      running = true;
      look();
    },
    async stop() {
      running = false;
      clearTimeout(timer);
      await Promise.allSettled(atWork);
    },
  };
}

/** Never rejects: failed messages stay in the queue. */
async function deliver(options: QueueSourceOptions, messages: Message[]): Promise<void> {
  const { source, queue, store, meter } = options;
  const item = queue.fifo ? "sqs_fifo_requests" : "sqs_standard_requests";
  meter.record({
    caller: source.functionName,
    operation: "sqs:ReceiveMessage",
    items: { [item]: 1 },
  });
  try {
    const event = { Records: messages.map((message) => recordOf(options, message)) };
    const result = await options.invoke(source.functionName, event);
    if (!result.ok) {
      const { errorType, errorMessage } = result.error;
      options.log(
        `${source.functionName}: ${messages.length} messages of ${queue.name} failed, ` +
          `they will be retried: ${errorType}: ${errorMessage}`,
      );
      return;
    }
    const done = selectDone(messages, result.payload);
    if (done.length === 0) return;
    store.remove(done);
    meter.record({
      caller: source.functionName,
      operation: "sqs:DeleteMessageBatch",
      items: { [item]: 1 },
    });
  } catch (error) {
    options.log(`${source.functionName}: messages of ${queue.name} failed: ${error}`);
  }
}

/** A malformed report, or one that names an id outside the batch, fails the whole batch. */
function selectDone(messages: Message[], payload: unknown): Message[] {
  const report = (payload as { batchItemFailures?: unknown } | null | undefined)?.batchItemFailures;
  if (report === undefined || report === null) return messages;
  if (!Array.isArray(report)) return [];
  const failed = new Set(report.map((entry) => entry?.itemIdentifier));
  const known = new Set(messages.map(({ messageId }) => messageId));
  if (![...failed].every((id) => known.has(id))) return [];
  return messages.filter((message) => !failed.has(message.messageId));
}

/** A record of Lambda's SQS event. */
function recordOf(options: QueueSourceOptions, message: Message): Record<string, unknown> {
  const { queue, region } = options;
  return {
    messageId: message.messageId,
    receiptHandle: receiptOf(message),
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.receives),
      SentTimestamp: String(message.sentAt),
      SenderId: message.sender,
      ApproximateFirstReceiveTimestamp: String(message.receivedAt),
      ...(queue.fifo && {
        SequenceNumber: String(message.id).padStart(20, "0"),
        MessageGroupId: message.groupId,
        MessageDeduplicationId: message.deduplicationId,
      }),
    },
    messageAttributes: {},
    md5OfBody: createHash("md5").update(message.body).digest("hex"),
    eventSource: "aws:sqs",
    eventSourceARN: queue.arn,
    awsRegion: region,
  };
}
