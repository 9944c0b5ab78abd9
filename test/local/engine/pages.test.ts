import { writeAnswer } from "../../../local/engine/index.ts";
import { openTestEngine, tableOf } from "./engine.ts";

type Item = Record<string, Record<string, unknown>>;
type Page = { Items: Item[]; Count: number; ScannedCount: number; LastEvaluatedKey?: Item };

const inPartition = (pk: string, more: object = {}) => ({
  TableName: "things",
  KeyConditionExpression: "pk = :pk",
  ExpressionAttributeValues: { ":pk": { S: pk } },
  ...more,
});

function open() {
  const engine = openTestEngine();
  /** All pages of a reading. */
  const readAll = (operation: string, body: Record<string, unknown>): Page[] => {
    const pages: Page[] = [];
    let start: Item | undefined;
    do {
      const more = start && { ExclusiveStartKey: start };
      const page = engine.must(operation, { ...body, ...more }) as Page;
      pages.push(page);
      start = page.LastEvaluatedKey;
    } while (start);
    return pages;
  };
  return { ...engine, readAll };
}

const sortKeys = (pages: Page[]) => pages.flatMap(({ Items }) => Items.map(({ sk }) => sk!.S));

test("a page ends with the item that reaches one megabyte, and the next continues after it", () => {
  const { put, readAll } = open();
  // Names and keys take nine bytes and the filler's name six: 102,400 bytes per item, 10.24 per
  // page.
  const filler = { S: "x".repeat(102_400 - 15) };
  for (let n = 10; n < 35; n++) put("big", String(n), { filler });
  const pages = readAll("Query", inPartition("big"));
  expect(pages.map(({ Count }) => Count)).toEqual([11, 11, 3]);
  expect(pages[0]!.LastEvaluatedKey).toEqual({ pk: { S: "big" }, sk: { S: "20" } });
  expect(sortKeys(pages)).toEqual(Array.from({ length: 25 }, (_, n) => String(n + 10)));
  const backwards = readAll("Query", inPartition("big", { ScanIndexForward: false }));
  expect(sortKeys(backwards)).toEqual(sortKeys(pages).reverse());
  expect(readAll("Scan", { TableName: "things" }).map(({ Count }) => Count)).toEqual([11, 11, 3]);
});

test("a filter applies to a page that was read: it may leave nothing although there is more", () => {
  const { put, readAll } = open();
  for (let n = 0; n < 10; n++) put("a", String(n), { n: { N: String(n) } });
  const filtered = inPartition("a", {
    Limit: 4,
    FilterExpression: "n > :seven",
    ExpressionAttributeValues: { ":pk": { S: "a" }, ":seven": { N: "7" } },
  });
  const pages = readAll("Query", filtered);
  expect(pages.map(({ Count, ScannedCount }) => [Count, ScannedCount])).toEqual([
    [0, 4],
    [0, 4],
    [2, 2],
  ]);
});

test("a limit reached at the end returns a position, and nothing follows it", () => {
  const { put, readAll } = open();
  for (const sk of ["1", "2", "3", "4"]) put("a", sk);
  const pages = readAll("Query", inPartition("a", { Limit: 2 }));
  expect(pages.map(({ Count }) => Count)).toEqual([2, 2, 0]);
});

test("a page of an index continues after the item, even if its key there is not unique", () => {
  const { put, readAll } = open();
  for (let n = 0; n < 7; n++) put("a", String(n), { owner: { S: "o" }, rank: { N: "1" } });
  put("b", "0", { owner: { S: "o" }, rank: { N: "-2.5" } });
  put("c", "0", { owner: { S: "o" }, rank: { N: "10" } });
  const byOwner = {
    TableName: "things",
    IndexName: "by-owner",
    Limit: 3,
    KeyConditionExpression: "#o = :o",
    ExpressionAttributeNames: { "#o": "owner" },
    ExpressionAttributeValues: { ":o": { S: "o" } },
  };
  for (const ScanIndexForward of [true, false]) {
    const pages = readAll("Query", { ...byOwner, ScanIndexForward });
    const ranks = pages.flatMap(({ Items }) => Items.map(({ rank }) => Number(rank!.N)));
    const rising = [-2.5, 1, 1, 1, 1, 1, 1, 1, 10];
    expect(ranks).toEqual(ScanIndexForward ? rising : rising.toReversed());
    expect(new Set(sortKeys(pages)).size).toBe(7);
    expect(Object.keys(pages[0]!.LastEvaluatedKey!).sort()).toEqual(["owner", "pk", "rank", "sk"]);
  }
});

