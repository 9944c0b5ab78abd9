/** The streams of all tables: every change with both images, for 24 hours. */
import type { DatabaseSync } from "node:sqlite";
import { keyOf } from "./keys.ts";
import type { Table } from "./tables.ts";
import { countItemBytes, type Item } from "./values.ts";

const schema = `
  CREATE TABLE IF NOT EXISTS stream_records (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, table_id INTEGER NOT NULL, at INTEGER NOT NULL,
    event TEXT NOT NULL, keys TEXT NOT NULL, old TEXT, new TEXT, bytes INTEGER NOT NULL,
    by TEXT);
  CREATE INDEX IF NOT EXISTS stream_records_by_time ON stream_records (at);`;

export type StreamRow = {
  sequence: number;
  at: number;
  event: "INSERT" | "MODIFY" | "REMOVE";
  keys: string;
  old: string | null;
  new: string | null;
  bytes: number;
  by: string | null;
};

export type StreamLog = {
  append(table: Table, before: Item | undefined, after: Item | undefined, by?: "ttl"): void;
  /** At most `limit` records after a sequence number. */
  read(table: Table, after: number, limit: number): StreamRow[];
  /** The smallest number that is kept; undefined when there is none. */
  first(table: Table): number | undefined;
  /** The largest number that was ever given, of any table. */
  newest(): number;
  /** Forgets at most `limit` records, older than a time and up to a number; answers how many. */
  trim(table: Table, olderThan: number, last: number, limit: number): number;
  remove(table: Table): void;
};

/** Opens the records of a database, and makes their table where there is none. */
export function openStreamLog(database: DatabaseSync, now: () => number): StreamLog {
  database.exec(schema);
  const insert = database.prepare(
    `INSERT INTO stream_records (table_id, at, event, keys, old, new, bytes, by)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const select = database.prepare(
    `SELECT sequence, at, event, keys, old, new, bytes, by FROM stream_records
     WHERE sequence > ? AND table_id = ? ORDER BY sequence LIMIT ?`,
  );
  const first = database.prepare(
    "SELECT sequence FROM stream_records WHERE table_id = ? ORDER BY sequence LIMIT 1",
  );
  const newest = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'stream_records'");
  const remove = database.prepare("DELETE FROM stream_records WHERE table_id = ?");
  const trim = database.prepare(
    `DELETE FROM stream_records WHERE sequence IN (
       SELECT sequence FROM stream_records WHERE at < ? AND table_id = ? AND sequence <= ?
       ORDER BY at, sequence LIMIT ?)`,
  );
  let latest = 0;
  return {
    append(table, before, after, by) {
      const event = before === undefined ? "INSERT" : after === undefined ? "REMOVE" : "MODIFY";
      const view = table.input.StreamSpecification?.StreamViewType;
      const hasOld = before && (view === "NEW_AND_OLD_IMAGES" || view === "OLD_IMAGE");
      const hasNew = after && (view === "NEW_AND_OLD_IMAGES" || view === "NEW_IMAGE");
      const keys = keyOf(table.schema, (after ?? before)!);
      const bytes =
        countItemBytes(keys) +
        (hasOld ? countItemBytes(before) : 0) +
        (hasNew ? countItemBytes(after) : 0);
      // One clock for all records: a machine's may be set back, a stream's may not.
      latest = Math.max(latest, now());
      insert.run(
        table.id,
        latest,
        event,
        JSON.stringify(keys),
        hasOld ? JSON.stringify(before) : null,
        hasNew ? JSON.stringify(after) : null,
        bytes,
        by ?? null,
      );
    },
    read: (table, after, limit) => select.all(after, table.id, limit) as unknown as StreamRow[],
    first: (table) => first.get(table.id)?.sequence as number | undefined,
    newest: () => Number(newest.get()?.seq ?? 0),
    trim: (table, olderThan, last, limit) =>
      Number(trim.run(olderThan, table.id, last, limit).changes),
    remove: (table) => void remove.run(table.id),
  };
}
