import { describeCapacity, readUnits } from "./capacity.ts";
import type { Body, Operation } from "./context.ts";
import { getAt, project } from "./expressions/paths.ts";
import type { Change } from "./expressions/syntax.ts";
import { invalid } from "./failure.ts";
import { checkKey, encodeKey, refuseKeysAsDocuments } from "./keys.ts";
import {
  capacityChoices,
  Faults,
  readOptionalProjection,
  readPlaceholders,
  refuseUnused,
  requireMembers,
  returnChoices,
} from "./request.ts";
import type { WriteCost } from "./storage.ts";
import type { Table } from "./tables.ts";
import { checkItem, type Item } from "./values.ts";
import { executeWrite, readDelete, readPut, readUpdateWrite } from "./writes.ts";

export const getItem: Operation = (context, body) => {
  const faults = new Faults();
  faults.tableName(body.TableName);
  faults.required(body.Key, "key");
  faults.oneOf(body.ReturnConsumedCapacity, "returnConsumedCapacity", capacityChoices);
  faults.end();
  requireMembers(body);
  const { paths, namesOfDocuments } = readPaths(body);
  const key = checkItem(body.Key as Body);
  const table = context.tables.get(body.TableName);
  refuseKeysAsDocuments(table, namesOfDocuments);
  checkKey(table.schema, key);
  const stored = context.readsFor(body).get(table, encodeKey(table.schema, key));
  const units = readUnits(stored?.bytes ?? 0, body.ConsistentRead === true);
  return {
    ...(stored && { Item: paths ? project(stored.item, paths) : stored.item }),
    ...capacityOf(body, table, { table: units, indexes: new Map() }),
  };
};

/** The paths of a ProjectionExpression, if any, and the attributes within which it looks. */
export function readPaths(body: Body) {
  const placeholders = readPlaceholders(body, ["ProjectionExpression"]);
  const paths = readOptionalProjection(body, placeholders);
  refuseUnused(placeholders);
  return { paths, namesOfDocuments: placeholders.namesOfDocuments };
}

/** The `ConsumedCapacity` of a response about one table, if it was requested. */
export function capacityOf(body: Body, table: Table, cost: WriteCost): Body {
  const capacity = describeCapacity(body, table, cost);
  return capacity ? { ConsumedCapacity: capacity } : {};
}

function checkCommon(body: Body, required: string): void {
  const faults = new Faults();
  faults.oneOf(body.ReturnConsumedCapacity, "returnConsumedCapacity", capacityChoices);
  faults.tableName(body.TableName);
  faults.required(body[required], required.toLowerCase());
  faults.oneOf(body.ReturnValues, "returnValues", returnChoices);
  faults.end();
  requireMembers(body);
}

/** An operation that replaces an item, or removes it, and may return the one before. */
const replaceItem =
  (required: "Item" | "Key", readWrite: typeof readPut | typeof readDelete): Operation =>
  (context, body) => {
    checkCommon(body, required);
    const { ReturnValues = "NONE" } = body;
    if (!["NONE", "ALL_OLD"].includes(String(ReturnValues)))
      throw invalid("Return values set to invalid value");
    const write = readWrite(context, body);
    const { before, cost } = context.storage.atomically(() => executeWrite(context, write));
    return {
      ...(body.ReturnValues === "ALL_OLD" && before && { Attributes: before }),
      ...capacityOf(body, write.table, cost),
    };
  };

export const putItem = replaceItem("Item", readPut);
export const deleteItem = replaceItem("Key", readDelete);

export const updateItem: Operation = (context, body) => {
  checkCommon(body, "Key");
  const write = readUpdateWrite(context, body);
  const { before, after, cost } = context.storage.atomically(() => executeWrite(context, write));
  const attributes = returnedOf(body.ReturnValues, before, after ?? {}, write.changes);
  return {
    ...(attributes && { Attributes: attributes }),
    ...capacityOf(body, write.table, cost),
  };
};

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
