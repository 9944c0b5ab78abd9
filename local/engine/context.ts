import type { Reads, Storage } from "./storage.ts";
import type { StreamLog } from "./stream-log.ts";
import type { Tables } from "./tables.ts";

export type Body = Record<string, unknown>;

/** The dependencies of an operation, including a test's switches. */
export type Context = {
  storage: Storage;
  tables: Tables;
  log: StreamLog;
  now(): number;
  /** Where to read for a request; one that is not consistent may read the past. */
  readsFor(request: Body): Reads;
};

/** One operation of the service: takes a request's body and returns a response's. */
export type Operation = (context: Context, body: Body) => Body;
