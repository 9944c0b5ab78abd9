import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { EncodedKey } from "./keys.ts";
import { encodeKey, isIndexed } from "./keys.ts";
import { createPreparer, inTransaction } from "./sqlite.ts";
import type { StreamLog } from "./stream-log.ts";
import { type Index, projectTo, type Table } from "./tables.ts";
import { countItemBytes, type Item, isEqualItem } from "./values.ts";

/** An item as stored, with its size in bytes and the number of its last stream record. */
export type Stored = { item: Item; text: string; bytes: number; sequence: number | null };

/** The cost of one write: units of the table and of each affected index. */
export type WriteCost = { table: number; indexes: Map<string, number> };

export type Reads = {
  get(table: Table, key: EncodedKey): Stored | undefined;
  /** Prepared once each. */
  prepare(sql: string): StatementSync;
};

/** Items in SQLite: each write changes the item, its index entries and its stream atomically. */
export type Storage = Reads & {
  /** Replaces `before` by `after`; either may be undefined. `by` is "ttl" if the item expired. */
  replace(table: Table, before: Stored | undefined, after: Item | undefined, by?: "ttl"): WriteCost;
  /** All or nothing. */
  atomically<Answer>(work: () => Answer): Answer;
};

const unitBytes = 1024;
export const writeUnits = (bytes: number) => Math.max(1, Math.ceil(bytes / unitBytes));

/** The columns of a stored item. */
export const storedColumns = "item, bytes, sequence";

/** A stored item of a row with these columns. */
export function readStored({ item, bytes, sequence }: Record<string, SQLOutputValue>): Stored {
  const text = String(item);
  return {
    item: JSON.parse(text) as Item,
    text,
    bytes: Number(bytes),
    sequence: sequence as number | null,
  };
}

/** The items of an open database, for reading. */
export function createReads(database: DatabaseSync): Reads {
  const prepare = createPreparer(database);
  return {
    prepare,
    get(table, key) {
      const sql = `SELECT ${storedColumns} FROM ${table.storage} WHERE hash = ? AND range = ?`;
      const row = prepare(sql).get(key.hash, key.range);
      return row && readStored(row);
    },
  };
}

/** The items of an open database whose changes go to a stream log. */
export function createStorage(database: DatabaseSync, log: StreamLog): Storage {
  const reads = createReads(database);
  const { prepare } = reads;
  return {
    ...reads,
    replace(table, before, after, by) {
      if (!before && !after) return { table: 1, indexes: new Map() };
      const key = encodeKey(table.schema, (after ?? before?.item)!);
      const bytes = after ? countItemBytes(after) : 0;
      // A write that changes nothing leaves no record.
      const changed = !before || !after || !isEqualItem(before.item, after);
      const sequence =
        table.streamLabel && changed
          ? log.append(table, before, after && { item: after, bytes }, by)
          : (before?.sequence ?? null);
      if (after) put(prepare, table, key, after, bytes, sequence);
      else if (before)
        prepare(`DELETE FROM ${table.storage} WHERE hash = ? AND range = ?`).run(
          key.hash,
          key.range,
        );
      const indexes = new Map<string, number>();
      for (const index of table.indexes) {
        const cost = replaceIndexed(prepare, table, index, key, before?.item, after);
        if (cost > 0) indexes.set(index.name, cost);
      }
      return { table: writeUnits(Math.max(bytes, before?.bytes ?? 0)), indexes };
    },
    atomically: (work) => inTransaction(database, work),
  };
}

type Prepare = Storage["prepare"];

function put(
  prepare: Prepare,
  table: Table,
  key: EncodedKey,
  item: Item,
  bytes: number,
  sequence: number | null,
): void {
  const { timeToLive } = table;
  const expiry = timeToLive?.Enabled ? Number(item[timeToLive.AttributeName]?.N) : Number.NaN;
  prepare(
    `INSERT OR REPLACE INTO ${table.storage} (hash, range, item, bytes, expires_at, sequence)
     VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(
    key.hash,
    key.range,
    JSON.stringify(item),
    bytes,
    Number.isFinite(expiry) ? Math.trunc(expiry) : null,
    sequence,
  );
}

/** Write units of an index entry that is added, removed or changed, by its size. */
function replaceIndexed(
  prepare: Prepare,
  table: Table,
  index: Index,
  key: EncodedKey,
  before: Item | undefined,
  after: Item | undefined,
): number {
  const entry = (item: Item | undefined) => {
    if (!item || !isIndexed(index.schema, index.name, item)) return undefined;
    const projected = projectTo(index, table, item) as Item;
    return { at: encodeKey(index.schema, item), projected, bytes: countItemBytes(projected) };
  };
  const [old, made] = [before && entry(before), entry(after)];
  if (!old && !made) return 0;
  if (old && made && isEqualItem(old.projected, made.projected)) return 0;
  const moved =
    old && made && (compare(old.at.hash, made.at.hash) || compare(old.at.range, made.at.range));
  if (old && (!made || moved))
    prepare(
      `DELETE FROM ${index.storage}
       WHERE hash = ? AND range = ? AND item_hash = ? AND item_range = ?`,
    ).run(old.at.hash, old.at.range, key.hash, key.range);
  if (made)
    prepare(`INSERT OR REPLACE INTO ${index.storage} VALUES (?, ?, ?, ?, ?, ?)`).run(
      made.at.hash,
      made.at.range,
      key.hash,
      key.range,
      JSON.stringify(made.projected),
      made.bytes,
    );
  if (moved) return writeUnits(old.bytes) + writeUnits(made.bytes);
  return writeUnits(Math.max(old?.bytes ?? 0, made?.bytes ?? 0));
}

const compare = (first: Uint8Array, second: Uint8Array) => Buffer.compare(first, second);
