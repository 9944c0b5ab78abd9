/** GetItem, PutItem, UpdateItem and DeleteItem. */
import { type Asked, readUnits, tellCapacity } from "./capacity.ts";
import type { Body, Context, Operation } from "./context.ts";
import { applyChanges } from "./expressions/apply.ts";
import { meets } from "./expressions/evaluate.ts";
import { getAt, project } from "./expressions/paths.ts";
import type { Change, Condition, Path } from "./expressions/syntax.ts";
import { readProjection, readUpdate } from "./expressions/update.ts";
import { invalid, invalidParameter } from "./failure.ts";
import { checkItemKey, checkKey, conditionFailed, encodeKey, isIndexed, partsOf } from "./keys.ts";
import {
  capacityChoices,
  Faults,
  metricsChoices,
  readOptionalCondition,
  readPlaceholders,
  refuseLegacy,
  refuseUnused,
  returnChoices,
} from "./request.ts";
import type { WriteCost } from "./storage.ts";
import type { Table } from "./tables.ts";
import { checkItem, countItemBytes, type Item, itemBytesMax } from "./values.ts";

/** One write, read from a request and checked as far as that goes without the stored item. */
export type Write = {
  table: Table;
  /** The key, or the whole item of a put. */
  key: Item;
  condition: Condition | undefined;
  /** What becomes of the item; undefined deletes it. */
  change(before: Item | undefined): Item | undefined;
  /** A condition check changes nothing. */
  isCheck?: boolean;
  /** Whether a failed condition answers with the item. */
  returnsItem: boolean;
};

export const getItem: Operation = (context, body) => {
  const faults = new Faults();
  faults.tableName(body.TableName);
  faults.required(body.Key, "key");
  faults.oneOf(body.ReturnConsumedCapacity, "returnConsumedCapacity", capacityChoices);
  faults.end();
  refuseLegacy(body);
  const paths = readPaths(body);
  const key = checkItem(body.Key as Body);
  const table = context.tables.get(body.TableName);
  checkKey(table.schema, key);
  const stored = context.storage.get(table, encodeKey(table.schema, key));
  const units = readUnits(stored?.bytes ?? 0, body.ConsistentRead === true);
  return {
    ...(stored && { Item: paths ? project(stored.item, paths) : stored.item }),
    ...capacityOf(body, table, { table: units, indexes: new Map() }),
  };
};

/** The paths of a ProjectionExpression, if there is one. */
export function readPaths(body: Body): Path[] | undefined {
  const placeholders = readPlaceholders(body, ["ProjectionExpression"]);
  const text = body.ProjectionExpression;
  if (text === undefined || text === null) return undefined;
  const paths = readProjection(String(text), placeholders);
  refuseUnused(placeholders);
  return paths;
}

/** The `ConsumedCapacity` of an answer about one table, where it was asked for. */
export function capacityOf(body: Body, table: Table, cost: WriteCost): Body {
  const capacity = tellCapacity(body.ReturnConsumedCapacity as Asked, table, cost);
  return capacity ? { ConsumedCapacity: capacity } : {};
}

function checkCommon(body: Body, required: string[]): void {
  const faults = new Faults();
  faults.oneOf(body.ReturnConsumedCapacity, "returnConsumedCapacity", capacityChoices);
  faults.oneOf(body.ReturnItemCollectionMetrics, "returnItemCollectionMetrics", metricsChoices);
  faults.tableName(body.TableName);
  for (const name of required) {
    faults.required(body[name], name[0]!.toLowerCase() + name.slice(1));
  }
  faults.oneOf(body.ReturnValues, "returnValues", returnChoices);
  faults.end();
  refuseLegacy(body);
}

/** A put as a request has it. Throws a ValidationException for what the service would not take. */
export function readPut(context: Context, body: Body): Write {
  const placeholders = readPlaceholders(body, ["ConditionExpression"]);
  const condition = readOptionalCondition(body, "ConditionExpression", placeholders);
  refuseUnused(placeholders);
  const item = checkItem(body.Item as Body);
  checkSize(item, "Item size has exceeded the maximum allowed size");
  const table = context.tables.get(body.TableName);
  checkItemKey(table.schema, item);
  for (const index of table.indexes) isIndexed(index.schema, index.name, item);
  return { table, key: item, condition, change: () => item, returnsItem: returnsItem(body) };
}

const returnsItem = (body: Body) => body.ReturnValuesOnConditionCheckFailure === "ALL_OLD";

function checkSize(item: Item, sentence: string): void {
  if (countItemBytes(item) > itemBytesMax) throw invalid(sentence);
}

/** A deletion as a request has it; throws as `readPut` does. */
export function readDelete(context: Context, body: Body): Write {
  return { ...readKeyed(context, body), change: () => undefined };
}

/** A ConditionCheck of a transaction: it writes nothing but may refuse. */
export function readCheck(context: Context, body: Body): Write {
  return { ...readKeyed(context, body), change: (before) => before, isCheck: true };
}

