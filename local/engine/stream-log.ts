import type { DatabaseSync } from "node:sqlite";
import { encodeKey, keyOf } from "./keys.ts";
import { createPreparer, rowsOf } from "./sqlite.ts";
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
  /** Assigns only numbers above this one from now on. */
  numberAfter(sequence: number): void;
  /** Deletes at most `limit` records, older than a time and up to a number; returns how many. */
  trim(table: Table, olderThan: number, last: number, limit: number): number;
  remove(table: Table): void;
};

/**
 * The newest records that were read of a table, without gaps after the number `after`. They never
 * change, so the stream's other readers need not look up the images again.
 */
type Recent = { table: Table; after: number; rows: readonly StreamRow[] };
const recentMax = 100;

/** The records of an open database; creates their table if necessary. */
export function createStreamLog(database: DatabaseSync, now: () => number): StreamLog {
  database.exec(schema);
  const insert = database.prepare(
    `INSERT INTO stream_records (table_id, at, event, keys, old, bytes, by)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const link = database.prepare("UPDATE stream_records SET next = ? WHERE sequence = ?");
  // `+ 0`: SQLite plans a statement again whenever a plain parameter of its LIMIT is bound.
  const select = database.prepare(
    `SELECT one.sequence, one.at, one.event, one.keys, one.old, later.old AS new, one.bytes, one.by
     FROM stream_records AS one LEFT JOIN stream_records AS later ON later.sequence = one.next
     WHERE one.sequence > ? AND one.table_id = ? ORDER BY one.sequence LIMIT ? + 0`,
  );
  const first = database.prepare(
    "SELECT sequence FROM stream_records WHERE table_id = ? ORDER BY sequence LIMIT 1",
  );
  const newest = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'stream_records'");
  const newestNumber = () => Number(newest.get()?.seq ?? 0);
  const remove = database.prepare("DELETE FROM stream_records WHERE table_id = ?");
  const trim = database.prepare(
    `DELETE FROM stream_records WHERE sequence IN (
       SELECT sequence FROM stream_records WHERE at < ? AND table_id = ? AND sequence <= ?
       ORDER BY at, sequence LIMIT ?)`,
  );
  const findItem = createItemFinder(database);
  let latest = 0;
  let recent: Recent | undefined;
  return {
    append(table, before, after, by) {
      const event = before === undefined ? "INSERT" : after === undefined ? "REMOVE" : "MODIFY";
      const { hasOld, hasNew } = imagesOf(table);
      const keys = keyOf(table.schema, (after ?? before)!.item);
      const bytes =
        countItemBytes(keys) +
        (hasOld ? (before?.bytes ?? 0) : 0) +
        (hasNew ? (after?.bytes ?? 0) : 0);
      // Times of a stream never decrease during a run, even if the machine's clock is set back.
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
      const held = covers(recent, table, after) ? recent : undefined;
      const known = held?.rows.filter(({ sequence }) => sequence > after).slice(0, limit) ?? [];
      const from = known.at(-1)?.sequence ?? after;
      const found = [...rowsOf<StreamRow>(select.iterate(from, table.id, limit - known.length))];
      const fresh = found.map((row) => ({
        ...row,
        old: hasOld ? row.old : null,
        new: hasNew && row.event !== "REMOVE" ? (row.new ?? findItem(table, row.keys)) : null,
      }));
      if (fresh.length > 0)
        recent = newestOf(table, held?.after ?? after, [...(held?.rows ?? []), ...fresh]);
      return [...known, ...fresh];
    },
    first: (table) => first.get(table.id)?.sequence as number | undefined,
    newest: newestNumber,
    numberAfter(sequence) {
      if (sequence <= newestNumber()) return;
      database.prepare("DELETE FROM sqlite_sequence WHERE name = 'stream_records'").run();
      database.prepare("INSERT INTO sqlite_sequence VALUES ('stream_records', ?)").run(sequence);
    },
    trim(table, olderThan, last, limit) {
      recent = undefined;
      return Number(trim.run(olderThan, table.id, last, limit).changes);
    },
    remove(table) {
      recent = undefined;
      remove.run(table.id);
    },
  };
}

/** Whether a read after this number starts within the held records, or right after them. */
const covers = (recent: Recent | undefined, table: Table, after: number) =>
  recent?.table === table &&
  recent.after <= after &&
  after <= (recent.rows.at(-1)?.sequence ?? recent.after);

/** Returns a function that reads an item's JSON by its keys; null if it does not exist. */
function createItemFinder(database: DatabaseSync) {
  const prepare = createPreparer(database);
  return (table: Table, keys: string): string | null => {
    const sql = `SELECT item FROM ${table.storage} WHERE hash = ? AND range = ?`;
    const { hash, range } = encodeKey(table.schema, JSON.parse(keys));
    return (prepare(sql).get(hash, range)?.item ?? null) as string | null;
  };
}

/** The newest of `rows`, the records of a table that follow the number `after`. */
function newestOf(table: Table, after: number, rows: readonly StreamRow[]): Recent {
  const dropped = Math.max(0, rows.length - recentMax);
  return { table, after: rows[dropped - 1]?.sequence ?? after, rows: rows.slice(dropped) };
}

/** Which images the records of a table have. */
function imagesOf({ input }: Table): { hasOld: boolean; hasNew: boolean } {
  const view = input.StreamSpecification?.StreamViewType;
  const hasBoth = view === "NEW_AND_OLD_IMAGES";
  return { hasOld: hasBoth || view === "OLD_IMAGE", hasNew: hasBoth || view === "NEW_IMAGE" };
}
