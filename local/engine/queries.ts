/** Query and Scan, of a table or of one of its indexes, page by page. */
import { readUnits } from "./capacity.ts";
import type { Body, Context, Operation } from "./context.ts";
import { meets } from "./expressions/evaluate.ts";
import { project } from "./expressions/paths.ts";
import type { Condition, Path } from "./expressions/syntax.ts";
import { readProjection } from "./expressions/update.ts";
import { invalid } from "./failure.ts";
import { capacityOf } from "./items.ts";
import { type KeyRange, readKeyCondition } from "./key-condition.ts";
import { encodeKey, encodeKeyValue, type KeySchema, keyOf } from "./keys.ts";
import {
  checkMembers,
  checkSegments,
  checkStartFits,
  findPlace,
  readStart,
  refuseKeysInFilter,
} from "./query-members.ts";
import { readOptionalCondition, readPlaceholders, refuseLegacy, refuseUnused } from "./request.ts";
import type { Index, Table } from "./tables.ts";
import type { Item } from "./values.ts";

const pageBytesMax = 1024 * 1024;
const segmentsMax = 1_000_000;

/** Where a page is read from, and what of it is answered. */
type Reading = {
  table: Table;
  index: Index | undefined;
  schema: KeySchema;
  filter: Condition | undefined;
  paths: Path[] | undefined;
  start: Item | undefined;
};

export const query: Operation = (context, body) => {
  const faults = checkMembers(body);
  faults.atLeast(body.Limit, "Limit", 1);
  faults.end();
  refuseLegacy(body);
  const members = ["FilterExpression", "ProjectionExpression", "KeyConditionExpression"];
  const placeholders = readPlaceholders(body, members);
  if (body.KeyConditionExpression === undefined || body.KeyConditionExpression === null) {
    throw invalid(
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
  }
  const { table, index, schema } = findPlace(context, body);
  const text = String(body.KeyConditionExpression);
  const filter = readOptionalCondition(body, "FilterExpression", placeholders);
  const projection = body.ProjectionExpression;
  const paths =
    projection === undefined || projection === null
      ? undefined
      : readProjection(String(projection), placeholders);
  const range = readKeyCondition(text, schema, placeholders);
  refuseUnused(placeholders);
  refuseKeysInFilter(schema, filter);
  const start = readStart(body, table, index);
  if (start) checkStartFits(start, schema, range);
  return readPage(context, body, { table, index, schema, filter, paths, start }, range);
};

export const scan: Operation = (context, body) => {
  const faults = checkMembers(body);
  if (Number(body.Limit) < 1) {
    faults.add(body.Limit, "limit", "have value greater than or equal to 1");
  }
  faults.atLeast(body.Segment, "Segment", 0);
  faults.atLeast(body.TotalSegments, "TotalSegments", 1);
  if (Number(body.TotalSegments) > segmentsMax) {
    faults.add(
      body.TotalSegments,
      "totalSegments",
      `have value less than or equal to ${segmentsMax}`,
    );
  }
  faults.end();
  refuseLegacy(body);
  const placeholders = readPlaceholders(body, ["FilterExpression", "ProjectionExpression"]);
  checkSegments(body);
  const filter = readOptionalCondition(body, "FilterExpression", placeholders);
  const projection = body.ProjectionExpression;
  const paths =
    projection === undefined || projection === null
      ? undefined
      : readProjection(String(projection), placeholders);
  refuseUnused(placeholders);
  const { table, index, schema } = findPlace(context, body);
  const start = readStart(body, table, index);
  return readPage(context, body, { table, index, schema, filter, paths, start });
};

type Row = { hash: Uint8Array; item: string; bytes: number };

function readPage(context: Context, body: Body, reading: Reading, range?: KeyRange): Body {
  const { table, index } = reading;
  const limit = Number(body.Limit ?? Number.POSITIVE_INFINITY);
  const items: Item[] = [];
  let [count, scanned, bytes] = [0, 0, 0];
  let last: Item | undefined;
  for (const row of openRows(context, body, reading, range)) {
    if (!isOfSegment(row.hash, body)) continue;
    const item = JSON.parse(row.item) as Item;
    scanned++;
    bytes += row.bytes;
    if (!reading.filter || meets(item, reading.filter)) {
      count++;
      if (body.Select !== "COUNT") items.push(shown(context, reading, body, item));
    }
    if (scanned >= limit || bytes >= pageBytesMax) {
      last = { ...keyOf(table.schema, item), ...(index && keyOf(index.schema, item)) };
      break;
    }
  }
  const units = readUnits(bytes, body.ConsistentRead === true);
  const cost = { table: index ? 0 : units, indexes: new Map(index ? [[index.name, units]] : []) };
  return {
    Count: count,
    ScannedCount: scanned,
    ...(body.Select !== "COUNT" && { Items: items }),
    ...(last && { LastEvaluatedKey: last }),
    ...capacityOf(body, table, cost),
  };
}

/** A local index fetches from its table what it does not have itself. */
function shown(context: Context, { table, index, paths }: Reading, body: Body, item: Item): Item {
  const isPartial = index && !index.isGlobal && index.projection !== "ALL";
  const whole =
    isPartial && (paths || body.Select === "ALL_ATTRIBUTES")
      ? (context.storage.get(table, encodeKey(table.schema, item))?.item ?? item)
      : item;
  return paths ? project(whole, paths) : whole;
}

/** Partitions are dealt out to segments by their bytes. */
function isOfSegment(hash: Uint8Array, { Segment, TotalSegments }: Body): boolean {
  if (TotalSegments === undefined) return true;
  let sum = 0;
  for (const byte of hash) sum = (sum * 31 + byte) >>> 0;
  return sum % Number(TotalSegments) === Number(Segment);
}

function openRows(
  { storage }: Context,
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
  const sql = `SELECT hash, item, bytes FROM ${from} ${where} ORDER BY ${order}`;
  return storage.prepare(sql).iterate(...values) as unknown as Iterable<Row>;
}
