import type { Body, Context } from "./context.ts";
import { applyChanges } from "./expressions/apply.ts";
import { meetsCondition } from "./expressions/evaluate.ts";
import type { Placeholders } from "./expressions/reader.ts";
import type { Change, Condition } from "./expressions/syntax.ts";
import { readUpdate } from "./expressions/update.ts";
import { invalid, invalidParameter } from "./failure.ts";
import {
  checkItemKey,
  checkKey,
  conditionFailed,
  encodeKey,
  isIndexed,
  partsOf,
  refuseKeysAsDocuments,
} from "./keys.ts";
import { readOptionalCondition, readPlaceholders, refuseUnused } from "./request.ts";
import { type WriteCost, writeUnits } from "./storage.ts";
import type { Table } from "./tables.ts";
import { checkItem, countItemBytes, type Item, itemBytesMax } from "./values.ts";

/** One write, parsed from a request and validated as far as possible without the stored item. */
export type Write = {
  table: Table;
  /** The key, or the whole item of a put. */
  key: Item;
  condition: Condition | undefined;
  /** The resulting item; undefined deletes it. */
  change(before: Item | undefined): Item | undefined;
  /** A condition check changes nothing. */
  isCheck?: boolean;
  /** Whether a failed condition answers with the item. */
  returnsItem: boolean;
};

/** A put from a request. Throws a ValidationException for values that DynamoDB would refuse. */
export function readPut(context: Context, body: Body): Write {
  const placeholders = readPlaceholders(body, ["ConditionExpression"]);
  const condition = readOptionalCondition(body, "ConditionExpression", placeholders);
  refuseUnused(placeholders);
  const item = checkItem(body.Item as Body);
  checkSize(item, "Item size has exceeded the maximum allowed size");
  const table = context.tables.get(body.TableName);
  refuseKeysAsDocuments(table, placeholders.namesOfDocuments);
  checkItemKey(table.schema, item);
  for (const index of table.indexes) isIndexed(index.schema, index.name, item);
  return { table, key: item, condition, change: () => item, returnsItem: returnsItem(body) };
}

const returnsItem = (body: Body) => body.ReturnValuesOnConditionCheckFailure === "ALL_OLD";

function checkSize(item: Item, sentence: string): void {
  if (countItemBytes(item) > itemBytesMax) throw invalid(sentence);
}

/** A deletion from a request; throws as `readPut` does. */
export function readDelete(context: Context, body: Body): Write {
  return { ...readKeyed(context, body), change: () => undefined };
}

/** A ConditionCheck of a transaction: it writes nothing but may refuse. */
export function readCheck(context: Context, body: Body): Write {
  return { ...readKeyed(context, body), change: (before) => before, isCheck: true };
}

function readKeyed(context: Context, body: Body): Omit<Write, "change"> {
  return readPlace(context, body, readPlaceholders(body, ["ConditionExpression"]));
}

/**
 * The target of a write and its condition; other expressions with placeholders were parsed before.
 */
function readPlace(
  context: Context,
  body: Body,
  placeholders: Placeholders,
): Omit<Write, "change"> {
  const condition = readOptionalCondition(body, "ConditionExpression", placeholders);
  refuseUnused(placeholders);
  const key = checkItem(body.Key as Body);
  const table = context.tables.get(body.TableName);
  refuseKeysAsDocuments(table, placeholders.namesOfDocuments);
  checkKey(table.schema, key);
  return { table, key, condition, returnsItem: returnsItem(body) };
}

/** An update from a request, with its changes; throws as `readPut` does. */
export function readUpdateWrite(context: Context, body: Body): Write & { changes: Change[] } {
  const members = ["UpdateExpression", "ConditionExpression"];
  const placeholders = readPlaceholders(body, members);
  const text = body.UpdateExpression;
  const changes = text === undefined || text === null ? [] : readUpdate(String(text), placeholders);
  const place = readPlace(context, body, placeholders);
  const { table, key } = place;
  const keyNames = partsOf(table.schema).map(({ name }) => name);
  for (const { path } of changes) {
    if (keyNames.includes(path[0] as string))
      throw invalidParameter(
        `Cannot update attribute ${path[0]}. This attribute is part of the key`,
      );
  }
  const change = (before: Item | undefined) => {
    const after = applyChanges(before ?? key, changes);
    checkSize(after, "Item size to update has exceeded the maximum allowed size");
    for (const index of table.indexes) isIndexed(index.schema, index.name, after);
    return after;
  };
  return { ...place, change, changes };
}

/** Throws this sentence if an item occurs more than once in one request. */
export function refuseTwice(entries: Pick<Write, "table" | "key">[], sentence: string): void {
  const names = entries.map(({ table, key }) => {
    const { hash, range } = encodeKey(table.schema, key);
    return [table.id, Buffer.from(hash).toString("hex"), Buffer.from(range).toString("hex")].join();
  });
  if (new Set(names).size < names.length) throw invalid(sentence);
}

/** The effect of a write. */
export type Written = { before: Item | undefined; after: Item | undefined; cost: WriteCost };

/** Throws ConditionalCheckFailedException; must be called within a transaction. */
export function executeWrite({ storage }: Context, write: Write): Written {
  const { table, condition } = write;
  const stored = storage.get(table, encodeKey(table.schema, write.key));
  if (condition && !meetsCondition(stored?.item, condition))
    throw conditionFailed(write.returnsItem ? stored?.item : undefined);
  const after = write.change(stored?.item);
  if (write.isCheck) {
    const cost = { table: writeUnits(stored?.bytes ?? 0), indexes: new Map() };
    return { before: stored?.item, after, cost };
  }
  return { before: stored?.item, after, cost: storage.replace(table, stored, after) };
}
