import {
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { Maintenance, refuse } from "../../domain/refusal.ts";
import { isRecent } from "../runtime/caches.ts";
import { logFault } from "../runtime/log.ts";
import { key } from "./keys.ts";

/**
 * The form in which this version writes the table's data, and the range of forms that it reads. A
 * change that earlier versions cannot read is a new form, which one release reads and the next one
 * writes, so that during a deployment and after a rollback every version can read all data. Data
 * below `reads.from` is refused: a migration of an earlier release converts it to a newer form
 * first (migrate.ts, docs/decisions/deployments.md).
 *
 * 1 had wallets and markers next to profiles; 2 a chat's gone numbers in one set, and due reminders
 * by their second; 3 lists, gift types, reminders and callbacks on one key, and a room's
 * subscribers, senders and counter next to its messages. 4 had blocked words in streams, an item
 * for each entry of a ledger, and whether a notification was read in itself.
 */
export const forms: Forms = { writes: 5, reads: { from: 4, to: 5 } };

/** Earlier forms are from before the first release, and no version reads them. */
const firstReleased = 4;

/** Which forms a version writes and reads. */
export type Forms = { writes: number; reads: { from: number; to: number } };

/** The table does not belong to this stage, version or issuer; the message is for operators. */
export class TableMismatch extends Error {
  override name = "TableMismatch";
}

/** The table's wallets belong to another issuer's subjects. */
export class IssuerMismatch extends TableMismatch {
  override name = "IssuerMismatch";
}

/** The newest form in a table, the oldest one left, and the release that first wrote the newest. */
type Written = { version: number; oldest: number; release?: string | undefined };

/** Why this version cannot read the data; undefined if it can. */
export function problemOf(what: string, found: Written) {
  const { from, to } = forms.reads;
  const reads = `this version of Ovation reads forms ${from} to ${to}`;
  const { version, oldest, release } = found;
  if (version > to) {
    const writer = release === undefined ? "the version that wrote it" : `release ${release}`;
    return (
      `${what} has data in form ${version}, and ${reads}: it would lose some. Use ${writer} or a ` +
      "later one, or restore a backup from before it."
    );
  }
  if (oldest >= from) return undefined;
  const way =
    oldest < firstReleased
      ? "Use the version that wrote it, or begin with empty data."
      : `Deploy a release first that reads form ${oldest}, and run its \`npm run migrate\`: ` +
        "docs/deploying.md#data-and-its-forms.";
  return `${what} has data in form ${oldest}, and ${reads}. ${way}`;
}

/** Refuses a form that this version cannot read. */
export function assertForm(what: string, version: number): void {
  const problem = problemOf(what, { version, oldest: version });
  if (problem !== undefined) throw new TableMismatch(problem);
}

/** A table, and a client for it. */
export type TableHandle = { client: DynamoDBDocumentClient; tableName: string };

const form = z.number().int();

/** What a table says about itself: the forms of its data, its stage and its issuer. */
const Label = z
  .object({
    /** The newest form of any data, and the oldest one left. */
    version: form,
    oldest: form.optional(),
    /** The newest form that every deployed version reads. */
    readable: form.optional(),
    /** The oldest form that a deployed version writes, if that is not `version`. */
    writing: form.optional(),
    /** A migration that has not reached the end of the table (platform/table/migrate.ts). */
    migration: z
      .object({
        from: form,
        to: form,
        seen: z.number().int(),
        changed: z.number().int(),
        after: z.object({ PK: z.string(), SK: z.string() }).optional(),
      })
      .optional(),
    /** The release that first wrote `version`. */
    release: z.string().optional(),
    stage: z.string().optional(),
    issuer: z.string().optional(),
  })
  .transform(({ version, oldest = version, readable = version, writing = version, ...more }) => ({
    version,
    oldest,
    readable,
    writing,
    ...more,
  }));
export type Label = z.output<typeof Label>;

/** The table's label; undefined if it has none. */
export async function findLabel({ client, tableName }: TableHandle): Promise<Label | undefined> {
  const read = new GetCommand({ TableName: tableName, Key: key.layout(), ConsistentRead: true });
  const { Item } = await client.send(read);
  return Item && Label.parse(Item);
}

/** A client that checks the label before it serves. */
type OnOwnTable = DynamoDBDocumentClient & {
  /** Checks now, unless already done; rejects if no call may be served. */
  assertOwn(): Promise<void>;
};

/**
 * The client of a function: before its first call the process reads the table's label, once, and
 * until the table is its stage's and in a readable form, every call is refused as `unavailable`, so
 * that no call decides on a wallet that moved elsewhere or belongs to another user. A successful
 * check holds for as long as the process lives.
 */
export function onOwnTable(
  client: DynamoDBDocumentClient,
  tableName: () => string,
  stage: () => string,
): OnOwnTable {
  let checked: Promise<void> | undefined;
  const check = async () => {
    const place = { client, tableName: tableName() };
    const found = await findLabel(place);
    const problem = whyNot(place.tableName, found, stage());
    if (problem === undefined) return;
    logFault("The table is not served", problem);
    refuse("unavailable");
  };
  const assertOwn = () => {
    checked ??= check().catch((error: unknown) => {
      checked = undefined;
      throw error;
    });
    return checked;
  };
  const send = async (...given: Parameters<typeof client.send>) => {
    await assertOwn();
    return client.send(...given);
  };
  return Object.assign(Object.create(client) as DynamoDBDocumentClient, { send, assertOwn });
}

/** Why a function does not serve a table with this label. */
function whyNot(tableName: string, found: Label | undefined, stage: string) {
  const what = `The table ${tableName}`;
  if (found?.stage === undefined)
    return `${what} does not say whose it is: npm run deploy writes it`;
  if (found.stage !== stage) return `${what} is that of the stage ${found.stage}, not of ${stage}`;
  return problemOf(what, found);
}

/**
 * How long a process uses a cached mark, in milliseconds. Together with the longest time of one
 * write (`callMillisecondsMax`), no write ends later than `readOnlySeconds` after the mark.
 */
const markMilliseconds = 2_000;

const writes = [PutCommand, UpdateCommand, DeleteCommand, TransactWriteCommand, BatchWriteCommand];

/** Since when a table is read-only, in ISO 8601; undefined if it is not. */
export async function findReadOnly({
  client,
  tableName,
}: TableHandle): Promise<string | undefined> {
  const Key = key.readOnly();
  const read = new GetCommand({ TableName: tableName, Key, ConsistentRead: true });
  return (await client.send(read)).Item?.since as string | undefined;
}

/**
 * A client that writes nothing while its table is read-only: every write is refused with
 * `Maintenance`, reads are executed. The mark is read before a write, at most once in
 * `markMilliseconds`.
 */
export function unlessReadOnly(
  client: DynamoDBDocumentClient,
  tableName: () => string,
): DynamoDBDocumentClient {
  let known: { at: number; since: Promise<string | undefined> } | undefined;
  const find = () => {
    const now = Date.now();
    if (known !== undefined && isRecent(known.at, now, markMilliseconds)) return known.since;
    const since = findReadOnly({ client, tableName: tableName() });
    known = { at: now, since };
    // A mark that cannot be read now is read by the next write.
    since.catch(() => {
      known = undefined;
    });
    return since;
  };
  const send = async (...given: Parameters<typeof client.send>) => {
    const isWrite = writes.some((Write) => given[0] instanceof Write);
    if (isWrite && (await find()) !== undefined) throw new Maintenance();
    return client.send(...given);
  };
  return Object.assign(Object.create(client) as DynamoDBDocumentClient, { send });
}
