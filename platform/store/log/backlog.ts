import { createHash } from "node:crypto";
import * as z from "zod";
import type { LogRecord } from "../../../domain/log/event.ts";
import { limits } from "../../runtime/limits.ts";
import { deleteItem, getRawItem, putItem, read } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryAll } from "../../table/query.ts";

const BacklogItem = z.object({ id: z.string(), records: z.string() });

/** Records of a stream without a frame, by the ids that remove them. */
type Backlog = {
  ids: string[];
  records: LogRecord[];
  /** Whether more may have gathered after the read. */
  more: boolean;
};

/** Digits of a time in seconds, and of the item count of one batch, so that ids sort as text. */
const timeDigits = 12;
const countDigits = 4;

/**
 * Stores a batch's records of a large room until the room is next posted. Returns the id of the
 * last item written. Records may be stored twice: the log takes each once. The ids keep the order
 * of a shard: batches by the records' time, then by this environment's time; items of one batch by
 * their count.
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

/** Splits records into JSON texts that fit an item each. */
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
 * The stored records, oldest first, read consistently; up to `recordsMax` and one item more.
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

/** Whether a stored item is still there: then no frame has taken it. */
export const hasBacklog = async (streamId: string, id: string): Promise<boolean> =>
  (await getRawItem(key.gathered(streamId, id), { consistent: true })) !== undefined;

/** Removes items that have reached the log. */
export async function removeBacklog(streamId: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const Key = key.gathered(streamId, id);
    await deleteItem(Key);
  }
}
