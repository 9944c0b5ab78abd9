import { answerWithItems } from "./answers.ts";
import { readUnits } from "./capacity.ts";
import type { Body, Context, Operation } from "./context.ts";
import { meetsCondition } from "./expressions/evaluate.ts";
import { project } from "./expressions/paths.ts";
import type { Condition, Path } from "./expressions/syntax.ts";
import { invalid } from "./failure.ts";
import { capacityOf } from "./items.ts";
import { type KeyRange, readKeyCondition } from "./key-condition.ts";
import { encodeKey, encodeKeyValue, type KeySchema, keyOf, refuseKeysAsDocuments } from "./keys.ts";
import {
  checkMembers,
  checkStartFits,
  findTableOrIndex,
  readStart,
  refuseKeysInFilter,
  refuseUnprojected,
} from "./query-members.ts";
import {
  readOptionalCondition,
  readOptionalProjection,
  readPlaceholders,
  refuseUnused,
  requireMembers,
} from "./request.ts";
import { rowsOf } from "./sqlite.ts";
import type { Index, Table } from "./tables.ts";
import type { Item } from "./values.ts";

const pageBytesMax = 1024 * 1024;

/** Where a page is read from, and what it returns. */
type Reading = {
  table: Table;
  index: Index | undefined;
  schema: KeySchema;
  filter: Condition | undefined;
  paths: Path[] | undefined;
  start: Item | undefined;
};

/** One page of a Query, of a table or of one of its indexes. */
export const query: Operation = (context, body) => {
  const faults = checkMembers(body);
  faults.atLeast(body.Limit, "Limit", 1);
  faults.end();
  requireMembers(body);
  const members = ["FilterExpression", "ProjectionExpression", "KeyConditionExpression"];
  const placeholders = readPlaceholders(body, members);
  if (body.KeyConditionExpression === undefined || body.KeyConditionExpression === null)
    throw invalid(
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
  const { table, index, schema } = findTableOrIndex(context, body);
  const text = String(body.KeyConditionExpression);
  const filter = readOptionalCondition(body, "FilterExpression", placeholders);
  const paths = readOptionalProjection(body, placeholders);
  const range = readKeyCondition(text, schema, placeholders);
  refuseUnused(placeholders);
  refuseKeysAsDocuments(table, placeholders.namesOfDocuments);
  refuseUnprojected(table, index, paths);
  refuseKeysInFilter(schema, filter);
  const start = readStart(body, table, index);
  if (start) checkStartFits(start, schema, range);
  return readPage(context, body, { table, index, schema, filter, paths, start }, range);
};

export const scan: Operation = (context, body) => {
  const faults = checkMembers(body);
  if (Number(body.Limit) < 1)
    faults.add(body.Limit, "limit", "have value greater than or equal to 1");
  faults.end();
  requireMembers(body);
  const placeholders = readPlaceholders(body, ["FilterExpression", "ProjectionExpression"]);
  const filter = readOptionalCondition(body, "FilterExpression", placeholders);
  const paths = readOptionalProjection(body, placeholders);
  refuseUnused(placeholders);
  const { table, index, schema } = findTableOrIndex(context, body);
  refuseKeysAsDocuments(table, placeholders.namesOfDocuments);
  refuseUnprojected(table, index, paths);
  const start = readStart(body, table, index);
  return readPage(context, body, { table, index, schema, filter, paths, start });
};

/** An item's JSON and its bytes. */
type Row = [item: string, bytes: number];

function readPage(context: Context, body: Body, reading: Reading, range?: KeyRange): Body {
  const { table, index } = reading;
  const limit = Number(body.Limit ?? Number.POSITIVE_INFINITY);
  const isConsistent = body.ConsistentRead === true;
  const items: string[] = [];
  let [scanned, bytes] = [0, 0];
  let last: Item | undefined;
  for (const [text, size] of iterateRows(context, body, reading, range)) {
    scanned++;
    bytes += size;
    const shown = show(text, reading);
    if (shown !== undefined) items.push(shown);
    if (scanned >= limit || bytes >= pageBytesMax) {
      const item = JSON.parse(text) as Item;
      last = { ...keyOf(table.schema, item), ...(index && keyOf(index.schema, item)) };
      break;
    }
  }
  const units = readUnits(bytes, isConsistent);
  const cost = {
    table: index ? 0 : units,
    indexes: new Map(index ? [[index.name, units]] : []),
  };
  const rest = {
    Count: items.length,
    ScannedCount: scanned,
    ...(last && { LastEvaluatedKey: last }),
    ...capacityOf(body, table, cost),
  };
  return answerWithItems(rest, items);
}

/** The projection of an item that passes the filter; an item returned whole stays stored text. */
function show(text: string, { filter, paths }: Reading): string | undefined {
  if (!filter && !paths) return text;
  const item = JSON.parse(text) as Item;
  if (filter && !meetsCondition(item, filter)) return undefined;
  return paths ? JSON.stringify(project(item, paths)) : text;
}

function iterateRows(
  context: Context,
  body: Body,
  { table, index, schema, start }: Reading,
  range: KeyRange | undefined,
): Iterable<Row> {
  const isBackwards = range !== undefined && body.ScanIndexForward === false;
  const columns = index ? ["hash", "range", "item_hash", "item_range"] : ["hash", "range"];
  const conditions: string[] = [];
  const values: Uint8Array[] = [];
  if (range) {
    conditions.push("hash = ?");
    values.push(encodeKeyValue(range.hash));
    for (const { sql, bytes } of range.bounds) {
      conditions.push(`range ${sql} ?`);
      values.push(bytes);
    }
  }
  if (start) {
    const place = encodeKey(schema, start);
    const own = encodeKey(table.schema, start);
    conditions.push(`(${columns}) ${isBackwards ? "<" : ">"} (${columns.map(() => "?")})`);
    values.push(place.hash, place.range, ...(index ? [own.hash, own.range] : []));
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "";
  const order = columns.map((column) => `${column} ${isBackwards ? "DESC" : "ASC"}`).join(", ");
  const from = index ? index.storage : table.storage;
  const sql = `SELECT item, bytes FROM ${from} ${where} ORDER BY ${order}`;
  const statement = context.readsFor(body).prepare(sql);
  statement.setReturnArrays(true);
  return rowsOf<Row>(statement.iterate(...values));
}
