import { QueryCommand, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Key } from "./keys.ts";
import { type Item, table, tableName } from "./table.ts";

/** How to go through the items of one partition whose sort key begins alike. */
type Walk = {
  /** The most items that are read, so that no list costs without bound. */
  limit: number;
  newestFirst?: boolean;
  consistent?: boolean;
  /** Goes on after this sort key, in the direction of the walk. */
  after?: string;
};

/** The items of a partition from `low` to `high` (sort keys, both included). */
export function queryRange(partition: Key, low: string, high: string, walk: Walk): Promise<Item[]> {
  return walkThrough("PK = :pk AND SK BETWEEN :low AND :high", partition, walk, {
    ":low": low,
    ":high": high,
  });
}

/**
 * The items of a partition whose sort key begins with `prefix`, with an empty one all of them;
 * `partition` is any key of it. DynamoDB compares no key with an empty text.
 */
export function queryItems(partition: Key, prefix: string, walk: Walk): Promise<Item[]> {
  if (prefix === "") return walkThrough("PK = :pk", partition, walk, {});
  return walkThrough("PK = :pk AND begins_with(SK, :prefix)", partition, walk, {
    ":prefix": prefix,
  });
}

async function walkThrough(
  KeyConditionExpression: string,
  { PK }: Pick<Key, "PK">,
  { limit, newestFirst = false, consistent = false, after }: Walk,
  values: Record<string, string>,
): Promise<Item[]> {
  const items: Item[] = [];
  const request: QueryCommandInput = {
    TableName: tableName(),
    KeyConditionExpression,
    ExpressionAttributeValues: { ":pk": PK, ...values },
    ScanIndexForward: !newestFirst,
    ConsistentRead: consistent,
  };
  let ExclusiveStartKey: Record<string, unknown> | undefined =
    after === undefined ? undefined : { PK, SK: after };
  do {
    const answer = await table().send(
      new QueryCommand({ ...request, ExclusiveStartKey, Limit: limit - items.length }),
    );
    items.push(...((answer.Items ?? []) as Item[]));
    ExclusiveStartKey = answer.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined && items.length < limit);
  return items;
}
