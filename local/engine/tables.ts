import type { DatabaseSync } from "node:sqlite";
import { EngineFailure, notFound } from "./failure.ts";
import { type KeyPart, type KeySchema, partsOf } from "./keys.ts";
import { rowOf } from "./sqlite.ts";

type KeyElement = { AttributeName: string; KeyType: "HASH" | "RANGE" };
type Definition = { AttributeName: string; AttributeType: "S" | "N" | "B" };
type IndexInput = {
  IndexName: string;
  KeySchema: KeyElement[];
  Projection: { ProjectionType?: string; NonKeyAttributes?: string[] };
};

/** A CreateTable request after it was checked. */
export type TableInput = {
  TableName: string;
  KeySchema: KeyElement[];
  AttributeDefinitions: Definition[];
  GlobalSecondaryIndexes?: IndexInput[];
  StreamSpecification?: { StreamEnabled: boolean; StreamViewType?: string };
  BillingMode?: string;
  [member: string]: unknown;
};

export type Index = {
  name: string;
  schema: KeySchema;
  projection: "ALL" | "KEYS_ONLY" | "INCLUDE";
  /** Attributes of an INCLUDE in addition to the keys. */
  included: string[];
  /** The name of its table in SQLite. */
  storage: string;
};

/** A table as it was created, and where its items are in the database. */
export type Table = {
  id: number;
  input: TableInput;
  name: string;
  schema: KeySchema;
  indexes: Index[];
  createdAt: number;
  /** The time in its stream's ARN; undefined without a stream. */
  streamLabel: string | undefined;
  timeToLive: { AttributeName: string; Enabled: boolean } | undefined;
  /** The name of its table in SQLite. */
  storage: string;
};

const schema = `
  CREATE TABLE IF NOT EXISTS tables (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, input TEXT NOT NULL,
    created_at INTEGER NOT NULL, stream_label TEXT, time_to_live TEXT);`;

/** All tables of one database, kept in memory as they are few. */
export type Tables = {
  list(): Table[];
  /** Throws ResourceNotFoundException. */
  get(name: unknown): Table;
  find(name: unknown): Table | undefined;
  create(input: TableInput): Table;
  remove(table: Table): void;
  setTimeToLive(table: Table, timeToLive: NonNullable<Table["timeToLive"]>): void;
};

/** Loads the tables of an open database, and creates their own table if necessary. */
export function loadTables(database: DatabaseSync): Tables {
  database.exec(schema);
  const tables = new Map<string, Table>();
  for (const row of database.prepare("SELECT * FROM tables").all()) {
    const table = describe(rowOf<Row>(row));
    tables.set(table.name, table);
  }
  const find = (name: unknown) => tables.get(String(name).replace(/^arn:.*:table\//, ""));
  return {
    list: () => [...tables.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    find,
    get(name) {
      const table = find(name);
      if (table === undefined) throw notFound();
      return table;
    },
    create(input) {
      if (tables.has(input.TableName))
        throw new EngineFailure(
          "ResourceInUseException",
          `Table already exists: ${input.TableName}`,
        );
      const createdAt = Date.now();
      const label = input.StreamSpecification?.StreamEnabled
        ? new Date(createdAt).toISOString().slice(0, -1)
        : null;
      const { lastInsertRowid } = database
        .prepare("INSERT INTO tables (name, input, created_at, stream_label) VALUES (?, ?, ?, ?)")
        .run(input.TableName, JSON.stringify(input), createdAt, label);
      const table = describe({
        id: Number(lastInsertRowid),
        name: input.TableName,
        input: JSON.stringify(input),
        created_at: createdAt,
        stream_label: label,
        time_to_live: null,
      });
      createStorageTable(database, table);
      tables.set(table.name, table);
      return table;
    },
    remove(table) {
      for (const { storage } of [table, ...table.indexes]) database.exec(`DROP TABLE ${storage}`);
      database.prepare("DELETE FROM tables WHERE id = ?").run(table.id);
      tables.delete(table.name);
    },
    setTimeToLive(table, timeToLive) {
      table.timeToLive = timeToLive;
      database
        .prepare("UPDATE tables SET time_to_live = ? WHERE id = ?")
        .run(JSON.stringify(timeToLive), table.id);
    },
  };
}

type Row = {
  id: number;
  name: string;
  input: string;
  created_at: number;
  stream_label: string | null;
  time_to_live: string | null;
};

function describe(row: Row): Table {
  const input = JSON.parse(row.input) as TableInput;
  const storage = `items_${row.id}`;
  const index = (made: IndexInput, at: number): Index => ({
    name: made.IndexName,
    schema: schemaOf(made.KeySchema, input.AttributeDefinitions),
    projection: (made.Projection.ProjectionType ?? "ALL") as Index["projection"],
    included: made.Projection.NonKeyAttributes ?? [],
    storage: `global_${row.id}_${at}`,
  });
  return {
    id: row.id,
    input,
    name: row.name,
    schema: schemaOf(input.KeySchema, input.AttributeDefinitions),
    indexes: (input.GlobalSecondaryIndexes ?? []).map(index),
    createdAt: row.created_at,
    streamLabel: row.stream_label ?? undefined,
    timeToLive: row.time_to_live ? JSON.parse(row.time_to_live) : undefined,
    storage,
  };
}

function schemaOf(keys: KeyElement[], definitions: Definition[]): KeySchema {
  const part = (kind: string): KeyPart | undefined => {
    const name = keys.find(({ KeyType }) => KeyType === kind)?.AttributeName;
    const type = definitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType;
    return name === undefined || type === undefined ? undefined : { name, type };
  };
  return { hash: part("HASH")!, range: part("RANGE") };
}

/** An index stores the item's key in addition to its own, which need not be unique. */
function createStorageTable(database: DatabaseSync, table: Table): void {
  database.exec(`CREATE TABLE ${table.storage} (
    hash BLOB NOT NULL, range BLOB NOT NULL, item TEXT NOT NULL, bytes INTEGER NOT NULL,
    expires_at INTEGER, sequence INTEGER, PRIMARY KEY (hash, range)) WITHOUT ROWID;
    CREATE INDEX expiry_${table.id} ON ${table.storage} (expires_at)
      WHERE expires_at IS NOT NULL;`);
  for (const { storage } of table.indexes) {
    database.exec(`CREATE TABLE ${storage} (
      hash BLOB NOT NULL, range BLOB NOT NULL, item_hash BLOB NOT NULL, item_range BLOB NOT NULL,
      item TEXT NOT NULL, bytes INTEGER NOT NULL,
      PRIMARY KEY (hash, range, item_hash, item_range)) WITHOUT ROWID;`);
  }
}

/** Names of the attributes that an index has; undefined: all. */
export function namesProjectedTo(index: Index, table: Table): Set<string> | undefined {
  if (index.projection === "ALL") return undefined;
  const keys = [table.schema, index.schema].flatMap(partsOf);
  const names = keys.map(({ name }) => name);
  return new Set([...names, ...(index.projection === "INCLUDE" ? index.included : [])]);
}

/** The attributes of an item that an index has. */
export function projectTo(
  index: Index,
  table: Table,
  item: Record<string, unknown>,
): Record<string, unknown> {
  const names = namesProjectedTo(index, table);
  if (!names) return item;
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
}
