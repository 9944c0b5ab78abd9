import {
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  type ScanCommandInput,
} from "@aws-sdk/lib-dynamodb";
import type { Item } from "./items.ts";
import { dueIndex, type Key } from "./keys.ts";
import { endOfTurn, table, tableName } from "./table.ts";

/** How to read the items of one partition. */
type Walk = {
  /** The most items that are read, so that every list has bounded cost. */
  limit: number;
  newestFirst?: boolean;
  consistent?: boolean;
  /** Continues after this sort key, in the direction of the walk. */
  after?: string;
};

/** A walk that ends when its caller stops iterating. */
type OpenWalk = Partial<Walk> & {
  /** The most items of one page. */
  pageSize?: number;
  /** The required attributes, if the others are large. */
  fields?: string;
};

/** Items of a partition: those with a sort key prefix, or between two sort keys (inclusive). */
export type Range = { prefix: string } | { low: string; high: string };

/** The items of a partition from `low` to `high` (sort keys, inclusive). */
export const queryRange = (
  partition: Key,
  low: string,
  high: string,
  walk: Walk,
): Promise<Item[]> => collect(queryPages(partition, { low, high }, walk));

/** The items of a partition with this sort key prefix; all of them if it is empty. */
export const queryItems = (partition: Key, prefix: string, walk: Walk): Promise<Item[]> =>
  collect(queryPages(partition, { prefix }, walk));

/** All items of a range, for lists that are bounded when they are written. */
export const queryWhole = (
  partition: Pick<Key, "PK">,
  range: Range,
  consistent = true,
): Promise<Item[]> => collect(queryPages(partition, range, { consistent }));

/**
 * The items of a range one by one, while the caller iterates; `partition` is any key in it.
 */
export async function* queryAll(
  partition: Pick<Key, "PK">,
  range: Range,
  walk: OpenWalk = {},
): AsyncGenerator<Item> {
  for await (const page of queryPages(partition, range, walk)) yield* page;
}

/** The items of a range page by page, while the caller iterates. */
export function queryPages(
  { PK }: Pick<Key, "PK">,
  range: Range,
  { limit, pageSize, newestFirst = false, consistent = false, after, fields }: OpenWalk = {},
): AsyncGenerator<Item[]> {
  const { condition, values } = conditionOf(range);
  const query = {
    KeyConditionExpression: `PK = :pk${condition}`,
    ExpressionAttributeValues: { ":pk": PK, ...values },
    ScanIndexForward: !newestFirst,
    ConsistentRead: consistent,
    ...(after !== undefined && { ExclusiveStartKey: { PK, SK: after } }),
    ...(fields !== undefined && { ProjectionExpression: fields }),
  };
  return pagesOf(query, limit, pageSize);
}

/** The key condition of a range; none for an empty prefix, which DynamoDB would refuse. */
function conditionOf(range: Range): { condition: string; values: Record<string, string> } {
  if (!("prefix" in range)) {
    const values = { ":low": range.low, ":high": range.high };
    return { condition: " AND SK BETWEEN :low AND :high", values };
  }
  if (range.prefix === "") return { condition: "", values: {} };
  return { condition: " AND begins_with(SK, :prefix)", values: { ":prefix": range.prefix } };
}

/**
 * The entries of one owner (a user, all debtors, a receiver of deliveries) in the index of due
 * items, oldest first, after the sort key `after`.
 */
export async function* queryDue(
  owner: string,
  limit?: number,
  after?: string,
): AsyncGenerator<Item> {
  const isAfter = after !== undefined;
  const query = {
    IndexName: dueIndex.name,
    KeyConditionExpression: `#due = :owner${isAfter ? " AND SK > :after" : ""}`,
    ExpressionAttributeNames: { "#due": dueIndex.PK },
    ExpressionAttributeValues: { ":owner": owner, ...(isAfter && { ":after": after }) },
  };
  for await (const page of pagesOf(query, limit)) yield* page;
}

async function* pagesOf(
  query: Omit<QueryCommandInput, "TableName">,
  limit = Number.POSITIVE_INFINITY,
  pageSize = Number.POSITIVE_INFINITY,
): AsyncGenerator<Item[]> {
  let count = 0;
  let ExclusiveStartKey = query.ExclusiveStartKey;
  do {
    const Limit = Math.min(pageSize, limit - count);
    const page = await table().send(
      new QueryCommand({
        TableName: tableName(),
        ...query,
        ExclusiveStartKey,
        ...(Number.isFinite(Limit) && { Limit }),
      }),
    );
    const items = (page.Items ?? []) as Item[];
    yield items;
    count += items.length;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined && count < limit);
}

/** The parameters of a Scan besides the table. */
type Scan = Omit<ScanCommandInput, "TableName">;

/** One page of a Scan, and where the next one begins; undefined at the end. */
export async function scanPage(
  scan: Scan,
): Promise<{ items: Item[]; next: Record<string, unknown> | undefined }> {
  const page = await table().send(new ScanCommand({ TableName: tableName(), ...scan }));
  return { items: (page.Items ?? []) as Item[], next: page.LastEvaluatedKey };
}

/**
 * Every item of the table, once, page by page; with a filter, those that match. Items of one
 * partition are adjacent and in the order of their sort keys, as Scan guarantees for one segment.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
 */
export async function* scanTable(scan: Scan = {}): AsyncGenerator<Item> {
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const { items, next } = await scanPage({ ConsistentRead: true, ...scan, ExclusiveStartKey });
    yield* items;
    ExclusiveStartKey = next;
  } while (ExclusiveStartKey !== undefined);
}

async function collect(pages: AsyncGenerator<Item[]>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const page of pages) list.push(...page);
  return list;
}

/**
 * A read that is shared by all equal requests in one turn of the event loop. It begins after the
 * last request, so each sees every write that its own read would have seen. Callers share the
 * result, which must not be changed.
 */
export function coalesce<Args extends readonly (string | number)[], Answer>(
  read: (...args: Args) => Promise<Answer>,
): (...args: Args) => Promise<Answer> {
  const waiting = new Map<string, Promise<Answer>>();
  return (...args) => {
    const name = args.join(" ");
    const found = waiting.get(name);
    if (found !== undefined) return found;
    const answer = endOfTurn().then(() => {
      waiting.delete(name);
      return read(...args);
    });
    waiting.set(name, answer);
    return answer;
  };
}

/**
 * Limits equal reads to one at a time: callers that arrive in the meantime share the next one,
 * which starts after their call, so its result is never older than the call. A caller waits for at
 * most two reads.
 */
export function share<Args extends readonly (string | number)[], Answer>(
  read: (...args: Args) => Promise<Answer>,
): (...args: Args) => Promise<Answer> {
  const underWay = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<Answer>>();
  return (...args) => {
    const name = args.join(" ");
    const found = next.get(name);
    if (found !== undefined) return found;
    const answer = Promise.resolve(underWay.get(name)).then(() => {
      next.delete(name);
      const own = read(...args);
      const done = own
        .then(
          () => undefined,
          () => undefined,
        )
        .then(() => {
          if (underWay.get(name) === done) underWay.delete(name);
        });
      underWay.set(name, done);
      return own;
    });
    next.set(name, answer);
    return answer;
  };
}
