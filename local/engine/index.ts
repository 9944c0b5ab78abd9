import { DatabaseSync } from "node:sqlite";
import { streamArnOf } from "./arns.ts";
import { batchGetItem, batchWriteItem } from "./batches.ts";
import type { Body, Context, Operation } from "./context.ts";
import { EngineFailure } from "./failure.ts";
import { claimDatabase } from "./format.ts";
import { deleteItem, getItem, putItem, updateItem } from "./items.ts";
import { expireUntil, type FindSequence, runMaintenance } from "./maintenance.ts";
import { query, scan } from "./queries.ts";
import { openStaleReads } from "./stale-reads.ts";
import { createStorage } from "./storage.ts";
import { createStreamLog } from "./stream-log.ts";
import { describeStream, getRecords, getShardIterator, listStreams } from "./stream-operations.ts";
import {
  createTable,
  deleteTable,
  describeTable,
  describeTimeToLive,
  updateTimeToLive,
} from "./table-operations.ts";
import { loadTables } from "./tables.ts";
import { tokenSchema, transactWriteItems } from "./transactions.ts";

const operations: Record<string, Operation> = {
  BatchGetItem: batchGetItem,
  BatchWriteItem: batchWriteItem,
  CreateTable: createTable,
  DeleteItem: deleteItem,
  DeleteTable: deleteTable,
  DescribeStream: describeStream,
  DescribeTable: describeTable,
  DescribeTimeToLive: describeTimeToLive,
  GetItem: getItem,
  GetRecords: getRecords,
  GetShardIterator: getShardIterator,
  ListStreams: listStreams,
  PutItem: putItem,
  Query: query,
  Scan: scan,
  TransactWriteItems: transactWriteItems,
  UpdateItem: updateItem,
  UpdateTimeToLive: updateTimeToLive,
};

type EngineAnswer = { status: number; body: Body };

/**
 * DynamoDB on one machine, in this process: the operations that Ovation uses, on SQLite.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html
 */
export type EmbeddedEngine = {
  /** Executes one operation, such as `GetItem`; a refusal is a response too. */
  execute(operation: string, body: Body): EngineAnswer;
  /** Expires and trims a bounded part of what is due; returns whether there is more. */
  runMaintenance(lastDeletable?: FindSequence): boolean;
  /**
   * Gives new records only numbers above the last one that a stream's readers have seen, which a
   * power failure may have lost here: readers would take new records for old ones.
   */
  numberAfter(lastRead: FindSequence): void;
  /** Expires all items whose time comes within this number of seconds. */
  expire(aheadSeconds: number): void;
  /** The greatest age of eventually consistent reads from now on, in milliseconds; 0 for none. */
  holdReads(milliseconds: number): void;
  close(): void;
};

export { writeAnswer } from "./answers.ts";
export { FormatMismatch } from "./format.ts";

/**
 * Opens the database in a file, or in memory for `:memory:`; `now` is its clock, in milliseconds.
 * Throws FormatMismatch if another engine wrote the file.
 */
export function openEmbeddedEngine(file: string, now: () => number = Date.now): EmbeddedEngine {
  const database = new DatabaseSync(file, { timeout: 5000 });
  try {
    claimDatabase(database, file);
  } catch (error) {
    database.close();
    throw error;
  }
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  database.exec(tokenSchema);
  const log = createStreamLog(database, now);
  const tables = loadTables(database);
  const storage = createStorage(database, log);
  const past = openStaleReads(file, now);
  const readsFor = ({ ConsistentRead }: Body) =>
    ConsistentRead === true ? storage : (past.find() ?? storage);
  const context: Context = { storage, tables, log, now, readsFor };
  return {
    execute(name, body) {
      const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
      try {
        if (!operation) throw new EngineFailure("UnknownOperationException", "");
        return { status: 200, body: operation(context, body) };
      } catch (error) {
        if (!(error instanceof EngineFailure)) throw error;
        return { status: 400, body: describeFailure(error) };
      }
    },
    runMaintenance: (lastDeletable = () => undefined) => runMaintenance(context, lastDeletable),
    numberAfter(lastRead) {
      for (const table of tables.list())
        if (table.streamLabel) log.numberAfter(lastRead(streamArnOf(table)) ?? 0);
    },
    expire: (aheadSeconds) => expireUntil(context, now() + aheadSeconds * 1000),
    holdReads: past.hold,
    close() {
      past.close();
      database.close();
    },
  };
}

function describeFailure({ type, message, members }: EngineFailure): Body {
  const service =
    type === "ValidationException"
      ? "com.amazon.coral.validate"
      : "com.amazonaws.dynamodb.v20120810";
  const key = type === "TransactionCanceledException" ? "Message" : "message";
  return { __type: `${service}#${type}`, [key]: message, ...members };
}
