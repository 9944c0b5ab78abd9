import type { Body, Context } from "./context.ts";
import type { Condition, Path } from "./expressions/syntax.ts";
import { invalid, invalidParameter } from "./failure.ts";
import { type KeyRange, namesIn } from "./key-condition.ts";
import { checkKeySizes, encodeKey, encodeKeyValue, type KeySchema, partsOf } from "./keys.ts";
import { capacityChoices, Faults } from "./request.ts";
import { type Index, namesProjectedTo, type Table } from "./tables.ts";
import { checkItem, type Item, typeOf } from "./values.ts";

/** Collects what is wrong with the fields shared by Query and Scan, without throwing yet. */
export function checkMembers(body: Body): Faults {
  const faults = new Faults();
  faults.oneOf(body.ReturnConsumedCapacity, "returnConsumedCapacity", capacityChoices);
  faults.tableName(body.TableName);
  return faults;
}

/** The table or index to read. Throws if it does not exist or cannot serve the request. */
export function findTableOrIndex(context: Context, body: Body) {
  const table = context.tables.get(body.TableName);
  const { IndexName: name } = body;
  if (name === undefined || name === null) return { table, index: undefined, schema: table.schema };
  const index = table.indexes.find((one) => one.name === name);
  if (!index) throw invalid(`The table does not have the specified index: ${name}`);
  if (body.ConsistentRead === true)
    throw invalid("Consistent reads are not supported on global secondary indexes");
  return { table, index, schema: index.schema };
}

/** Throws if a projection needs more than an index has: a global index cannot read its table. */
export function refuseUnprojected(
  table: Table,
  index: Index | undefined,
  paths: Path[] | undefined,
): void {
  if (!index || !paths) return;
  const has = namesProjectedTo(index, table);
  const lacks = paths.map(([name]) => String(name)).filter((name) => has && !has.has(name));
  if (lacks.length > 0)
    throw invalidParameter(
      `Global secondary index ${index.name} does not project [${lacks.join(", ")}]`,
    );
}

/** Throws if a filter uses the key of the Query. */
export function refuseKeysInFilter(schema: KeySchema, filter: Condition | undefined): void {
  if (!filter) return;
  const keys = partsOf(schema).map(({ name }) => name);
  const found = namesIn(filter).find((name) => keys.includes(name));
  if (found !== undefined)
    throw invalid(
      "Filter Expression can only contain non-primary key attributes: " +
        `Primary key attribute: ${found}`,
    );
}

/** The ExclusiveStartKey: the key of the table, plus that of the index being read. */
export function readStart(body: Body, table: Table, index: Index | undefined): Item | undefined {
  if (body.ExclusiveStartKey === undefined || body.ExclusiveStartKey === null) return undefined;
  const start = checkItem(body.ExclusiveStartKey as Body);
  const parts = [...partsOf(table.schema), ...(index ? partsOf(index.schema) : [])];
  const names = new Set(parts.map(({ name }) => name));
  const fits =
    Object.keys(start).length === names.size &&
    parts.every(({ name, type }) => start[name] && typeOf(start[name]) === type);
  if (!fits)
    throw invalid(
      index
        ? "The provided starting key is invalid"
        : "The provided starting key is invalid: The provided key element does not match the schema",
    );
  checkKeySizes(table.schema, start);
  return start;
}

/** Throws if a page would begin outside of the requested partition, or of its sort keys. */
export function checkStartFits(start: Item, schema: KeySchema, { hash, bounds }: KeyRange): void {
  const place = encodeKey(schema, start);
  if (!bounds.every(({ sql, bytes }) => compares[sql](Buffer.compare(place.range, bytes))))
    throw invalid("The provided starting key does not match the range key predicate");
  if (Buffer.compare(place.hash, encodeKeyValue(hash)) !== 0)
    throw invalid(
      "The provided starting key is outside query boundaries based on provided conditions",
    );
}

const compares: Record<KeyRange["bounds"][number]["sql"], (order: number) => boolean> = {
  "=": (order) => order === 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};
