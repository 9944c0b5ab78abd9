import type { DatabaseSync } from "node:sqlite";

/** What marks a file as ours: the letters OVDB. */
const applicationId = 0x4f564442;
/** Grows with every change that makes earlier files unreadable. */
const formatVersion = 2;

/** The file is another engine's, or in another form; the message is one sentence for a person. */
export class FormatMismatch extends Error {
  override name = "FormatMismatch";
}

/**
 * Marks an empty database as ours. Throws FormatMismatch where there is something in it that
 * another engine or version wrote.
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
