import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { type Command, countOf, exitCodes, Failure, UsageError } from "./command.ts";
import {
  BadRow,
  type CsvRow,
  columns,
  importUser,
  type Server,
  userReader,
} from "./import-users.ts";
import { findTarget } from "./target.ts";

/** Rows that are imported concurrently. */
const atOnce = { otherwise: 16, max: 100 };
/** Number of rows between progress messages. */
const progressRows = 10_000;

/** `ovation import`: imports users with their names and balances. */
export const command: Command = {
  usage: "FILE.csv [options]",
  help: `Imports users from a CSV file with the header line
${columns.join(",")}, each row once: the balance as a
top-up with the reference import:ID, then the names. Skips invalid rows and
prints the line and the reason of each; exit code 1 if there is one. You can
stop it at any time and run it again.

  --to URL         Ovation's URL (default: this machine, at PORT or 4000)
  --at-once N      rows imported concurrently, 1 to ${atOnce.max} (default ${atOnce.otherwise})
  OVATION_TOKEN    a token with the role service or admin`,
  options: { to: { type: "string" }, "at-once": { type: "string" } },
  wordsMax: 1,
  async run(values, [file]) {
    if (file === undefined) throw new UsageError("Expected a file, such as users.csv");
    const token = process.env.OVATION_TOKEN;
    if (!token)
      throw new UsageError("OVATION_TOKEN: expected a token with the role service or admin");
    const { url } = findTarget({ url: values.to });
    const limit = countOf(values, "at-once", atOnce);
    const counts = await importFile(file, { url, token }, limit);
    const { added, known, bad } = counts;
    console.error(`${added} added, ${known} already present, ${bad} invalid.`);
    return bad > 0 ? exitCodes.failed : exitCodes.done;
  },
};

type Counts = { added: number; known: number; bad: number };

/**
 * The rows of a CSV file (RFC 4180). Throws a `Failure` where the file cannot be read or is not
 * CSV.
 */
async function* readRows(file: string): AsyncGenerator<CsvRow> {
  const layout = {
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    // By default the first line's end counts for all, and a file joined from two would lose rows.
    record_delimiter: ["\r\n", "\n", "\r"],
  };
  // The loop below rejects with any error, so the pipeline's callback ignores it.
  const rows = pipeline(createReadStream(file), parse(layout), () => {});
  try {
    for await (const { record, info } of rows) yield { line: info.lines, fields: record };
  } catch (error) {
    if (!(error instanceof CsvError) && (error as NodeJS.ErrnoException).syscall === undefined)
      throw error;
    throw new Failure(`${file}: ${(error as Error).message}`);
  }
}

/** Imports the rows of a file, several at a time. */
async function importFile(file: string, server: Server, limit: number): Promise<Counts> {
  const counts: Counts = { added: 0, known: 0, bad: 0 };
  const rows = readRows(file);
  const header = await rows.next();
  if (header.done)
    throw new Failure(`${file}: expected the header line ${columns.join(",")}, found none`);
  const userOf = userReader(header.value);
  const lines = new Map<string, number>();
  /** The last row of each username, so that rows with the same one are imported in their order. */
  const named = new Map<string, Promise<unknown>>();
  const take = async (row: CsvRow): Promise<void> => {
    const user = userOf(row);
    const earlier = lines.get(user.id);
    if (earlier !== undefined) throw new BadRow(`id: the same as in line ${earlier}`);
    lines.set(user.id, row.line);
    const name = user.username.toLowerCase();
    const imported = Promise.resolve(named.get(name)).then(() => importUser(server, user));
    const settled = imported.catch(() => {});
    if (name !== "") named.set(name, settled);
    counts[(await imported) ? "added" : "known"] += 1;
  };
  const work = async () => {
    for (let next = await rows.next(); !next.done; next = await rows.next()) {
      await take(next.value).catch((error: unknown) => {
        if (!(error instanceof BadRow)) throw error;
        counts.bad += 1;
        console.error(`line ${next.value.line}: ${error.message}`);
      });
      const done = counts.added + counts.known + counts.bad;
      if (done % progressRows === 0) console.error(`${done} rows`);
    }
  };
  try {
    await Promise.all(Array.from({ length: limit }, work));
  } finally {
    await rows.return(undefined);
  }
  return counts;
}
