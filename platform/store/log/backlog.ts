import { createHash } from "node:crypto";
import * as z from "zod";
import type { LogRecord } from "../../../domain/log/event.ts";
import { limits } from "../../runtime/limits.ts";
import { deleteItem, getRawItem, putItem, read } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryAll } from "../../table/query.ts";

const BacklogItem = z.object({ id: z.string(), records: z.string() });

/** A stream's records that are in no frame yet, with the ids of their items. */
type Backlog = {
  ids: string[];
  records: LogRecord[];
  /** Whether more records may be stored after those read. */
  more: boolean;
};

/** Digits of a time in seconds, and of an item's number in its batch, so that ids sort as text. */
const timeDigits = 12;
const countDigits = 4;

/**
 * Stores records of one stream until they are framed. Returns the id of the last item written.
 * Records may be stored twice, because the log appends each only once. Ids sort by the records'
 * time, then by this environment's time, then by an item's number in its batch, which keeps the
 * order of a shard.
 */
export async function putBacklog(
  streamId: string,
  records: readonly LogRecord[],
  now: Date,
): Promise<string> {
  const newest = records.reduce((most, { createdAt }) => Math.max(most, createdAt), 0);
  const batch = `${String(newest).padStart(timeDigits, "0")}-${now.getTime()}`;
  let id = "";
  for (const [at, text] of [...cut(records)].entries()) {
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
    id = `${batch}-${String(at).padStart(countDigits, "0")}-${hash}`;
    const item = { ...key.gathered(streamId, id), id, records: text };
    await putItem(item);
  }
  return id;
}

/** Splits records into JSON texts that each fit into an item. */
function* cut(records: readonly LogRecord[]): Generator<string> {
  let texts: string[] = [];
  let bytes = 0;
  for (const record of records) {
    const text = JSON.stringify(record);
    const size = Buffer.byteLength(text) + 1;
    if (bytes + size > limits().backlogBytes && texts.length > 0) {
      yield `[${texts.join(",")}]`;
      [texts, bytes] = [[], 0];
    }
    texts.push(text);
    bytes += size;
  }
  yield `[${texts.join(",")}]`;
}

/**
 * Reads the stored records consistently, oldest first: up to `recordsMax`, plus the rest of the
 * last item.
 */
export async function listBacklog(streamId: string, recordsMax: number): Promise<Backlog> {
  const backlog: Backlog = { ids: [], records: [], more: false };
  const walk = { consistent: true, pageSize: limits().backlogPage };
  const kept = queryAll(key.gathered(streamId, ""), { prefix: prefix.gathered }, walk);
  for await (const item of kept) {
    if (backlog.records.length >= recordsMax) return { ...backlog, more: true };
    const { id, records } = read(BacklogItem, item);
    backlog.ids.push(id);
    backlog.records.push(...(JSON.parse(records) as LogRecord[]));
  }
  return backlog;
}

/** Whether an item still exists, so no frame contains its records yet. */
export const hasBacklog = async (streamId: string, id: string): Promise<boolean> =>
  (await getRawItem(key.gathered(streamId, id), { consistent: true })) !== undefined;

/** Removes items that have reached the log. */
export async function removeBacklog(streamId: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const Key = key.gathered(streamId, id);
    await deleteItem(Key);
  }
}
