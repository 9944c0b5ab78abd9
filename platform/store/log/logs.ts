import { createHash, randomBytes } from "node:crypto";
import * as z from "zod";
import { type LogRecord, Totals } from "../../../domain/log/event.ts";
import { type Frame, isTooOld } from "../../../domain/log/frame.ts";
import { LogMoment, type LogState, LogTrains, Sums } from "../../../domain/log/sums.ts";
import { refuse } from "../../../domain/refusal.ts";
import { limits } from "../../runtime/limits.ts";
import { logNotice } from "../../runtime/log.ts";
import { countMetric } from "../../runtime/metrics.ts";
import {
  deleteItem,
  getItem,
  getRawItem,
  isAbsent,
  parseItem,
  putIf,
  putItem,
  updateIf,
} from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { coalesce, queryAll } from "../../table/query.ts";

/**
 * The permanent item of a stream's log, its mark: the epoch, and the number, time and totals of the
 * newest posted frame. After all frames have expired, the log continues from here.
 */
export const Log = z.object({
  epoch: z.string(),
  posted: z.number().int(),
  newest: z.number(),
  totals: Totals,
  /** The sums and moments up to that frame, and when it was made (milliseconds). */
  sums: Sums.optional(),
  moments: z.array(LogMoment).optional(),
  trains: LogTrains.optional(),
  madeAt: z.number().optional(),
  /** Distinct viewers when that frame was posted, and the maximum so far. */
  viewers: z.number().int().optional(),
  peakViewers: z.number().int().optional(),
  /** Of the viewers, those who are posted to; relays serve the others. Missing in older items. */
  postedViewers: z.number().int().optional(),
  /** The viewers were counted at this time or later, in milliseconds since 1970. */
  countedAt: z.number().optional(),
  /**
   * When the log was last reset, in seconds since 1970. No frame covers records that were pending
   * then.
   */
  resetAt: z.number().optional(),
});
export type Log = z.infer<typeof Log>;

/**
 * The log's item, read consistently; undefined before the stream's first frame or subscriber.
 * Concurrent callers, here or through `getLog`, share one read; do not modify the result.
 */
export const findLog = coalesce(
  async (streamId: string): Promise<Log | undefined> =>
    getItem(Log, key.log(streamId), { consistent: true }),
);

/** The log's item; creates it with a new epoch if it is missing. */
export async function getLog(streamId: string): Promise<Log> {
  const found = await findLog(streamId);
  if (found !== undefined) return found;
  const log = newLog();
  if (await putIf({ ...key.log(streamId), ...log }, isAbsent)) return log;
  return (await findLog(streamId)) ?? refuse("unavailable");
}

/**
 * A log before its first frame, with a new epoch. An epoch never starts with `-`, so it can be a
 * command-line argument.
 */
export const newLog = (): Log => ({
  epoch: randomBytes(6).toString("base64url").replace(/^-/, "_"),
  posted: 0,
  newest: 0,
  totals: { count: 0, credits: 0 },
});

/** The viewers when a frame was posted, and the maximum so far. */
export type PostedViewers = Required<
  Pick<Log, "viewers" | "postedViewers" | "peakViewers" | "countedAt">
>;

type PostedFrame = Pick<Frame, "n" | "newest" | "totals" | "madeAt"> & LogState;

/**
 * Marks the log as posted up to a frame. Never moves the mark back. Stores the peak of viewers in
 * the same write.
 */
export async function markPosted(
  streamId: string,
  { n, newest, totals, sums, moments, trains, madeAt = 0 }: PostedFrame,
  counted: PostedViewers,
): Promise<void> {
  const hasState = sums !== undefined || moments !== undefined;
  await updateIf({
    Key: key.log(streamId),
    UpdateExpression:
      "SET posted = :n, newest = :newest, totals = :totals, viewers = :viewers, " +
      "postedViewers = :byPost, peakViewers = :peak, countedAt = :counted, madeAt = :made" +
      (hasState ? ", sums = :sums, moments = :moments" : "") +
      (trains ? ", trains = :trains" : ""),
    ConditionExpression: "posted < :n",
    ExpressionAttributeValues: {
      ":n": n,
      ":newest": newest,
      ":totals": totals,
      ":made": madeAt,
      ...(hasState && { ":sums": sums ?? {}, ":moments": moments ?? [] }),
      ...(trains && { ":trains": trains }),
      ":viewers": counted.viewers,
      ":byPost": counted.postedViewers,
      ":peak": counted.peakViewers,
      ":counted": counted.countedAt,
    },
  });
}

/**
 * Claims the next count of a room's viewers, whose last count was at `was`. Returns false if
 * another call has claimed it.
 */
export async function claimCount(streamId: string, was: number, now: Date): Promise<boolean> {
  const claimed = await updateIf({
    Key: key.log(streamId),
    UpdateExpression: "SET countedAt = :now",
    ConditionExpression: "countedAt = :was",
    ExpressionAttributeValues: { ":now": now.getTime(), ":was": was },
  });
  return claimed !== undefined;
}

/**
 * Stores the number of distinct viewers at a time, and how many of them are posted to, unless a
 * later count is stored.
 */
export async function recordViewers(
  streamId: string,
  viewers: number,
  now: Date,
  postedViewers = viewers,
): Promise<void> {
  await updateIf({
    Key: key.log(streamId),
    UpdateExpression: "SET viewers = :viewers, postedViewers = :posted, countedAt = :now",
    ConditionExpression:
      "attribute_exists(PK) AND (attribute_not_exists(countedAt) OR countedAt <= :now)",
    ExpressionAttributeValues: {
      ":viewers": viewers,
      ":posted": postedViewers,
      ":now": now.getTime(),
    },
  });
}

const BacklogItem = z.object({ id: z.string(), records: z.string() });

/** A stream's records that are in no frame yet, with the ids of their items. */
type Backlog = {
  ids: string[];
  records: LogRecord[];
  /** The id of the item of each record, by the record's id. */
  idOf: ReadonlyMap<string, string>;
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
 * Reads the stored records consistently, oldest first: up to `max`, plus the rest of the last item.
 * Leaves out those that are too old for the log; `ids` has their items, so they are removed too.
 */
export async function listBacklog(streamId: string, max: number, now: Date): Promise<Backlog> {
  let count = 0;
  const idOf = new Map<string, string>();
  const backlog: Backlog = { ids: [], records: [], idOf, more: false };
  const walk = { consistent: true, pageSize: limits().backlogPage };
  const kept = queryAll(key.gathered(streamId, ""), { prefix: prefix.gathered }, walk);
  for await (const item of kept) {
    if (count >= max) return { ...backlog, more: true };
    const { id, records } = parseItem(BacklogItem, item);
    backlog.ids.push(id);
    for (const record of JSON.parse(records) as LogRecord[]) {
      count += 1;
      if (isTooOld(record.createdAt, now)) {
        countMetric("RecordsSkipped");
        logNotice("A record was too old for the log", { streamId, recordId: record.id });
        continue;
      }
      idOf.set(record.id, id);
      backlog.records.push(record);
    }
  }
  return backlog;
}

/** Whether an item still exists, so a frame with its records may not have been posted yet. */
export const hasBacklog = async (streamId: string, id: string): Promise<boolean> =>
  (await getRawItem(key.gathered(streamId, id), { consistent: true })) !== undefined;

/** Removes items that have reached the log. */
export async function removeBacklog(streamId: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) await deleteItem(key.gathered(streamId, id));
}
