import { answerWithItems } from "./answers.ts";
import { readUnits } from "./capacity.ts";
import type { Body, Context, Operation } from "./context.ts";
import { meets } from "./expressions/evaluate.ts";
import { project } from "./expressions/paths.ts";
import type { Condition, Path } from "./expressions/syntax.ts";
import { readProjection } from "./expressions/update.ts";
import { invalid } from "./failure.ts";
import { capacityOf } from "./items.ts";
import { type KeyRange, readKeyCondition } from "./key-condition.ts";
import { encodeKey, encodeKeyValue, type KeySchema, keyOf, refuseKeysAsDocuments } from "./keys.ts";
import {
  checkMembers,
  checkSegments,
  checkStartFits,
  findPlace,
  readStart,
  refuseKeysInFilter,
  refuseUnprojected,
} from "./query-members.ts";
import { readOptionalCondition, readPlaceholders, refuseLegacy, refuseUnused } from "./request.ts";
import { rowsOf } from "./rows.ts";
import { type Index, namesProjectedTo, type Table } from "./tables.ts";
import type { Item } from "./values.ts";

const pageBytesMax = 1024 * 1024;
const segmentsMax = 1_000_000;

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
  refuseLegacy(body);
  const members = ["FilterExpression", "ProjectionExpression", "KeyConditionExpression"];
  const placeholders = readPlaceholders(body, members);
  if (body.KeyConditionExpression === undefined || body.KeyConditionExpression === null)
    throw invalid(
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
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
  faults.atLeast(body.Segment, "Segment", 0);
  faults.atLeast(body.TotalSegments, "TotalSegments", 1);
  if (Number(body.TotalSegments) > segmentsMax)
    faults.add(
      body.TotalSegments,
      "totalSegments",
      `have value less than or equal to ${segmentsMax}`,
    );
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
  refuseKeysAsDocuments(table, placeholders.namesOfDocuments);
  refuseUnprojected(table, index, paths);
  const start = readStart(body, table, index);
  return readPage(context, body, { table, index, schema, filter, paths, start });
};

/** An item's JSON, its bytes, and its partition key if a segment depends on it. */
type Row = [item: string, bytes: number, hash?: Uint8Array];

function readPage(context: Context, body: Body, reading: Reading, range?: KeyRange): Body {
  const { table, index } = reading;
  const limit = Number(body.Limit ?? Number.POSITIVE_INFINITY);
  const isConsistent = body.ConsistentRead === true;
  const show = createShow(context, reading, body);
  const items: string[] = [];
  let [count, scanned, bytes, fetched] = [0, 0, 0, 0];
  let last: Item | undefined;
  for (const [text, size, hash] of iterateRows(context, body, reading, range)) {
    if (hash && !isOfSegment(hash, body)) continue;
    scanned++;
    bytes += size;
    const shown = show(text);
    if (shown) {
      count++;
      if (body.Select !== "COUNT") items.push(shown.text);
      fetched += shown.fetchedUnits;
    }
    if (scanned >= limit || bytes >= pageBytesMax) {
      const item = JSON.parse(text) as Item;
      last = { ...keyOf(table.schema, item), ...(index && keyOf(index.schema, item)) };
      break;
    }
  }
  const units = readUnits(bytes, isConsistent);
  const cost = {
    table: index ? fetched : units,
    indexes: new Map(index ? [[index.name, units]] : []),
  };
  const rest = {
    Count: count,
    ScannedCount: scanned,
    ...(last && { LastEvaluatedKey: last }),
    ...capacityOf(body, table, cost),
  };
  return body.Select === "COUNT" ? rest : answerWithItems(rest, items);
}

type Shown = { text: string; fetchedUnits: number };

/** The projection of an item in a page; an item returned whole stays stored text. */
function createShow(
  context: Context,
  reading: Reading,
  body: Body,
): (text: string) => Shown | undefined {
  const { filter, paths } = reading;
  const fetches = isFetched(reading, body);
  if (!filter && !paths && !fetches) return (text) => ({ text, fetchedUnits: 0 });
  return (text) => {
    const item = JSON.parse(text) as Item;
    if (filter && !meets(item, filter)) return undefined;
    if (body.Select === "COUNT") return { text, fetchedUnits: 0 };
    const { table } = reading;
    const whole = fetches && context.readsFor(body).get(table, encodeKey(table.schema, item));
    const shown = whole ? whole.item : item;
    return {
      text: JSON.stringify(paths ? project(shown, paths) : shown),
      fetchedUnits: whole ? readUnits(whole.bytes, body.ConsistentRead === true) : 0,
    };
  };
}

/** Attributes that a local index lacks are fetched from its table, each item as a separate read. */
function isFetched({ table, index, paths }: Reading, { Select }: Body): boolean {
  const has = index && !index.isGlobal ? namesProjectedTo(index, table) : undefined;
  if (!has) return false;
  return paths ? paths.some(([name]) => !has.has(String(name))) : Select === "ALL_ATTRIBUTES";
}

/** Partitions are assigned to segments by their bytes. */
function isOfSegment(hash: Uint8Array, { Segment, TotalSegments }: Body): boolean {
  let sum = 0;
  for (const byte of hash) sum = (sum * 31 + byte) >>> 0;
  return sum % Number(TotalSegments) === Number(Segment);
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
  const hash = body.TotalSegments === undefined ? "" : ", hash";
  const sql = `SELECT item, bytes${hash} FROM ${from} ${where} ORDER BY ${order}`;
  const statement = context.readsFor(body).prepare(sql);
  statement.setReturnArrays(true);
  return rowsOf<Row>(statement.iterate(...values));
}
