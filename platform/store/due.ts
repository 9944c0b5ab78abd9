import { BatchGetCommand, QueryCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { dueIndex, type Key, prefix } from "./keys.ts";
import { type Item, table, tableName } from "./table.ts";

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

/** A gift that is due for longer than this was missed by the stream's consumer. */
const overdueSeconds = 30;

/** Items of one sweep; the next one takes the rest. */
const sweepMax = 1000;

/** Keys that one BatchGetItem takes. */
const batchMax = 100;

/** Gifts of anybody that should have been settled, read consistently; at most 1,000. */
export async function findOverdue(now: Date): Promise<Item[]> {
  const { Items = [] } = await table().send(
    new ScanCommand({ TableName: tableName(), IndexName: dueIndex.name, Limit: sweepMax }),
  );
  const latest = Math.floor(now.getTime() / 1000) - overdueSeconds;
  const keys = Items.map(({ PK, SK }) => ({ PK, SK }) as Key).filter(
    ({ SK }) => secondsOf(SK) <= latest,
  );
  const found: Item[] = [];
  for (let at = 0; at < keys.length; at += batchMax)
    found.push(...(await readAll(keys.slice(at, at + batchMax))));
  return found;
}

/** The time of a gift, which its id begins with. */
const secondsOf = (SK: string) =>
  Number.parseInt(SK.slice(prefix.gifts.length, prefix.gifts.length + 8), 16);

async function readAll(keys: Key[]): Promise<Item[]> {
  const items: Item[] = [];
  let Keys = keys;
  while (Keys.length > 0) {
    const RequestItems = { [tableName()]: { Keys, ConsistentRead: true } };
    const page = await table().send(new BatchGetCommand({ RequestItems }));
    items.push(...((page.Responses?.[tableName()] ?? []) as Item[]));
    Keys = (page.UnprocessedKeys?.[tableName()]?.Keys ?? []) as Key[];
  }
  return items;
}