test("a page begins within the partition and the sort keys of its query, at a whole key", () => {
  const { put, must, refusal } = open();
  for (const sk of ["a1", "b1", "b2", "c1"]) put("a", sk);
  const start = (pk: string, sk: string) => ({
    ExclusiveStartKey: { pk: { S: pk }, sk: { S: sk } },
  });
  const among = (condition: string, values: Item) => ({
    TableName: "things",
    KeyConditionExpression: `pk = :pk AND ${condition}`,
    ExpressionAttributeValues: { ":pk": { S: "a" }, ...values },
  });
  const prefixed = among("begins_with(sk, :b)", { ":b": { S: "b" } });
  const between = among("sk BETWEEN :b AND :c", { ":b": { S: "b" }, ":c": { S: "c" } });
  for (const range of [prefixed, between]) {
    expect(must("Query", { ...range, ...start("a", "b1") }).Count).toBe(1);
    for (const sk of ["a1", "c1"])
      expect(refusal("Query", { ...range, ...start("a", sk) })).toEqual([
        "ValidationException",
        "The provided starting key does not match the range key predicate",
      ]);
  }
  const whole = inPartition("a");
  const refusals = [
    [{ ...whole, ...start("b", "b1") }, "outside query boundaries"],
    [{ ...whole, ...start("a", "") }, "cannot contain an empty string value"],
    [{ ...whole, ...start("a", "x".repeat(1025)) }, "the size limit of 1024 bytes"],
  ] as const;
  for (const [body, sentence] of refusals) {
    const [type, message] = refusal("Query", body);
    expect([type, message]).toEqual(["ValidationException", expect.stringContaining(sentence)]);
  }
});

test("an index takes no longer keys than the table", () => {
  const { put, ask } = open();
  const write = (bytes: number) => ({
    TableName: "things",
    Key: { pk: { S: "a" }, sk: { S: "1" } },
    UpdateExpression: "SET #o = :o",
    ExpressionAttributeNames: { "#o": "owner" },
    ExpressionAttributeValues: { ":o": { S: "o".repeat(bytes) } },
  });
  put("a", "1", { owner: { S: "o".repeat(2048) } });
  expect(() => put("a", "1", { owner: { S: "o".repeat(2049) } })).toThrow("of2048 bytes");
  expect(ask("UpdateItem", write(2048)).status).toBe(200);
  expect(ask("UpdateItem", write(2049)).body.message).toContain("of2048 bytes");
});

test("a page is the same JSON before and after its items are decoded", () => {
  const { put, must } = open();
  put("a", "1", { text: { S: 'quotes " and ç 🎁' }, list: { L: [{ M: {} }] } });
  put("a", "2");
  const body = inPartition("a", { ReturnConsumedCapacity: "TOTAL" });
  const [written, looked] = [must("Query", body), must("Query", body)];
  const items = looked.Items;
  expect(JSON.parse(writeAnswer(written))).toEqual({ ...looked, Items: items });
  expect(JSON.parse(JSON.stringify(looked))).toEqual(JSON.parse(writeAnswer(written)));
  expect(JSON.parse(writeAnswer(written, "ConsumedCapacity"))).toEqual({
    Count: 2,
    ScannedCount: 2,
    Items: items,
  });
  expect(writeAnswer(must("Query", inPartition("none")))).toBe(
    '{"Count":0,"ScannedCount":0,"Items":[]}',
  );
  expect(writeAnswer({ refused: true })).toBe('{"refused":true}');
});

test("a batch of more than 16 MB leaves the keys beyond it for the next call", () => {
  const { put, must } = open();
  const filler = { S: "x".repeat(400_000) };
  for (let n = 10; n < 55; n++) put("big", String(n), { filler });
  const all = Array.from({ length: 45 }, (_, n) => ({ pk: { S: "big" }, sk: { S: `${n + 10}` } }));
  type Answer = { Responses: { things: Item[] }; UnprocessedKeys: { things?: { Keys: Item[] } } };
  let Keys: Item[] = all;
  const counts: number[] = [];
  const found: Item[] = [];
  while (Keys.length > 0) {
    const { Responses, UnprocessedKeys } = must("BatchGetItem", {
      RequestItems: { things: { Keys, ProjectionExpression: "pk, sk" } },
    }) as Answer;
    counts.push(Responses.things.length);
    found.push(...Responses.things);
    Keys = UnprocessedKeys.things?.Keys ?? [];
  }
  expect(found).toEqual(all);
  expect(counts).toEqual([42, 3]);
});

test.each([
  ["Query", "KeyConditions", {}],
  ["Query", "Select", "COUNT"],
  ["Scan", "TotalSegments", 4],
  ["GetItem", "AttributesToGet", ["pk"]],
  ["UpdateItem", "Expected", {}],
  ["CreateTable", "LocalSecondaryIndexes", []],
])("%s with %s is refused, as the engine lacks it", (operation, name, value) => {
  const body = operation === "CreateTable" ? tableOf("more") : { TableName: "things" };
  const Key = { pk: { S: "a" }, sk: { S: "1" } };
  expect(open().refusal(operation, { ...body, Key, [name]: value })).toEqual([
    "ValidationException",
    `This engine does not have the parameter ${name}`,
  ]);
});

test("an index cannot be read consistently, which AWS would refuse, too", () => {
  const { must, refusal } = open();
  const body = { TableName: "things", IndexName: "by-owner" };
  must("Scan", body);
  expect(refusal("Scan", { ...body, ConsistentRead: true })[0]).toBe("ValidationException");
});
