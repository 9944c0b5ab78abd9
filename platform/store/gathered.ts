import { createHash } from "node:crypto";
import { DeleteCommand, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { LogRecord } from "../../domain/event.ts";
import { key, prefix } from "./keys.ts";
import { type Item, read, table, tableName } from "./table.ts";

/** Bytes of records in one item, well below DynamoDB's 400 KB. */
const bytesMax = 300_000;

/** Items of one page: about what one frame of a busy room takes in. */
const pageItems = 20;

const Gathered = z.object({ id: z.string(), records: z.string() });

/** Records of a stream that are in no frame yet, under the ids by which they are removed. */
type Gathering = { ids: string[]; records: LogRecord[] };

/**
 * Keeps a batch's records of a large room until the room is posted next. Answers the id of the
 * last of the items that were written. The same records may be kept twice: the log takes each once.
 */
export async function putGathered(
  streamId: string,
  records: readonly LogRecord[],
  now: Date,
): Promise<string> {
  let id = "";
  for (const text of cut(records)) {
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
    id = `${now.toISOString()}-${hash}`;
    const item = { ...key.gathered(streamId, id), id, records: text };
    await table().send(new PutCommand({ TableName: tableName(), Item: item }));
  }
  return id;
}

/** The records as JSON texts, each small enough for an item. */
function* cut(records: readonly LogRecord[]): Generator<string> {
  let texts: string[] = [];
  let bytes = 0;
  for (const record of records) {
    const text = JSON.stringify(record);
    const size = Buffer.byteLength(text) + 1;
    if (bytes + size > bytesMax && texts.length > 0) {
      yield `[${texts.join(",")}]`;
      [texts, bytes] = [[], 0];
    }
    texts.push(text);
    bytes += size;
  }
  yield `[${texts.join(",")}]`;
}

/** What was kept, oldest first, read consistently; up to `recordsMax` records and one item more. */
export async function listGathered(streamId: string, recordsMax: number): Promise<Gathering> {
  const gathering: Gathering = { ids: [], records: [] };
  for await (const item of walkGathered(streamId)) {
    const { id, records } = read(Gathered, item);
    gathering.ids.push(id);
    gathering.records.push(...(JSON.parse(records) as LogRecord[]));
    if (gathering.records.length >= recordsMax) break;
  }
  return gathering;
}

async function* walkGathered(streamId: string): AsyncGenerator<Item> {
  let start: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await table().send(
      new QueryCommand({
        TableName: tableName(),
        ConsistentRead: true,
        KeyConditionExpression: "PK = :stream AND begins_with(SK, :kind)",
        ExpressionAttributeValues: {
          ":stream": key.gathered(streamId, "").PK,
          ":kind": prefix.gathered,
        },
        Limit: pageItems,
        ExclusiveStartKey: start,
      }),
    );
    yield* Items as Item[];
    start = LastEvaluatedKey;
  } while (start !== undefined);
}

/** Removes what has come into the log. */
export async function removeGathered(streamId: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const Key = key.gathered(streamId, id);
    await table().send(new DeleteCommand({ TableName: tableName(), Key }));
  }
}
