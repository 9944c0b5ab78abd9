import { BatchGetCommand, QueryCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { dueIndex, type Key, prefix } from "../../table/keys.ts";
import { type Item, table, tableName } from "../../table/table.ts";

/** Due items that a balance looks at; whoever has more is shown the sum of these. */
const pendingMax = 1000;

/** Credits that the user has received and that are not settled yet: of at most 1,000 gifts. */
export async function sumPending(userId: string): Promise<number> {
  const { Items = [] } = await table().send(
    new QueryCommand({
      TableName: tableName(),
      IndexName: dueIndex.name,
      KeyConditionExpression: "#due = :user",
      ExpressionAttributeNames: { "#due": dueIndex.PK },
      ExpressionAttributeValues: { ":user": userId },
      Limit: pendingMax,
    }),
  );
  return Items.reduce((sum, item) => sum + Number(item.dueCredits), 0);
}

/** Credits that all wallets owe together, and how many owe. */
export async function sumDebts(): Promise<{ owed: number; wallets: number }> {
  const sum = { owed: 0, wallets: 0 };
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table().send(
      new QueryCommand({
        TableName: tableName(),
        IndexName: dueIndex.name,
        KeyConditionExpression: "#due = :debtors",
        ExpressionAttributeNames: { "#due": dueIndex.PK },
        ExpressionAttributeValues: { ":debtors": dueIndex.debtors },
        ExclusiveStartKey,
      }),
    );
    for (const { dueCredits } of page.Items ?? []) sum.owed += Number(dueCredits);
    sum.wallets += page.Items?.length ?? 0;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return sum;
}

/** Where a walk through the index goes on: behind this item, whether it is there or not. */
export type DuePlace = Key & { due: string };

/** A sort key behind those of all gifts. */
const behindGifts = prefix.gifts.replace("#", "$");

/** A page of what is due, and where the next one begins; undefined at the end of the index. */
type DuePage = { keys: Key[]; next: DuePlace | undefined };

/**
 * Keys of the next `limit` gifts that are due, whoever receives them. Where a page is one
 * receiver's alone, the next one begins behind that receiver, so that nobody's heap hides others.
 */
export async function listDue(from: DuePlace | undefined, limit: number): Promise<DuePage> {
  const { Items = [], LastEvaluatedKey } = await table().send(
    new ScanCommand({
      TableName: tableName(),
      IndexName: dueIndex.name,
      Limit: limit,
      ExclusiveStartKey: from,
    }),
  );
  const keys = Items.map(({ PK, SK }) => ({ PK, SK }) as Key);
  const [first, last] = [Items[0], LastEvaluatedKey as DuePlace | undefined];
  const isOne = first !== undefined && first.due === last?.due;
  const next = isOne && last !== undefined ? { ...last, SK: behindGifts } : last;
  return { keys: keys.filter(({ SK }) => SK.startsWith(prefix.gifts)), next };
}

/** Items by their keys, of at most 100, read consistently; those that are gone are left out. */
export async function readDue(keys: readonly Key[]): Promise<Item[]> {
  const items: Item[] = [];
  let Keys = [...keys];
  while (Keys.length > 0) {
    const RequestItems = { [tableName()]: { Keys, ConsistentRead: true } };
    const page = await table().send(new BatchGetCommand({ RequestItems }));
    items.push(...((page.Responses?.[tableName()] ?? []) as Item[]));
    Keys = (page.UnprocessedKeys?.[tableName()]?.Keys ?? []) as Key[];
  }
  return items;
}
