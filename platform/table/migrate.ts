import { GetCommand, ScanCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { retryConflicts, triesMax } from "./conflicts.ts";
import { type Key, key } from "./keys.ts";
import { findLabel, type Label, TableMismatch, type TablePlace, unlessReadOnly } from "./layout.ts";
import type { Item } from "./table.ts";

/** Brings items of one form into the next one, each by itself and at its place. */
export type Migration = {
  /** The form that is left, and the next one, which this version writes. */
  from: number;
  to: number;
  /**
   * The item in the new form; undefined for one that has it, or that both forms share. It is asked
   * again for items that were changed meanwhile, and after an interruption, so it must leave alone
   * what it has made. Expects that the key stays.
   */
  change: (item: Item) => Item | undefined;
};

/**
 * The migrations that this version can do, by the form that they begin with. A form that no longer
 * has to be read gets one here, in a release that still reads it; the next release may raise
 * `forms.reads.from` (platform/table/layout.ts).
 */
export const migrations: readonly Migration[] = [];

/** How far a migration has come. */
type Progress = NonNullable<Label["migration"]>;

type Options = {
  migrations: readonly Migration[];
  /** Request units a second, of reads and writes together, that it takes of the table's rate. */
  unitsPerSecond: number;
  pause: (milliseconds: number) => Promise<void>;
  /** Called after each page, when its checkpoint is in the table. */
  tell?: (progress: Progress) => void;
};

/** Items of one page of the scan, and changes that are under way at the same time. */
const pageItems = 1_000;
const changesAtOnce = 25;

/**
 * Brings a table's data from its oldest form to the newest for which there are migrations, and
 * notes that nothing older is left. Answers the form in which the oldest data is then. It may be
 * interrupted at any moment and goes on behind the last page that was completed. An item that
 * changes meanwhile is looked at again; none is changed unless it is as it was read.
 *
 * @throws TableMismatch while functions are deployed that write the older form.
 * @throws Maintenance while the table is read-only.
 */
export async function migrate(place: TablePlace, options: Options): Promise<number> {
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

/** Refuses while anything that is deployed may write the form that is to go. */
function assertWritten(tableName: string, { writing }: Label, { from, to }: Migration): void {
  if (writing >= to) return;
  throw new TableMismatch(
    `A version is deployed on ${tableName} that writes form ${writing}: deploy one that writes ` +
      `form ${to} to the end before data of form ${from} is migrated.`,
  );
}

/** One migration, from its checkpoint to the end of the table. */
async function migrateAll(
  place: TablePlace,
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
      ...{ TableName: place.tableName, ConsistentRead: true, Limit: pageItems },
      ...{ ExclusiveStartKey: progress.after, ReturnConsumedCapacity: "TOTAL" },
    });
    const { Items = [], LastEvaluatedKey, ConsumedCapacity } = await place.client.send(scan);
    await spend(ConsumedCapacity?.CapacityUnits ?? 0);
    const changed = await changeAll(place, migration, Items as Item[], spend);
    const { after: _, ...counts } = progress;
    progress = {
      ...{ ...counts, seen: counts.seen + Items.length, changed: counts.changed + changed },
      ...(LastEvaluatedKey && { after: LastEvaluatedKey as Key }),
    };
    await note(place, progress);
    tell?.(progress);
  } while (progress.after !== undefined);
}

/** Waits after each spending until the rate allows for it. */
function createPace(unitsPerSecond: number, pause: Options["pause"]) {
  const began = performance.now();
  let spent = 0;
  return async (units: number) => {
    spent += units;
    const early = (spent / unitsPerSecond) * 1_000 - (performance.now() - began);
    if (early > 0) await pause(early);
  };
}

/** Changes the items of a page that are in the old form; answers how many. */
async function changeAll(
  place: TablePlace,
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

/** Changes one item, as it is by then; answers the units that this took. */
async function changeOne(
  { client, tableName: TableName }: TablePlace,
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
      ...{ TableName, Key: { PK, SK }, ConsistentRead: true, ReturnConsumedCapacity: "TOTAL" },
    });
    const now = await client.send(get);
    units += now.ConsumedCapacity?.CapacityUnits ?? 0;
    item = now.Item as Item | undefined;
  }
  return units;
}

/**
 * The update that makes one item of another, if that is still the same in every attribute;
 * undefined where they do not differ.
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
 * Notes how far it has come, and at the end that nothing older is left: both only while nothing is
 * deployed that would write the older form again.
 */
async function note({ client, tableName }: TablePlace, progress: Progress): Promise<void> {
  const isDone = progress.after === undefined;
  const update = new UpdateCommand({
    ...{ TableName: tableName, Key: key.layout() },
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
