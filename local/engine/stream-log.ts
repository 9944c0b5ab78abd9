import type { DatabaseSync, StatementSync } from "node:sqlite";
import { encodeKey, keyOf } from "./keys.ts";
import { rowsOf } from "./rows.ts";
import type { Table } from "./tables.ts";
import { countItemBytes, type Item } from "./values.ts";

const schema = `
  CREATE TABLE IF NOT EXISTS stream_records (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, table_id INTEGER NOT NULL, at INTEGER NOT NULL,
    event TEXT NOT NULL, keys TEXT NOT NULL, old TEXT, next INTEGER, bytes INTEGER NOT NULL,
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

/** An item before a change, with its JSON and the number of its last record. */
type Before = { item: Item; text: string; bytes: number; sequence: number | null };
type After = { item: Item; bytes: number };

/**
 * The streams of all tables: every change with both images, for 24 hours. Each version of an item
 * is stored once: as the old image of the record that replaced it, which is the new image of the
 * previous record, or as the item itself.
 */
export type StreamLog = {
  /** Returns the record's number, which the item must store. */
  append(table: Table, before: Before | undefined, after: After | undefined, by?: "ttl"): number;
  /** At most `limit` records after a sequence number. */
  read(table: Table, after: number, limit: number): StreamRow[];
  /** The smallest number that is kept; undefined if there is none. */
  first(table: Table): number | undefined;
  /** The largest number ever assigned, for any table. */
  newest(): number;
  /** Deletes at most `limit` records, older than a time and up to a number; returns how many. */
  trim(table: Table, olderThan: number, last: number, limit: number): number;
  remove(table: Table): void;
};

/** The records of an open database; creates their table if necessary. */
export function createStreamLog(database: DatabaseSync, now: () => number): StreamLog {
  database.exec(schema);
  const insert = database.prepare(
    `INSERT INTO stream_records (table_id, at, event, keys, old, bytes, by)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const link = database.prepare("UPDATE stream_records SET next = ? WHERE sequence = ?");
  const select = database.prepare(
    `SELECT one.sequence, one.at, one.event, one.keys, one.old, later.old AS new, one.bytes, one.by
     FROM stream_records AS one LEFT JOIN stream_records AS later ON later.sequence = one.next
     WHERE one.sequence > ? AND one.table_id = ? ORDER BY one.sequence LIMIT ?`,
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
  /** Reads of single items, prepared once for each table: readers look 100 times a second. */
  const finders = new WeakMap<Table, StatementSync>();
  const finderOf = (table: Table): StatementSync => {
    const sql = `SELECT item FROM ${table.storage} WHERE hash = ? AND range = ?`;
    const finder = finders.get(table) ?? database.prepare(sql);
    finders.set(table, finder);
    return finder;
  };
  let latest = 0;
  return {
    append(table, before, after, by) {
      const event = before === undefined ? "INSERT" : after === undefined ? "REMOVE" : "MODIFY";
      const { hasOld, hasNew } = imagesOf(table);
      const keys = keyOf(table.schema, (after ?? before)!.item);
      const bytes =
        countItemBytes(keys) +
        (hasOld ? (before?.bytes ?? 0) : 0) +
        (hasNew ? (after?.bytes ?? 0) : 0);
      // One clock for all records: a machine's may be set back, a stream's may not.
      latest = Math.max(latest, now());
      const { lastInsertRowid } = insert.run(
        table.id,
        latest,
        event,
        JSON.stringify(keys),
        before?.text ?? null,
        bytes,
        by ?? null,
      );
      const sequence = Number(lastInsertRowid);
      if (before?.sequence) link.run(sequence, before.sequence);
      return sequence;
    },
    read(table, after, limit) {
      const { hasOld, hasNew } = imagesOf(table);
      const findItem = (keys: string) => {
        const { hash, range } = encodeKey(table.schema, JSON.parse(keys));
        return (finderOf(table).get(hash, range)?.item ?? null) as string | null;
      };
      const rows = [...rowsOf<StreamRow>(select.iterate(after, table.id, limit))];
      return rows.map((row) => ({
        ...row,
        old: hasOld ? row.old : null,
        new: hasNew && row.event !== "REMOVE" ? (row.new ?? findItem(row.keys)) : null,
      }));
    },
    first: (table) => first.get(table.id)?.sequence as number | undefined,
    newest: () => Number(newest.get()?.seq ?? 0),
    trim: (table, olderThan, last, limit) =>
      Number(trim.run(olderThan, table.id, last, limit).changes),
    remove: (table) => void remove.run(table.id),
  };
}

/** Which images the records of a table have. */
function imagesOf({ input }: Table): { hasOld: boolean; hasNew: boolean } {
  const view = input.StreamSpecification?.StreamViewType;
  const hasBoth = view === "NEW_AND_OLD_IMAGES";
  return { hasOld: hasBoth || view === "OLD_IMAGE", hasNew: hasBoth || view === "NEW_IMAGE" };
}
