import type { Reads, Storage } from "./storage.ts";
import type { StreamLog } from "./stream-log.ts";
import type { Tables } from "./tables.ts";

export type Body = Record<string, unknown>;

/** What an operation works with, and what it may find different by a test's switches. */
export type Context = {
  storage: Storage;
  tables: Tables;
  log: StreamLog;
  now(): number;
  /** Where a request may be read; one that does not ask for consistency perhaps in the past. */
  readsFor(request: Body): Reads;
};

/** One operation of the service: takes a request's body and gives an answer's. */
export type Operation = (context: Context, body: Body) => Body;
