import { openTestEngine } from "./engine.ts";

type Body = Record<string, unknown>;
const minute = 60_000;

const Key = (sk: string) => ({ pk: { S: "a" }, sk: { S: sk } });
const put = (sk: string, more: Body = {}) => ({
  Put: { TableName: "things", Item: { ...Key(sk), n: { N: "1" } }, ...more },
});
const add = (sk: string, more: Body = {}) => ({
  Update: {
    TableName: "things",
    Key: Key(sk),
    UpdateExpression: "ADD n :n",
    ExpressionAttributeValues: { ":n": { N: "1" } },
    ...more,
  },
});
const remove = (sk: string, more: Body = {}) => ({
  Delete: { TableName: "things", Key: Key(sk), ...more },
});
const check = (sk: string, ConditionExpression: string, more: Body = {}) => ({
  ConditionCheck: { TableName: "things", Key: Key(sk), ConditionExpression, ...more },
});
const write = (...TransactItems: Body[]) => ({ TransactItems });
const isNew = { ConditionExpression: "attribute_not_exists(pk)" };

test("all actions are executed, or none, with a reason for each", () => {
  const { must, ask, get } = openTestEngine();
  must(
    "TransactWriteItems",
    write(put("1", isNew), put("2"), check("3", isNew.ConditionExpression)),
  );
  must("TransactWriteItems", write(add("1"), remove("2")));
  expect([get("a", "1")?.n, get("a", "2")]).toEqual([{ N: "2" }, undefined]);
  const told = { ReturnValuesOnConditionCheckFailure: "ALL_OLD" };
  const { status, body } = ask(
    "TransactWriteItems",
    write(add("1"), put("1b"), check("1c", "attribute_exists(pk)"), remove("2"), put("3", isNew)),
  );
  expect(status).toBe(400);
  expect(String(body.__type)).toMatch(/#TransactionCanceledException$/);
  expect(body.Message).toBe(
    "Transaction cancelled, please refer cancellation reasons for specific reasons " +
      "[None, None, ConditionalCheckFailed, None, None]",
  );
  expect([get("a", "1")?.n, get("a", "1b"), get("a", "3")]).toEqual([
    { N: "2" },
    undefined,
    undefined,
  ]);
  const { body: withItem } = ask("TransactWriteItems", write(put("1", { ...isNew, ...told })));
  expect(withItem.CancellationReasons).toEqual([
    {
      Code: "ConditionalCheckFailed",
      Message: "The conditional request failed",
      Item: { ...Key("1"), n: { N: "2" } },
    },
  ]);
});

test("an item may be in a transaction once; it has 1 to 100 actions", () => {
  const { must, refusal } = openTestEngine();
  const twice = refusal("TransactWriteItems", write(add("1"), remove("1")));
  expect(twice).toEqual([
    "ValidationException",
    "Transaction request cannot include multiple operations on one item",
  ]);
  const many = Array.from({ length: 101 }, (_, n) => put(String(n)));
  expect(refusal("TransactWriteItems", write(...many))[0]).toBe("ValidationException");
  must("TransactWriteItems", write(...many.slice(1)));
  expect(refusal("TransactWriteItems", write())[0]).toBe("ValidationException");
  expect(refusal("TransactWriteItems", write({}))[0]).toBe("ValidationException");
});

test("a transaction has at most 4 MB, with the items that it updates, and a token of 36", () => {
  const { must, refusal, put: write_ } = openTestEngine();
  const filler = { S: "x".repeat(400_000) };
  for (let n = 0; n < 11; n++) write_("a", String(n), { filler });
  const adds = Array.from({ length: 11 }, (_, n) => add(String(n)));
  const [type, message] = refusal("TransactWriteItems", write(...adds));
  expect([type, message]).toEqual(["ValidationException", expect.stringContaining("4 MB")]);
  must("TransactWriteItems", write(...adds.slice(1)));
  const token = (length: number) => ({
    ...write(put("1")),
    ClientRequestToken: "t".repeat(length),
  });
  must("TransactWriteItems", token(36));
  expect(refusal("TransactWriteItems", token(37))[1]).toContain("clientRequestToken");
});

test("an invalid update of an item is its reason, and the others are not executed", () => {
  const { ask, get, put: write_ } = openTestEngine();
  write_("a", "1", { n: { S: "text" } });
  const { body } = ask("TransactWriteItems", write(put("2"), add("1")));
  const reasons = body.CancellationReasons as { Code: string; Message?: string }[];
  expect(reasons.map(({ Code }) => Code)).toEqual(["None", "ValidationError"]);
  expect(reasons[1]!.Message).toContain("incorrect data type");
  expect(get("a", "2")).toBeUndefined();
});

test("a token executes its request once, for ten minutes", () => {
  const { must, refusal, get, clock } = openTestEngine();
  const once = { ...write(add("1")), ClientRequestToken: "token" };
  for (let times = 0; times < 3; times++) must("TransactWriteItems", once);
  expect(get("a", "1")?.n).toEqual({ N: "1" });
  expect(refusal("TransactWriteItems", { ...once, ...write(add("2")) })[0]).toBe(
    "IdempotentParameterMismatchException",
  );
  clock.now += 9 * minute;
  must("TransactWriteItems", once);
  expect(get("a", "1")?.n).toEqual({ N: "1" });
  clock.now += 2 * minute;
  must("TransactWriteItems", once);
  expect(get("a", "1")?.n).toEqual({ N: "2" });
});

test("the token of a refused transaction is still unused", () => {
  const { must, refusal, get } = openTestEngine();
  const token = { ClientRequestToken: "token" };
  const onlyIf = { ConditionExpression: "attribute_exists(pk)" };
  const body = { ...write(add("1", onlyIf)), ...token };
  expect(refusal("TransactWriteItems", body)[0]).toBe("TransactionCanceledException");
  must("PutItem", { TableName: "things", Item: Key("1") });
  must("TransactWriteItems", body);
  expect(get("a", "1")?.n).toEqual({ N: "1" });
});
