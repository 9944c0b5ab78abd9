import { streamArnOf } from "./arns.ts";
import type { Context } from "./context.ts";
import { readStored, type Storage, storedColumns } from "./storage.ts";
import type { Table } from "./tables.ts";
import { trimTokens } from "./transactions.ts";

/** How long AWS keeps a stream's records. */
const recordMilliseconds = 24 * 3_600_000;
/** Items that expired longer ago than this stay: AWS's guard against a wrong unit. */
const expiredSecondsMax = 5 * 365 * 86_400;
/** The most of one kind in one step: some milliseconds of work. */
const onceMax = 200;

/** A sequence number of a stream, such as the last one that may be deleted; undefined: none. */
export type FindSequence = (streamArn: string) => number | undefined;

/**
 * Performs a bounded part of AWS's background work: it expires items and deletes old records.
 * `lastDeletable` keeps records older than a day for readers that were not running. Returns
 * whether there is more to do.
 */
export function runMaintenance(context: Context, lastDeletable: FindSequence): boolean {
  let isMore = false;
  for (const table of context.tables.list()) {
    const { timeToLive, streamLabel } = table;
    if (timeToLive?.Enabled) isMore = expire(context, table, context.now()) || isMore;
    if (!streamLabel) continue;
    const last = lastDeletable(streamArnOf(table)) ?? Number.MAX_SAFE_INTEGER;
    const before = context.now() - recordMilliseconds;
    isMore = context.log.trim(table, before, last, onceMax) === onceMax || isMore;
  }
  trimTokens(context);
  return isMore;
}

/** Expires everything that will have expired at a time, in milliseconds since 1970. */
export function expireUntil(context: Context, time: number): void {
  for (const table of context.tables.list()) {
    if (table.timeToLive?.Enabled) while (expire(context, table, time));
  }
}

function expire({ storage }: Context, table: Table, time: number): boolean {
  const seconds = Math.floor(time / 1000);
  const due = storage
    .prepare(
      `SELECT ${storedColumns} FROM ${table.storage}
       WHERE expires_at IS NOT NULL AND expires_at < ? AND expires_at > ?
       ORDER BY expires_at LIMIT ?`,
    )
    .all(seconds, seconds - expiredSecondsMax, onceMax);
  if (due.length === 0) return false;
  storage.atomically(() => {
    for (const row of due) storage.replace(table, readStored(row), undefined, "ttl");
  });
  return due.length === onceMax;
}

/** Reads the expiry of all items of a table again, after its attribute has changed. */
export function findExpiries(storage: Storage, { storage: place, timeToLive }: Table): void {
  const name = timeToLive?.Enabled ? timeToLive.AttributeName : undefined;
  if (name === undefined)
    return void storage.prepare(`UPDATE ${place} SET expires_at = NULL`).run();
  storage
    .prepare(
      `UPDATE ${place} SET expires_at = (
         SELECT CAST(json_extract(one.value, '$.N') AS INTEGER) FROM json_each(item) AS one
         WHERE one.key = ?)`,
    )
    .run(name);
}
