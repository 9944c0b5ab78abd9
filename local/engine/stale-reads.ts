import { DatabaseSync } from "node:sqlite";
import { createReads, type Reads } from "./storage.ts";

/**
 * Reads of past data, as AWS may serve for reads that are not consistent and for all global
 * indexes: a snapshot of the database, renewed when it has become too old.
 */
export type StaleReads = {
  /** Holds the current data, and renews it whenever it is older than this; 0 ends that. */
  hold(milliseconds: number): void;
  /** Where to read; undefined if nothing is held. */
  find(): Reads | undefined;
  close(): void;
};

/** Nothing is held at first. A database in memory cannot be held. */
export function openStaleReads(file: string, now: () => number): StaleReads {
  let held: { database: DatabaseSync; reads: Reads; until: number } | undefined;
  let ageMax = 0;
  const close = () => {
    held?.database.close();
    held = undefined;
  };
  const open = () => {
    const database = new DatabaseSync(file, { readOnly: true });
    database.exec("BEGIN");
    // A transaction sees the database as of its first read.
    database.prepare("SELECT COUNT(*) FROM sqlite_schema").get();
    held = { database, reads: createReads(database), until: now() + ageMax };
  };
  return {
    hold(milliseconds) {
      close();
      ageMax = milliseconds;
      if (ageMax > 0) open();
    },
    find() {
      if (held && held.until <= now()) {
        close();
        open();
      }
      return held?.reads;
    },
    close,
  };
}
