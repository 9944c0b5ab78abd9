import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Item } from "../table/items.ts";
import { moneyKindOf } from "../table/keys.ts";
import { assertForm, forms } from "../table/layout.ts";

/**
 * Begins the seal, before the version of the items' layout. A journal has one line of JSON for each
 * item that an audit reads, and the seal as its last line.
 */
const format = "ovation-journal-";
type Seal = { seal: string; items: number; hash: string; at: string };

/** Writes a journal while passing the items on. */
export async function* exportJournal(
  items: AsyncIterable<Item>,
  path: string,
  now: Date,
): AsyncGenerator<Item> {
  const file = await open(path, "w", 0o600);
  try {
    const hash = createHash("sha256");
    let count = 0;
    for await (const item of items) {
      if (moneyKindOf(item).kind !== "other" && moneyKindOf(item).kind !== "profile") {
        const line = `${JSON.stringify(shorten(item))}\n`;
        hash.update(line);
        count++;
        await file.write(line);
      }
      yield item;
    }
    const at = now.toISOString();
    const seal: Seal = {
      seal: `${format}${forms.writes}`,
      items: count,
      hash: hash.digest("hex"),
      at,
    };
    await file.write(`${JSON.stringify(seal)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Reduces a frame to what the audit needs: what it covers, its time and its sums. */
function shorten(item: Item): Record<string, unknown> {
  const { PK, SK, covers, newest, n, sums, moments, trains } = item;
  const frame = { PK, SK, covers, newest, n, sums, moments, trains };
  return moneyKindOf(item).kind === "frame" ? frame : item;
}

/**
 * Reads the items of a journal. Throws, at the latest after the last item, if the file is not a
 * journal, or not complete and unchanged: use no result before the end.
 */
export async function* readJournal(path: string): AsyncGenerator<Item> {
  const hash = createHash("sha256");
  let count = 0;
  let seal: Seal | undefined;
  for await (const line of linesOf(path)) {
    if (seal !== undefined) throw new Error(`${path} has lines after its seal`);
    const value: unknown = parse(line, path, count + 1);
    if (isSeal(value)) {
      seal = value;
      continue;
    }
    hash.update(`${line}\n`);
    count++;
    yield value as Item;
  }
  if (seal === undefined) throw new Error(`${path} has no seal: it is incomplete`);
  if (seal.items !== count || seal.hash !== hash.digest("hex"))
    throw new Error(`${path} was changed after it was written`);
}

/**
 * When a journal was written, from its seal: the time of its audit. Throws if its layout is not
 * supported.
 */
export async function sealedAt(path: string): Promise<Date> {
  let last = "";
  for await (const line of linesOf(path)) last = line;
  const seal = parse(last, path, 0);
  if (!isSeal(seal)) throw new Error(`${path} has no seal: it is incomplete`);
  const version = Number(seal.seal.slice(format.length));
  assertForm(`The journal ${path}`, version);
  return new Date(seal.at);
}

/**
 * The lines of a file. `readline` also splits at U+2028 and U+2029, which JSON texts may contain.
 */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of createReadStream(path, "utf8")) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function parse(line: string, path: string, at: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`${path} line ${at} is not JSON`);
  }
}

const isSeal = (value: unknown): value is Seal =>
  value !== null &&
  typeof value === "object" &&
  String((value as Partial<Seal>).seal ?? "").startsWith(format);
