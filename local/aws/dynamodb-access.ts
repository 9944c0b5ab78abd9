import type { Table } from "../model.ts";
import { type Access, AwsFailure } from "./failure.ts";

/** An item or key in DynamoDB's JSON: `{ PK: { S: "USER#1" } }`. */
export type Attributes = Record<string, Record<string, unknown>>;

type Body = Record<string, unknown>;

/**
 * The permissions that a DynamoDB request needs, according to AWS's service authorization
 * reference: a transaction needs those of its parts, a batch those of its items, a Query or Scan of
 * an index that of the index. Throws AwsFailure for operations and tables that the stage lacks.
 */
export function listAccess(tables: Table[], operation: string, body: Body): Access[] {
  const ask = (action: string, source: Body, keys: (Attributes | undefined)[] | undefined) =>
    accessOf(findTable(tables, source.TableName), action, source, keys);
  switch (operation) {
    case "GetItem":
    case "UpdateItem":
    case "DeleteItem":
      return [ask(operation, body, [body.Key as Attributes])];
    case "PutItem":
      return [ask(operation, body, [body.Item as Attributes])];
    case "Query":
      return [askQuery(tables, body)];
    case "Scan":
      return [ask("Scan", body, undefined)];
    case "BatchGetItem":
    case "BatchWriteItem":
      return listBatch(operation, body).map(({ table, keys }) =>
        ask(operation, { TableName: table }, keys),
      );
    case "TransactWriteItems":
      return listTransaction(body).map(({ action, part }) =>
        ask(action, part, [(part.Item ?? part.Key) as Attributes]),
      );
    case "DescribeTable":
    case "DescribeTimeToLive":
      return [ask(operation, body, undefined)];
    default:
      throw new AwsFailure(
        400,
        "UnknownOperationException",
        `The local endpoint does not have the DynamoDB operation ${operation}`,
      );
  }
}

/** The requests of a transaction, each with the action that it needs. */
export function listTransaction(body: Body): { action: string; part: Body }[] {
  const actions: Record<string, string> = {
    Put: "PutItem",
    Update: "UpdateItem",
    Delete: "DeleteItem",
    ConditionCheck: "ConditionCheckItem",
  };
  return listOf(body.TransactItems).flatMap((entry) =>
    Object.entries(entry).flatMap(([kind, part]) =>
      Object.hasOwn(actions, kind) && part ? [{ action: actions[kind]!, part: part as Body }] : [],
    ),
  );
}

/** The keys or items of a batch by table. */
function listBatch(operation: string, body: Body): { table: string; keys: Attributes[] }[] {
  return Object.entries((body.RequestItems ?? {}) as Record<string, unknown>).map(
    ([table, request]) => {
      if (operation === "BatchGetItem") {
        return { table, keys: listOf((request as Body)?.Keys) as Attributes[] };
      }
      const writes = listOf(request);
      const items = writes.flatMap((write) => (write.PutRequest as Body)?.Item ?? []);
      const keys = writes.flatMap((write) => (write.DeleteRequest as Body)?.Key ?? []);
      return { table, keys: [...items, ...keys] as Attributes[] };
    },
  );
}

/** Keys of all items that a request names, as `PK/SK`; of a Query the partition key alone. */
export function listKeys(tables: Table[], operation: string, body: Body): string[] {
  const names = (table: unknown) => {
    const schema = findTable(tables, table).createTable.KeySchema as { AttributeName: string }[];
    return schema.map((key) => key.AttributeName);
  };
  const write = (table: unknown, key: Attributes | undefined) =>
    names(table)
      .map((name) => readScalar(key?.[name]))
      .join("/");
  if (operation === "Query") return askQuery(tables, body).leadingKeys ?? [];
  if (body.RequestItems)
    return listBatch(operation, body).flatMap(({ table, keys }) =>
      keys.map((key) => write(table, key)),
    );
  const parts = body.TransactItems ? listTransaction(body).map(({ part }) => part) : [body];
  return parts
    .filter((part) => part.Item ?? part.Key)
    .map((part) => write(part.TableName, (part.Item ?? part.Key) as Attributes));
}

function listOf(value: unknown): Body[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "object" && entry) : [];
}

/** Tables are named by name or by ARN. */
function findTable(tables: Table[], name: unknown): Table {
  const table = tables.find((one) => one.name === name || one.arn === name);
  if (!table)
    throw new AwsFailure(400, "ResourceNotFoundException", `Requested resource not found: ${name}`);
  return table;
}

/** The attribute that is the partition key of a table, or of its index when one is named. */
function findPartitionKeyName(table: Table, indexName?: unknown): string | undefined {
  type Keyed = { IndexName?: string; KeySchema?: { AttributeName: string; KeyType: string }[] };
  const made = table.createTable as Keyed & { GlobalSecondaryIndexes?: Keyed[] };
  const indexes = made.GlobalSecondaryIndexes;
  const keyed = indexName ? indexes?.find((index) => index.IndexName === indexName) : made;
  return keyed?.KeySchema?.find((key) => key.KeyType === "HASH")?.AttributeName;
}

function accessOf(
  table: Table,
  action: string,
  source: Body,
  keys: (Attributes | undefined)[] | undefined,
): Access {
  const index = typeof source.IndexName === "string" ? source.IndexName : undefined;
  const name = findPartitionKeyName(table, index) ?? "";
  return {
    action: `dynamodb:${action}`,
    resource: index ? `${table.arn}/index/${index}` : table.arn,
    ...(keys && { leadingKeys: keys.map((key) => readScalar(key?.[name])) }),
  };
}

function readScalar(value: Record<string, unknown> | undefined): string {
  return String(value?.S ?? value?.N ?? value?.B ?? "");
}

/** The permission for a Query, with the value of the partition key in its key condition. */
function askQuery(tables: Table[], body: Body): Access {
  const table = findTable(tables, body.TableName);
  const name = findPartitionKeyName(table, body.IndexName) ?? "";
  const names = (body.ExpressionAttributeNames ?? {}) as Record<string, string>;
  const values = (body.ExpressionAttributeValues ?? {}) as Attributes;
  const expression = String(body.KeyConditionExpression ?? "");
  const keys: Attributes[] = [];
  for (const [, left = "", right = ""] of expression.matchAll(/([#\w.-]+)\s*=\s*([:#\w.-]+)/g)) {
    // The key may be on either side of the equals sign.
    for (const [path, value] of [
      [left, right],
      [right, left],
    ] as const) {
      const attribute = path.startsWith("#") ? names[path] : path;
      if (attribute === name && values[value]) keys.push({ [name]: values[value] });
    }
  }
  if (keys.length === 0) {
    // DynamoDB would refuse such a Query, too. Without a key a policy has nothing to check, and an
    // empty list would satisfy ForAllValues.
    throw new AwsFailure(400, "ValidationException", "Query condition missed key schema element");
  }
  return accessOf(table, "Query", body, keys);
}