function readKeyed(context: Context, body: Body): Omit<Write, "change"> {
  const placeholders = readPlaceholders(body, ["ConditionExpression"]);
  const condition = readOptionalCondition(body, "ConditionExpression", placeholders);
  refuseUnused(placeholders);
  const key = checkItem(body.Key as Body);
  const table = context.tables.get(body.TableName);
  checkKey(table.schema, key);
  return { table, key, condition, returnsItem: returnsItem(body) };
}

/** An update as a request has it, with its changes; throws as `readPut` does. */
export function readUpdateWrite(context: Context, body: Body): Write & { changes: Change[] } {
  const members = ["UpdateExpression", "ConditionExpression"];
  const placeholders = readPlaceholders(body, members);
  const text = body.UpdateExpression;
  const changes = text === undefined || text === null ? [] : readUpdate(String(text), placeholders);
  const condition = readOptionalCondition(body, "ConditionExpression", placeholders);
  refuseUnused(placeholders);
  const key = checkItem(body.Key as Body);
  const table = context.tables.get(body.TableName);
  checkKey(table.schema, key);
  const keyNames = partsOf(table.schema).map(({ name }) => name);
  for (const { path } of changes) {
    if (keyNames.includes(path[0] as string)) {
      throw invalidParameter(
        `Cannot update attribute ${path[0]}. This attribute is part of the key`,
      );
    }
  }
  const change = (before: Item | undefined) => {
    const after = applyChanges(before ?? key, changes);
    checkSize(after, "Item size to update has exceeded the maximum allowed size");
    for (const index of table.indexes) isIndexed(index.schema, index.name, after);
    return after;
  };
  return { table, key, condition, change, changes, returnsItem: returnsItem(body) };
}

/** What a write has done. */
export type Written = { before: Item | undefined; after: Item | undefined; cost: WriteCost };

/** Throws ConditionalCheckFailedException; has to be called within a transaction. */
export function carryOut({ storage }: Context, write: Write): Written {
  const { table, condition } = write;
  const stored = storage.get(table, encodeKey(table.schema, write.key));
  if (condition && !meets(stored?.item, condition)) {
    throw conditionFailed(write.returnsItem ? stored?.item : undefined);
  }
  const after = write.change(stored?.item);
  if (write.isCheck) {
    const units = Math.max(1, Math.ceil((stored?.bytes ?? 0) / 1024));
    return { before: stored?.item, after, cost: { table: units, indexes: new Map() } };
  }
  return { before: stored?.item, after, cost: storage.replace(table, stored, after) };
}

export const putItem: Operation = (context, body) => {
  checkCommon(body, ["Item"]);
  checkReturnValues(body, ["NONE", "ALL_OLD"]);
  const write = readPut(context, body);
  const { before, cost } = context.storage.atomically(() => carryOut(context, write));
  return {
    ...(body.ReturnValues === "ALL_OLD" && before && { Attributes: before }),
    ...capacityOf(body, write.table, cost),
    ...metricsOf(body, write),
  };
};

export const deleteItem: Operation = (context, body) => {
  checkCommon(body, ["Key"]);
  checkReturnValues(body, ["NONE", "ALL_OLD"]);
  const write = readDelete(context, body);
  const { before, cost } = context.storage.atomically(() => carryOut(context, write));
  return {
    ...(body.ReturnValues === "ALL_OLD" && before && { Attributes: before }),
    ...capacityOf(body, write.table, cost),
    ...metricsOf(body, write),
  };
};

export const updateItem: Operation = (context, body) => {
  checkCommon(body, ["Key"]);
  const write = readUpdateWrite(context, body);
  const { before, after, cost } = context.storage.atomically(() => carryOut(context, write));
  const attributes = returnedOf(body.ReturnValues, before, after ?? {}, write.changes);
  return {
    ...(attributes && { Attributes: attributes }),
    ...capacityOf(body, write.table, cost),
    ...metricsOf(body, write),
  };
};

function checkReturnValues(body: Body, allowed: string[]): void {
  if (body.ReturnValues === undefined || allowed.includes(String(body.ReturnValues))) return;
  throw invalid("Return values set to invalid value");
}

function returnedOf(
  asked: unknown,
  before: Item | undefined,
  after: Item,
  changes: Change[],
): Item | undefined {
  if (asked === "ALL_NEW") return after;
  if (asked === "ALL_OLD") return before;
  if (asked !== "UPDATED_NEW" && asked !== "UPDATED_OLD") return undefined;
  const from = asked === "UPDATED_NEW" ? after : before;
  if (!from) return undefined;
  const paths = changes.map(({ path }) => path).filter((path) => getAt(from, path));
  return paths.length === 0 ? undefined : project(from, paths);
}

/** Item collections are measured in tables with local indexes alone; here always 0 to 1 GB. */
function metricsOf(body: Body, { table, key }: Write): Body {
  if (body.ReturnItemCollectionMetrics !== "SIZE") return {};
  if (table.indexes.every(({ isGlobal }) => isGlobal)) return {};
  const { name } = table.schema.hash;
  return {
    ItemCollectionMetrics: {
      ItemCollectionKey: { [name]: key[name] },
      SizeEstimateRangeGB: [0, 1],
    },
  };
}
