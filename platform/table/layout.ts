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
import { logFault } from "../runtime/log.ts";
import { key } from "./keys.ts";

/**
 * The form in which this version writes the table's data, and the range of forms that it reads. A
 * change that versions before it cannot read is a new form, which one release reads and the next
 * one writes: during a deployment and after a rollback each reads all that there is. Data below
 * `reads.from` is refused: a migration of an earlier release brings it into a newer form first
 * (migrate.ts, docs/decisions/deployments.md).
 *
 * 1 had wallets and markers next to profiles; 2 a chat's gone numbers in one set, and due reminders
 * by their second; 3 lists, gift types, reminders and callbacks on one key, and a room's
 * subscribers, senders and counter next to its messages. 4 had blocked words in streams, an item
 * for each entry of a ledger, and whether a notification was read in itself.
 */
export const forms: Forms = { writes: 5, reads: { from: 4, to: 5 } };

/** Data of earlier forms is of before the first release, and of no use to any. */
const firstReleased = 4;

/** Which forms a version writes and reads. */
export type Forms = { writes: number; reads: { from: number; to: number } };

/** The table is not for this stage, this version or this issuer; the message is for a person. */
export class TableMismatch extends Error {
  override name = "TableMismatch";
}

/** Its wallets belong to another issuer's subjects. */
export class IssuerMismatch extends TableMismatch {
  override name = "IssuerMismatch";
}

/** The newest form that a table has, the oldest that is left, and who wrote the newest first. */
type Written = { version: number; oldest: number; release?: string | undefined };

/** Why this version does not read what is there; undefined where it does. */
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

/** Refuses a form that this version does not read. */
export function assertForm(what: string, version: number): void {
  const problem = problemOf(what, { version, oldest: version });
  if (problem !== undefined) throw new TableMismatch(problem);
}

/** A table, and a client for it. */
export type TablePlace = { client: DynamoDBDocumentClient; tableName: string };

const form = z.number().int();

/** What a table says of itself. */
const Label = z
  .object({
    /** The newest form in which anything is written, and the oldest that is left. */
    version: form,
    oldest: form.optional(),
    /** The newest form that everything reads which is deployed. */
    readable: form.optional(),
    /** The oldest form that anything deployed writes, where that is not `version`. */
    writing: form.optional(),
    /** A migration that has not reached the end of the table (platform/table/migrate.ts). */
    migration: z
      .object({
        ...{ from: form, to: form, seen: z.number().int(), changed: z.number().int() },
        after: z.object({ PK: z.string(), SK: z.string() }).optional(),
      })
      .optional(),
    /** The release that wrote `version` first. */
    release: z.string().optional(),
    stage: z.string().optional(),
    issuer: z.string().optional(),
  })
  .transform(({ version, oldest = version, readable = version, writing = version, ...more }) => ({
    ...{ version, oldest, readable, writing },
    ...more,
  }));
export type Label = z.output<typeof Label>;

/** What the table says of itself; undefined where it says nothing. */
export async function findLabel({ client, tableName }: TablePlace): Promise<Label | undefined> {
  const read = new GetCommand({ TableName: tableName, Key: key.layout(), ConsistentRead: true });
  const { Item } = await client.send(read);
  return Item && Label.parse(Item);
}

/** A client that has looked at the label before it serves. */
type OnOwnTable = DynamoDBDocumentClient & {
  /** Looks now, unless it already has; rejects where no call is served. */
  assertOwn(): Promise<void>;
};

/**
 * The client of a function: before its first call the process reads the table's label, once, and
 * until the table is its stage's and in a form that it reads every call is refused as
 * `unavailable`, so that nobody decides on a wallet that lies elsewhere or is somebody else's. Once
 * right it stays so for as long as the process lives.
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

/** Why a function does not serve a table that says this of itself. */
function whyNot(tableName: string, found: Label | undefined, stage: string) {
  const what = `The table ${tableName}`;
  if (found?.stage === undefined)
    return `${what} does not say whose it is: npm run deploy writes it`;
  if (found.stage !== stage) return `${what} is that of the stage ${found.stage}, not of ${stage}`;
  return problemOf(what, found);
}

/**
 * Milliseconds for which a process goes by what it read of the mark. With the longest that one
 * write may take (`callMillisecondsMax`), no write ends later than `readOnlySeconds` after the mark.
 */
const markMilliseconds = 2_000;

const writes = [PutCommand, UpdateCommand, DeleteCommand, TransactWriteCommand, BatchWriteCommand];

/** Since when a table is read-only, as ISO 8601; undefined where it is not. */
export async function findReadOnly({ client, tableName }: TablePlace): Promise<string | undefined> {
  const Key = key.readOnly();
  const read = new GetCommand({ TableName: tableName, Key, ConsistentRead: true });
  return (await client.send(read)).Item?.since as string | undefined;
}

/**
 * A client that writes nothing while its table is read-only: every write is refused with
 * `Maintenance`, reads are done. The mark is read before a write, at most once in
 * `markMilliseconds`.
 */
export function unlessReadOnly(
  client: DynamoDBDocumentClient,
  tableName: () => string,
): DynamoDBDocumentClient {
  let known: { at: number; since: Promise<string | undefined> } | undefined;
  const find = () => {
    const now = Date.now();
    if (known !== undefined && now - known.at < markMilliseconds) return known.since;
    const since = findReadOnly({ client, tableName: tableName() });
    known = { at: now, since };
    // What could not be read is read by the next write.
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
