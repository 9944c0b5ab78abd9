import type { DynamoDBRecord, SQSRecord } from "aws-lambda";
import type * as z from "zod";
import { Maintenance } from "../../domain/refusal.ts";
import { changeVisibility } from "../aws/queues.ts";
import { beginInvocation, type TimeLeft } from "../runtime/deadline.ts";
import { setting } from "../runtime/env.ts";
import { logFault, withFunctionName, withReadableStack } from "../runtime/log.ts";
import { countMetric, withMetrics } from "../runtime/metrics.ts";
import { type Item, unmarshallItem } from "../table/items.ts";
import { type ItemKind, readKey } from "../table/keys.ts";
import type { Grants, QueueName, Resources } from "./grants.ts";

/** A schedule in EventBridge's form, such as `rate(1 minute)`. */
type Rate = `rate(${number} ${"minute" | "hour" | "day"}${"" | "s"})`;

/** The event source of a consumer: the table's stream, a queue, or a schedule. */
type Source =
  | { stream: "table"; kinds?: readonly ItemKind[]; batchSize: number }
  | { queue: QueueName; batchSize: number; concurrencyMax?: number }
  | { every: Rate };

/** The contract of one consumer. */
export type ConsumerContract = {
  kind: "consumer";
  summary: string;
  on: Source;
  grants: Grants;
} & Resources;

/** Ids of records to redeliver: the event source mapping's partial failure. */
type Failures = { batchItemFailures: { itemIdentifier: string }[] };

type RecordsOf<S extends Source> = S extends { stream: "table" }
  ? readonly DynamoDBRecord[]
  : S extends { queue: QueueName }
    ? readonly SQSRecord[]
    : readonly [];

/** The name of a consumer's source in a stack: `stream table`, `queue combos`, `rate(1 minute)`. */
const sourceName = (on: Source) =>
  "stream" in on ? `stream ${on.stream}` : "queue" in on ? `queue ${on.queue}` : on.every;

/**
 * A function that processes records. It returns the ids of those to redeliver: for a stream the
 * sequence number of the first that failed (all later ones are redelivered too), for a queue the
 * message ids. An exception returns the whole batch, and Lambda logs it.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export function consumer<const C extends Omit<ConsumerContract, "kind">>(
  declaration: C,
  // biome-ignore lint/suspicious/noConfusingVoidType: It may return nothing.
  handle: (records: RecordsOf<C["on"]>, now: Date) => Promise<readonly string[] | void>,
) {
  const contract = { kind: "consumer", ...declaration } as C & { kind: "consumer" };
  withFunctionName(handle, sourceName(contract.on));

  async function handler(event: { Records?: unknown[] }, context?: TimeLeft): Promise<Failures> {
    beginInvocation(context);
    const records = (event.Records ?? []) as unknown as RecordsOf<C["on"]>;
    try {
      const failed = (await handle(records, new Date())) ?? [];
      await retrySoon(contract.on, records, failed);
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    } catch (error) {
      if (error instanceof Maintenance) return again(records);
      await retrySoon(contract.on, records);
      throw withReadableStack(error);
    }
  }

  return { contract, handler: withMetrics(handler) };
}

/**
 * Seconds until a queue's message is delivered again after its first attempts; after the others it
 * waits for the queue's visibility timeout, which is at least a minute.
 */
const retrySeconds = [2, 10, 30];

/**
 * Lets failed messages of a queue, or all, be delivered again soon: most failures pass within
 * seconds. If the call fails too, they wait for their visibility timeout.
 */
async function retrySoon(
  on: Source,
  records: readonly (DynamoDBRecord | SQSRecord)[],
  failed?: readonly string[],
): Promise<void> {
  if (!("queue" in on)) return;
  const messages = (records as readonly SQSRecord[])
    .filter(({ messageId }) => failed === undefined || failed.includes(messageId))
    .flatMap(({ receiptHandle, attributes }) => {
      const seconds = retrySeconds[Number(attributes.ApproximateReceiveCount) - 1];
      return seconds === undefined ? [] : [{ receiptHandle, seconds }];
    });
  if (messages.length === 0) return;
  try {
    const url = setting(`${on.queue.toUpperCase() as Uppercase<QueueName>}_QUEUE_URL`);
    await changeVisibility(url, messages);
  } catch (error) {
    logFault("Messages of a queue are retried after its visibility timeout only", error);
  }
}

/** Redelivers all records: a queue keeps its messages, and a stream its position. */
const again = (records: readonly (DynamoDBRecord | SQSRecord)[]): Failures => ({
  batchItemFailures: records.map((record) => ({
    itemIdentifier:
      "messageId" in record ? record.messageId : (record.dynamodb?.SequenceNumber ?? ""),
  })),
});

/** The parts of a queue record that readers use. */
export type QueueRecord = Pick<SQSRecord, "messageId" | "body">;

/**
 * A queue reader that handles message by message, with `handleEach`: for `consumer`, if a batch has
 * no meaning beyond its messages.
 */
export const perMessage =
  <Message>(
    schema: z.ZodType<Message>,
    handle: (message: Message, now: Date) => Promise<unknown>,
    order?: Order,
  ) =>
  (records: readonly QueueRecord[], now: Date) =>
    handleEach(records, schema, (message) => handle(message, now), order);

/** Whether messages are handled one after the other; the default is in parallel. */
type Order = { inTurn: boolean };

/**
 * Handles the messages of a batch. A message that fails, or does not match the schema, blocks no
 * other. Returns the ids of failed messages to redeliver; each fault is logged once, with all
 * messages that it affected.
 */
export async function handleEach<Message>(
  records: readonly QueueRecord[],
  schema: z.ZodType<Message>,
  handle: (message: Message) => Promise<unknown>,
  { inTurn }: Order = { inTurn: false },
): Promise<string[]> {
  const failures = new Map<unknown, string[]>();
  async function attempt({ messageId, body }: QueueRecord): Promise<void> {
    try {
      await handle(schema.parse(JSON.parse(body)));
    } catch (error) {
      failures.set(error, [...(failures.get(error) ?? []), messageId]);
    }
  }
  if (inTurn) for (const record of records) await attempt(record);
  else await Promise.all(records.map(attempt));
  for (const [error, messageIds] of failures)
    logFault("Messages of a queue failed and will be redelivered", error, { messageIds });
  return [...failures.values()].flat();
}

/**
 * Reads the meaning of each record of the table's stream. An unreadable record is logged and
 * skipped: redelivery would not help, and it must not block the others.
 */
export function readEach<Found>(
  records: readonly DynamoDBRecord[],
  read: (record: DynamoDBRecord) => readonly Found[],
): Found[] {
  return records.flatMap((record) => {
    try {
      return read(record);
    } catch (error) {
      reportSkipped(record, error);
      return [];
    }
  });
}

/** Logs and counts a record that cannot be read. */
export function reportSkipped({ dynamodb }: DynamoDBRecord, error: unknown): void {
  countMetric("RecordsSkipped");
  const sequence = dynamodb?.SequenceNumber;
  logFault("A record of the table's stream was skipped", error, { sequence });
}

/** The items of a kind in records of the table's stream, without deletions. */
export const imagesOf = (records: readonly DynamoDBRecord[], kind: ItemKind): Item[] =>
  records
    .flatMap(({ dynamodb }) => unmarshallItem(dynamodb?.NewImage) ?? [])
    .filter((image) => readKey(image).kind === kind);
