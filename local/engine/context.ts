/** What an operation works with, and what it may find different by a test's switches. */
import type { Storage } from "./storage.ts";
import type { StreamLog } from "./stream-log.ts";
import type { Tables } from "./tables.ts";

export type Body = Record<string, unknown>;

export type Context = { storage: Storage; tables: Tables; log: StreamLog; now(): number };

/** One operation of the service: takes a request's body and gives an answer's. */
export type Operation = (context: Context, body: Body) => Body;
