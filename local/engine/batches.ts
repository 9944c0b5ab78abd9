import { capacityOfAll, readUnits } from "./capacity.ts";
import type { Body, Context, Operation } from "./context.ts";
import { project } from "./expressions/paths.ts";
import { invalid } from "./failure.ts";
import { readPaths } from "./items.ts";
import { checkKey, encodeKey, refuseKeysAsDocuments } from "./keys.ts";
import { capacityChoices, Faults, requireMembers } from "./request.ts";
import { checkItem, type Item } from "./values.ts";
import { executeWrite, readDelete, readPut, refuseTwice, type Write } from "./writes.ts";

const getsMax = 100;
const writesMax = 25;
const answerBytesMax = 16 * 1024 * 1024;

function checkRequests(operation: string, body: Body): [string, unknown][] {
  const requests = body.RequestItems as Record<string, unknown> | undefined | null;
  const faults = new Faults();
  faults.oneOf(body.ReturnConsumedCapacity, "returnConsumedCapacity", capacityChoices);
  faults.end();
  if (!requests || Object.keys(requests).length === 0)
    throw invalid(`The requestItems parameter is required for ${operation}`);
  return Object.entries(requests ?? {});
}

export const batchGetItem: Operation = (context, body) => {
  const requests = checkRequests("BatchGetItem", body);
  const faults = new Faults();
  for (const [name, request] of requests) {
    const keys = (request as Body)?.Keys as unknown[] | undefined;
    const at = `RequestItems.${name}.member.Keys`;
    faults.required(keys, `requestItems.${name}.member.keys`);
    if (keys?.length === 0) faults.addUnshown(at, "have length greater than or equal to 1");
    if (keys && keys.length > getsMax)
      faults.addUnshown(at, `have length less than or equal to ${getsMax}`);
  }
  faults.end();
  const total = requests.reduce(
    (sum, [, request]) => sum + ((request as Body).Keys as unknown[]).length,
    0,
  );
  if (total > getsMax) throw invalid("Too many items requested for the BatchGetItem call");
  const reads = requests.map(([name, request]) => {
    const asked = request as Body;
    requireMembers(asked);
    const { paths, namesOfDocuments } = readPaths(asked);
    const table = context.tables.get(name);
    refuseKeysAsDocuments(table, namesOfDocuments);
    const keys = (asked.Keys as Body[]).map((key) => checkItem(key));
    for (const key of keys) checkKey(table.schema, key);
    return { name, asked, table, keys, paths };
  });
  refuseTwice(
    reads.flatMap(({ table, keys }) => keys.map((key) => ({ table, key }))),
    "Provided list of item keys contains duplicates",
  );
  const responses: Record<string, Item[]> = {};
  const unprocessed: Body = {};
  const costs: Parameters<typeof capacityOfAll>[1] = [];
  let bytes = 0;
  for (const { name, asked, table, keys, paths } of reads) {
    const items: Item[] = [];
    const left: Item[] = [];
    let units = 0;
    for (const key of keys) {
      if (bytes > answerBytesMax) {
        left.push(key);
        continue;
      }
      const stored = context.readsFor(asked).get(table, encodeKey(table.schema, key));
      units += readUnits(stored?.bytes ?? 0, asked.ConsistentRead === true);
      if (!stored) continue;
      bytes += stored.bytes;
      items.push(paths ? project(stored.item, paths) : stored.item);
    }
    responses[name] = items;
    if (left.length > 0) unprocessed[name] = { ...asked, Keys: left };
    costs.push({ table, cost: { table: units, indexes: new Map() } });
  }
  return {
    Responses: responses,
    UnprocessedKeys: unprocessed,
    ...capacityOfAll(body, costs),
  };
};

export const batchWriteItem: Operation = (context, body) => {
  const requests = checkRequests("BatchWriteItem", body) as [string, Body[]][];
  const faults = new Faults();
  for (const [name, writes] of requests) {
    const at = `requestItems.${name}`;
    faults.required(writes, at);
    if (writes?.length === 0) faults.add([], at, "have length greater than or equal to 1");
    if (writes && writes.length > writesMax)
      faults.addToMap(name, writes, `length less than or equal to ${writesMax}`);
  }
  faults.end();
  if (requests.reduce((sum, [, writes]) => sum + writes.length, 0) > writesMax)
    throw invalid("Too many items requested for the BatchWriteItem call");
  const writes = requests.flatMap(([name, list]) =>
    list.map((entry) => readEntry(context, name, entry)),
  );
  refuseTwice(writes, "Provided list of item keys contains duplicates");
  const costs = context.storage.atomically(() =>
    writes.map((write) => ({ table: write.table, cost: executeWrite(context, write).cost })),
  );
  return { UnprocessedItems: {}, ...capacityOfAll(body, costs) };
};

function readEntry(context: Context, name: string, entry: Body): Write {
  const put = entry.PutRequest as Body | undefined;
  const remove = entry.DeleteRequest as Body | undefined;
  if (!put === !remove)
    throw invalid(
      put
        ? "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
        : "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
    );
  return put
    ? readPut(context, { TableName: name, Item: put.Item })
    : readDelete(context, { TableName: name, Key: remove?.Key });
}
