import { openTestEngine } from "./engine.ts";

type Body = Record<string, unknown>;
type Cost = {
  CapacityUnits: number;
  ReadCapacityUnits?: number;
  WriteCapacityUnits?: number;
  Table?: { CapacityUnits: number };
  GlobalSecondaryIndexes?: Record<string, { CapacityUnits: number }>;
};

const ReturnConsumedCapacity = "INDEXES";
/** An item of a certain size: `pk`, `sk` and `x` with their values, and a filler. */
const itemOf = (bytes: number, more: Body = {}) => ({
  pk: { S: "a" },
  sk: { S: "1" },
  x: { S: "x".repeat(bytes - 7) },
  ...more,
});
const Key = { pk: { S: "a" }, sk: { S: "1" } };

function open() {
  const engine = openTestEngine();
  const cost = (operation: string, body: Body): Cost => {
    const answer = engine.must(operation, { TableName: "things", ReturnConsumedCapacity, ...body });
    return [answer.ConsumedCapacity].flat()[0] as Cost;
  };
  const put = (Item: Body) => cost("PutItem", { Item });
  return { ...engine, cost, put };
}

test.each([
  [7, 1],
  [1024, 1],
  [1025, 2],
  [4096, 4],
  [409_600, 400],
])("an item of %i bytes takes %i write units", (bytes, units) => {
  expect(open().put(itemOf(bytes)).CapacityUnits).toBe(units);
});

test("a write costs by the larger of the item before and after it", () => {
  const { put, cost } = open();
  put(itemOf(3000));
  expect(put(itemOf(100)).CapacityUnits).toBe(3);
  expect(put(itemOf(5000)).CapacityUnits).toBe(5);
  const UpdateExpression = "REMOVE x";
  expect(cost("UpdateItem", { Key, UpdateExpression }).CapacityUnits).toBe(5);
  put(itemOf(2049));
  expect(cost("DeleteItem", { Key }).CapacityUnits).toBe(3);
  expect(cost("DeleteItem", { Key }).CapacityUnits).toBe(1);
});

test.each([
  [7, 1],
  [4096, 1],
  [4097, 2],
  [12_289, 4],
])("a consistent read of %i bytes takes %i units, another one the half", (bytes, units) => {
  const { put, cost } = open();
  put(itemOf(bytes));
  expect(cost("GetItem", { Key, ConsistentRead: true }).CapacityUnits).toBe(units);
  expect(cost("GetItem", { Key }).CapacityUnits).toBe(units / 2);
  // Items that a projection or filter drops were read, too.
  const less = { Key, ProjectionExpression: "sk" };
  expect(cost("GetItem", less).CapacityUnits).toBe(units / 2);
});

test("a query rounds up the sum of its items' units, a batch those of each item", () => {
  const { put, cost } = open();
  for (let n = 0; n < 8; n++) put({ ...itemOf(1000), sk: { S: String(n) } });
  const all = {
    KeyConditionExpression: "pk = :pk",
    ExpressionAttributeValues: { ":pk": { S: "a" } },
  };
  expect(cost("Query", all).CapacityUnits).toBe(1);
  expect(cost("Query", { ...all, ConsistentRead: true }).CapacityUnits).toBe(2);
  expect(cost("Query", { ...all, Limit: 1 }).CapacityUnits).toBe(0.5);
  const none = { ...all, ExpressionAttributeValues: { ":pk": { S: "none" } } };
  expect(cost("Query", none).CapacityUnits).toBe(0.5);
  const Keys = Array.from({ length: 10 }, (_, n) => ({ ...Key, sk: { S: String(n) } }));
  const RequestItems = { things: { Keys } };
  expect(cost("BatchGetItem", { RequestItems }).CapacityUnits).toBe(5);
});

test("a transaction writes twice, its index once; a check is a write", () => {
  const { cost } = open();
  const Item = itemOf(1500, { owner: { S: "o" }, rank: { N: "1" } });
  const check = {
    ConditionCheck: {
      TableName: "things",
      Key: { ...Key, sk: { S: "2" } },
      ConditionExpression: "attribute_not_exists(pk)",
    },
  };
  const TransactItems = [{ Put: { TableName: "things", Item } }, check];
  const first = cost("TransactWriteItems", { TransactItems, ClientRequestToken: "once" });
  expect(first.Table?.CapacityUnits).toBe(6);
  expect(first.GlobalSecondaryIndexes?.["by-owner"]?.CapacityUnits).toBe(2);
  expect(first.WriteCapacityUnits).toBe(8);
  // A repeated token reads the same items.
  const again = cost("TransactWriteItems", { TransactItems, ClientRequestToken: "once" });
  expect([again.ReadCapacityUnits, again.WriteCapacityUnits]).toEqual([4, undefined]);
});

test("an index costs when its entry is added, removed, changed or moved, not when it stays", () => {
  const { put, cost } = open();
  const indexed = (item: Body) => put(item).GlobalSecondaryIndexes?.["by-owner"]?.CapacityUnits;
  const entry = (rank: string, bytes = 500) =>
    itemOf(bytes, { owner: { S: "o" }, rank: { N: rank } });
  expect(indexed(itemOf(500))).toBeUndefined();
  expect(indexed(entry("1"))).toBe(1);
  expect(indexed(entry("1"))).toBeUndefined();
  expect(indexed(entry("1", 1500))).toBe(2);
  // One index entry is deleted and another is added.
  expect(indexed(entry("2", 500))).toBe(3);
  expect(indexed(itemOf(500))).toBe(1);
  put(entry("3"));
  const gone = cost("DeleteItem", { Key });
  expect(gone.GlobalSecondaryIndexes?.["by-owner"]?.CapacityUnits).toBe(1);
  expect(gone.CapacityUnits).toBe(2);
});

test("an item may have 400 KB, at once or by an update, and not a byte more", () => {
  const { must, refusal } = openTestEngine();
  const Key = { pk: { S: "a" }, sk: { S: "1" } };
  // Names and keys take six bytes and the filler's name six.
  const filler = (bytes: number) => ({ S: "x".repeat(bytes - 12) });
  const put = (bytes: number) => ({ TableName: "things", Item: { ...Key, filler: filler(bytes) } });
  const update = (bytes: number) => ({
    TableName: "things",
    Key,
    UpdateExpression: "SET filler = :filler",
    ExpressionAttributeValues: { ":filler": filler(bytes) },
  });
  must("PutItem", put(409_600));
  must("UpdateItem", update(409_600));
  for (const [operation, body] of [
    ["PutItem", put(409_601)],
    ["UpdateItem", update(409_601)],
  ] as const)
    expect(refusal(operation, body)[0]).toBe("ValidationException");
});
