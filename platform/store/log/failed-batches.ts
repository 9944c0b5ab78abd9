import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import * as z from "zod";
import { getRawItem } from "../../table/items.ts";
import { readKey } from "../../table/keys.ts";
import { tableName } from "../../table/table.ts";

/** Access to stored failed batches of the table's stream, and to the functions that failed. */
export type FailedBatches = {
  /** Names of the batches, oldest first within each shard. */
  list(): Promise<string[]>;
  read(name: string): Promise<string>;
  /** Invokes the function with the records. Throws if it fails or reports failed records. */
  give(functionArn: string, records: readonly unknown[]): Promise<void>;
  remove(name: string): Promise<void>;
};

const isObject = (value: unknown) => typeof value === "object" && value !== null;
const Attributes = z.record(z.string(), z.custom<AttributeValue>(isObject));

const StreamRecord = z.looseObject({
  eventSourceARN: z.string().optional(),
  dynamodb: z.looseObject({ Keys: Attributes, NewImage: Attributes.optional() }),
});
type StreamRecord = z.infer<typeof StreamRecord>;

const Event = z.object({ Records: z.array(StreamRecord) });

/**
 * Lambda's record of a discarded batch, which contains the whole event.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
const FailedBatch = z.object({
  requestContext: z.object({ functionArn: z.string() }),
  payload: z.union([Event, z.string().transform((text) => Event.parse(JSON.parse(text)))]),
});

/** How many batches were redriven; `left` lists the others with the reason. */
type RedriveCounts = { given: number; left: { name: string; because: string }[] };

/**
 * Invokes each function again with the batches that it failed. Records that were processed before
 * have no second effect: the log contains each record once, and gifts are settled once. A batch
 * that fails again stays stored.
 */
export async function redriveBatches(batches: FailedBatches): Promise<RedriveCounts> {
  const outcome: RedriveCounts = { given: 0, left: [] };
  for (const name of await batches.list())
    try {
      const { requestContext, payload } = FailedBatch.parse(JSON.parse(await batches.read(name)));
      payload.Records.forEach(assertOwn);
      const records = await withoutDeleted(payload.Records);
      if (records.length > 0) await batches.give(requestContext.functionArn, records);
      await batches.remove(name);
      outcome.given++;
    } catch (error) {
      outcome.left.push({ name, because: String(error) });
    }
  return outcome;
}

/** After a restore, the log and the webhooks must not get what the restored table does not have. */
function assertOwn({ eventSourceARN = "" }: StreamRecord): void {
  const [, table = tableName()] = /:table\/([^/]+)\//.exec(eventSourceARN) ?? [];
  if (table !== tableName()) throw new Error(`its records are those of another table, ${table}`);
}

/**
 * Drops messages that were deleted since: the deletion's record has been processed, so nothing
 * would remove their text from the log.
 */
async function withoutDeleted(records: readonly StreamRecord[]): Promise<StreamRecord[]> {
  const kept: StreamRecord[] = [];
  for (const record of records) if (!(await isDeleted(record))) kept.push(record);
  return kept;
}

async function isDeleted({ dynamodb: { Keys, NewImage } }: StreamRecord): Promise<boolean> {
  const { PK, SK } = unmarshall(Keys);
  if (readKey({ PK, SK }).kind !== "message" || NewImage?.content === undefined) return false;
  const item = await getRawItem({ PK, SK }, { consistent: true });
  return item?.deletedAt !== undefined;
}
