import { GetCommand, ScanCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { retryConflicts, triesMax } from "./conflicts.ts";
import type { Item } from "./items.ts";
import { type Key, key } from "./keys.ts";
import {
  findLabel,
  type Label,
  type TableHandle,
  TableMismatch,
  unlessReadOnly,
} from "./layout.ts";

/** Converts items from one form to the next, each separately and in place. */
export type Migration = {
  /** The old form; the next one is the one that this version writes. */
  from: number;
  to: number;
  /**
   * The item in the new form; undefined if it has that form already, or both forms share it. It is
   * called again for items that changed meanwhile, and after an interruption, so it must leave its
   * own results unchanged. The key must stay.
   */
  change: (item: Item) => Item | undefined;
};

/**
 * The available migrations, by their old form. A form that should no longer be read gets one here,
 * in a release that still reads it; the next release may raise `forms.reads.from`
 * (platform/table/layout.ts).
 */
export const migrations: readonly Migration[] = [];

/** The progress of a migration. */
type Progress = NonNullable<Label["migration"]>;

type Options = {
  migrations: readonly Migration[];
  /** The request units a second, of reads and writes together, that it may use. */
  unitsPerSecond: number;
  pause: (milliseconds: number) => Promise<void>;
  /** Called after each page, once its checkpoint is in the table. */
  tell?: (progress: Progress) => void;
};

/** Items of one page of the scan, and the number of concurrent changes. */
const pageItems = 1_000;
const changesAtOnce = 25;

/**
 * Migrates a table's data from its oldest form to the newest for which there are migrations, and
 * records that nothing older is left. Returns the form of the oldest data afterwards. It may be
 * interrupted at any time and continues after the last completed page. An item that changes
 * meanwhile is checked again; an item is only written if it is unchanged since the read.
 *
 * @throws TableMismatch while functions are deployed that write the older form.
 * @throws Maintenance while the table is read-only.
 */
export async function migrate(place: TableHandle, options: Options): Promise<number> {
  const { tableName } = place;
  const client = retryConflicts(unlessReadOnly(place.client, () => tableName));
  const writable = { client, tableName };
  for (;;) {
    const label = await findLabel(place);
    const oldest = label?.oldest;
    const migration = options.migrations.find(({ from }) => from === oldest);
    if (label === undefined || oldest === undefined || migration === undefined) return oldest ?? 0;
    assertWritten(tableName, label, migration);
    await migrateAll(writable, migration, label.migration, options);
  }
}

/** Refuses while any deployed version may write the old form. */
function assertWritten(tableName: string, { writing }: Label, { from, to }: Migration): void {
  if (writing >= to) return;
  throw new TableMismatch(
    `A version is deployed on ${tableName} that writes form ${writing}: deploy one that writes ` +
      `form ${to} to the end before data of form ${from} is migrated.`,
  );
}

/** One migration, from its checkpoint to the end of the table. */
async function migrateAll(
  place: TableHandle,
  migration: Migration,
  before: Progress | undefined,
  { unitsPerSecond, pause, tell }: Options,
): Promise<void> {
  const { from, to } = migration;
  const isSame = before?.from === from && before.to === to;
  let progress: Progress = isSame ? before : { from, to, seen: 0, changed: 0 };
  const spend = createPace(unitsPerSecond, pause);
  do {
    const scan = new ScanCommand({
      TableName: place.tableName,
      ConsistentRead: true,
      Limit: pageItems,
      ExclusiveStartKey: progress.after,
      ReturnConsumedCapacity: "TOTAL",
    });
    const { Items = [], LastEvaluatedKey, ConsumedCapacity } = await place.client.send(scan);
    await spend(ConsumedCapacity?.CapacityUnits ?? 0);
    const changed = await changeAll(place, migration, Items as Item[], spend);
    const { after: _, ...counts } = progress;
    progress = {
      ...counts,
      seen: counts.seen + Items.length,
      changed: counts.changed + changed,
      ...(LastEvaluatedKey && { after: LastEvaluatedKey as Key }),
    };
    await note(place, progress);
    tell?.(progress);
  } while (progress.after !== undefined);
}

/** Pauses after each use of units until the rate allows more. */
function createPace(unitsPerSecond: number, pause: Options["pause"]) {
  const began = performance.now();
  let spent = 0;
  return async (units: number) => {
    spent += units;
    const early = (spent / unitsPerSecond) * 1_000 - (performance.now() - began);
    if (early > 0) await pause(early);
  };
}

/** Changes the items of a page that have the old form; returns their number. */
async function changeAll(
  place: TableHandle,
  { change }: Migration,
  items: readonly Item[],
  spend: (units: number) => Promise<void>,
): Promise<number> {
  const old = items.filter((item) => item.PK !== key.layout().PK && change(item) !== undefined);
  for (let at = 0; at < old.length; at += changesAtOnce) {
    const batch = old.slice(at, at + changesAtOnce);
    const units = await Promise.all(batch.map((item) => changeOne(place, change, item)));
    await spend(units.reduce((sum, each) => sum + each, 0));
  }
  return old.length;
}

/** Changes one item in its current state; returns the units used. */
async function changeOne(
  { client, tableName: TableName }: TableHandle,
  change: Migration["change"],
  read: Item,
): Promise<number> {
  const { PK, SK } = read;
  let item: Item | undefined = read;
  let units = 0;
  for (let attempt = 1; item !== undefined; attempt++) {
    const changed = change(item);
    if (changed === undefined) return units;
    if (changed.PK !== PK || changed.SK !== SK) throw new Error(`A key cannot change: ${PK} ${SK}`);
    const difference = updateOf(item, changed);
    if (difference === undefined) return units;
    const update = new UpdateCommand({ TableName, Key: { PK, SK }, ...difference });
    try {
      const { ConsumedCapacity } = await client.send(update);
      return units + (ConsumedCapacity?.CapacityUnits ?? 0);
    } catch (error) {
      const isOvertaken = (error as Error).name === "ConditionalCheckFailedException";
      if (!isOvertaken || attempt >= triesMax) throw error;
    }
    const get = new GetCommand({
      TableName,
      Key: { PK, SK },
      ConsistentRead: true,
      ReturnConsumedCapacity: "TOTAL",
    });
    const now = await client.send(get);
    units += now.ConsumedCapacity?.CapacityUnits ?? 0;
    item = now.Item as Item | undefined;
  }
  return units;
}

/**
 * The update that turns one item into another, on the condition that no attribute has changed since
 * the read; undefined if the two do not differ.
 */
function updateOf(was: Item, is: Item) {
  const fields = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
    (name) => name !== "PK" && name !== "SK",
  );
  const isIn = (item: Item, name: string) => item[name] !== undefined;
  const at = (name: string) => fields.indexOf(name);
  const conditions = fields.map((name) =>
    isIn(was, name) ? `#${at(name)} = :was${at(name)}` : `attribute_not_exists(#${at(name)})`,
  );
  const set = fields.filter((name) => isIn(is, name) && is[name] !== was[name]);
  const gone = fields.filter((name) => isIn(was, name) && !isIn(is, name));
  if (set.length + gone.length === 0) return undefined;
  const values = (names: readonly string[], mark: string, item: Item) =>
    names.map((name) => [`:${mark}${at(name)}`, item[name]]);
  const known = fields.filter((name) => isIn(was, name));
  return {
    UpdateExpression: [
      set.length > 0 ? `SET ${set.map((name) => `#${at(name)} = :is${at(name)}`).join(", ")}` : "",
      gone.length > 0 ? `REMOVE ${gone.map((name) => `#${at(name)}`).join(", ")}` : "",
    ].join(" "),
    ConditionExpression: ["attribute_exists(PK)", ...conditions].join(" AND "),
    ExpressionAttributeNames: Object.fromEntries(fields.map((name) => [`#${at(name)}`, name])),
    ExpressionAttributeValues: Object.fromEntries([
      ...values(known, "was", was),
      ...values(set, "is", is),
    ]),
    ReturnConsumedCapacity: "TOTAL" as const,
  };
}

/**
 * Records the progress, and at the end that nothing older is left. Refuses both with
 * `TableMismatch` while a deployed version may write the older form again.
 */
async function note({ client, tableName }: TableHandle, progress: Progress): Promise<void> {
  const isDone = progress.after === undefined;
  const update = new UpdateCommand({
    TableName: tableName,
    Key: key.layout(),
    UpdateExpression: isDone ? "SET oldest = :to REMOVE migration" : "SET migration = :progress",
    ConditionExpression: "version >= :to AND (attribute_not_exists(writing) OR writing >= :to)",
    ExpressionAttributeValues: { ":to": progress.to, ...(!isDone && { ":progress": progress }) },
  });
  try {
    await client.send(update);
  } catch (error) {
    if ((error as Error).name !== "ConditionalCheckFailedException") throw error;
    throw new TableMismatch(
      `A version that writes form ${progress.from} is being deployed on ${tableName}: the ` +
        "migration has stopped. Run it again after the next upgrade.",
    );
  }
}
