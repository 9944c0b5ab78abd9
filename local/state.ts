import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * The runner's own state in the data directory: queue messages, positions of stream readers and
 * generated secrets. It is an SQLite file in WAL mode, which survives `kill -9`. A power loss may
 * lose the last moments, which at-least-once delivery repeats.
 */
export type State = {
  /** The directory itself; for `:memory:`, a temporary one that `close` removes. */
  directory: string;
  database: DatabaseSync;
  /** May be called repeatedly. */
  close(): void;
};

/** Another process uses the data directory; the message is a readable sentence. */
export class DataDirectoryBusy extends Error {
  override name = "DataDirectoryBusy";
}

/** The file with the state, in its directory. */
export const stateFileOf = (directory: string) => join(directory, "runner.sqlite");

const temporaryPrefix = "ovation-";

/**
 * Opens the runner's file and locks the directory for this process. The lock is SQLite's file lock,
 * which ends with the process in every case and so is never stale. Throws `DataDirectoryBusy` if
 * another process holds it, and a readable sentence if the directory cannot be written.
 */
export function openState(dataDirectory: string): State {
  const temporary = dataDirectory === ":memory:";
  const directory = temporary ? createTemporaryDirectory() : dataDirectory;
  const file = stateFileOf(directory);
  let database: DatabaseSync | undefined;
  try {
    makeDirectory(directory);
    restrictToOwner(file);
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = NORMAL");
    // The exclusive lock is acquired at the first write, not by the pragma.
    database.exec("BEGIN EXCLUSIVE; PRAGMA user_version = 1; COMMIT");
    database.exec(schema);
  } catch (error) {
    database?.close();
    if (lockCodes.includes(codeOf(error)))
      throw new DataDirectoryBusy(
        `The data in ${directory} is in use by another running Ovation: ` +
          "stop that one, or set DATA_DIR to another directory.",
      );
    throw (
      findDamage(error, file) ??
      new Error(
        `DATA_DIR ${directory} cannot be used: ${(error as Error).message}. ` +
          "Set DATA_DIR to a directory that you may write to.",
        { cause: error },
      )
    );
  }
  const opened = database;
  return {
    directory,
    database: opened,
    close() {
      if (opened.isOpen) opened.close();
      if (temporary) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** SQLite's codes for a file that another process, or another connection, has locked. */
const lockCodes = [5, 6];
/** SQLite's codes for a damaged file, and for one that is no database. */
const damageCodes = [11, 26];

/** SQLite's primary code of an error; 0 for other errors. */
const codeOf = (error: unknown) => ((error as { errcode?: number }).errcode ?? 0) & 0xff;

/** A readable sentence if an error means that a file is damaged; undefined for another error. */
export function findDamage(error: unknown, file: string): Error | undefined {
  if (!damageCodes.includes(codeOf(error))) return undefined;
  const sentence =
    `The data in ${file} cannot be read: ${(error as Error).message}. ` +
    "Restore a copy of its directory, or set DATA_DIR to another one.";
  return new Error(sentence, { cause: error });
}

/** Makes all missing folders. `recursive` would never return for a path such as one below /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/**
 * Creates an SQLite file that only its owner can read, or removes others' permissions. SQLite
 * copies the file's current permissions to its WAL and index files, so this runs first.
 */
export function restrictToOwner(file: string): void {
  closeSync(openSync(file, "a", 0o600));
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    if (existsSync(path)) chmodSync(path, 0o600);
  }
}

const schema = `
  CREATE TABLE IF NOT EXISTS reader_positions (
    reader TEXT NOT NULL, stream TEXT NOT NULL, shard INTEGER NOT NULL, sequence TEXT NOT NULL,
    PRIMARY KEY (reader, stream, shard)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, message_id TEXT NOT NULL,
    body TEXT NOT NULL, attributes TEXT NOT NULL, group_id TEXT, deduplication_id TEXT,
    sender TEXT NOT NULL, sent_at INTEGER NOT NULL, visible_at INTEGER NOT NULL,
    received_at INTEGER, receives INTEGER NOT NULL DEFAULT 0);
  CREATE INDEX IF NOT EXISTS messages_by_time ON messages (queue, visible_at, id);
  CREATE INDEX IF NOT EXISTS messages_by_group ON messages (queue, group_id, id);
  CREATE TABLE IF NOT EXISTS deduplications (
    queue TEXT NOT NULL, id TEXT NOT NULL, message_id TEXT NOT NULL, sent_at INTEGER NOT NULL,
    PRIMARY KEY (queue, id)) WITHOUT ROWID;`;

/** A new folder, in memory if the system supports it: data of `:memory:` must not reach a disk. */
function createTemporaryDirectory(): string {
  const root = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  for (const name of readdirSync(root)) {
    const owner = new RegExp(`^${temporaryPrefix}(\\d+)-`).exec(name)?.[1];
    if (owner && !isRunning(Number(owner))) removeQuietly(join(root, name));
  }
  return mkdtempSync(join(root, `${temporaryPrefix}${process.pid}-`));
}

/** Leftovers of other users cannot be removed, which is not an error. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {}
}

/** Whether a process with this id exists; signal 0 only checks. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
