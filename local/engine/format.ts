import type { DatabaseSync } from "node:sqlite";

/** Marks a file as ours: the letters OVDB. */
const applicationId = 0x4f564442;
/** Incremented by every change that makes earlier files unreadable. */
const formatVersion = 2;

/**
 * The file belongs to another engine, or has another format; the message is a readable sentence.
 */
export class FormatMismatch extends Error {
  override name = "FormatMismatch";
}

/**
 * Marks an empty database as ours. Throws FormatMismatch if another engine or version wrote to it.
 */
export function claimDatabase(database: DatabaseSync, file: string): void {
  const read = (pragma: string) => database.prepare(`PRAGMA ${pragma}`).get()?.[pragma];
  if (read("application_id") === applicationId && read("user_version") === formatVersion) return;
  if (database.prepare("SELECT 1 FROM sqlite_schema").get())
    throw new FormatMismatch(
      `The data in ${file} was written by another database engine than this version of Ovation ` +
        "has: use the version that wrote it, or begin with empty data.",
    );
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion}`);
}
