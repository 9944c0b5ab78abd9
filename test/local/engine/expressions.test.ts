import { openTestEngine } from "./engine.ts";

const { must, refusal, put, get } = openTestEngine();
const Key = { pk: { S: "a" }, sk: { S: "1" } };

/** The item after an update of `before`. */
function update(before: object, UpdateExpression: string, values: object = {}, names?: object) {
  put("a", "1", before as Record<string, unknown>);
  const { pk, sk, ...after } = must("UpdateItem", {
    TableName: "things",
    Key,
    UpdateExpression,
    ReturnValues: "ALL_NEW",
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    ...(names && { ExpressionAttributeNames: names }),
  }).Attributes as Record<string, unknown>;
  return after;
}

test("all parts of an update see the previous item", () => {
  const one = { ":one": { N: "1" } };
  expect(update({ x: { N: "1" }, y: { N: "5" } }, "SET x = y + :one, y = x - :one", one)).toEqual({
    x: { N: "6" },
    y: { N: "0" },
  });
});

test("paths reach into maps and lists; values set beyond a list's end are appended", () => {
  const before = { m: { M: { l: { L: [{ S: "a" }] } } } };
  expect(update(before, "SET m.l[7] = :v", { ":v": { S: "b" } })).toEqual({
    m: { M: { l: { L: [{ S: "a" }, { S: "b" }] } } },
  });
  expect(update(before, "REMOVE #m.l[0]", {}, { "#m": "m" })).toEqual({
    m: { M: { l: { L: [] } } },
  });
});

test("list members keep their previous positions, and values beyond the end are appended in order", () => {
  const list = (...letters: string[]) => ({ L: letters.map((S) => ({ S })) });
  const before = { l: list("a", "b", "c", "d") };
  expect(update(before, "REMOVE l[0], l[2]")).toEqual({ l: list("b", "d") });
  expect(update(before, "REMOVE l[3], l[1], l[9]")).toEqual({ l: list("a", "c") });
  const values = { ":x": { S: "x" }, ":y": { S: "y" } };
  expect(update(before, "SET l[9] = :y, l[6] = :x", values)).toEqual({
    l: list("a", "b", "c", "d", "x", "y"),
  });
});

test("a key is not a document in any expression", () => {
  put("a", "1");
  const place = { TableName: "things", Key };
  const within = "Key attributes must be scalars";
  for (const [operation, body] of [
    ["GetItem", { ...place, ProjectionExpression: "pk.x" }],
    ["DeleteItem", { ...place, ConditionExpression: "attribute_exists(sk[0])" }],
    ["PutItem", { TableName: "things", Item: Key, ConditionExpression: "attribute_exists(pk.x)" }],
    ["UpdateItem", { ...place, UpdateExpression: "REMOVE sk[0]" }],
    ["Scan", { TableName: "things", FilterExpression: "attribute_exists(pk.x)" }],
    ["BatchGetItem", { RequestItems: { things: { Keys: [Key], ProjectionExpression: "sk.x" } } }],
  ] as const) {
    expect([operation, ...refusal(operation, body)]).toEqual([
      operation,
      "ValidationException",
      expect.stringContaining(within),
    ]);
  }
});

test("if_not_exists, list_append, ADD to and DELETE from sets", () => {
  const v = { ":v": { L: [{ N: "2" }] }, ":none": { L: [] } };
  expect(update({}, "SET l = list_append(if_not_exists(l, :none), :v)", v)).toEqual({ l: v[":v"] });
  const s = (...SS: string[]) => ({ ":s": { SS } });
  expect(update({ s: { SS: ["a"] } }, "ADD s :s", s("b"))).toEqual({ s: { SS: ["a", "b"] } });
  // A set without members is removed.
  expect(update({ s: { SS: ["a"] } }, "DELETE s :s", s("a", "b"))).toEqual({});
});

test.each([
  [
    "SET pk = :v",
    "ValidationException",
    "Cannot update attribute pk. This attribute is part of the key",
  ],
  ["SET x = :v, x = :v", "ValidationException", "Two document paths overlap"],
  ["SET x = :other", "ValidationException", "attribute value: :other"],
  ["SET size = :v", "ValidationException", "reserved keyword: size"],
  ["SET x =", "ValidationException", "Syntax error"],
  ["SET gone.x = :v", "ValidationException", "invalid for update"],
])("%s is refused", (UpdateExpression, type, part) => {
  put("a", "1");
  const ExpressionAttributeValues = { ":v": { S: "v" } };
  const body = { TableName: "things", Key, UpdateExpression, ExpressionAttributeValues };
  const [found, sentence] = refusal("UpdateItem", body);
  expect(found).toBe(type);
  expect(sentence).toContain(part);
  expect(get("a", "1")).toEqual(Key);
});

const item = {
  n: { N: "10" },
  s: { S: "text" },
  l: { L: [{ N: "1" }] },
  set: { SS: ["a", "b"] },
  nil: { NULL: true },
};
test.each([
  ["n BETWEEN :nine AND :ten", true],
  ["n > :nine AND NOT n > :ten", true],
  ["n < :text", false],
  ["n IN (:nine, :ten)", true],
  ["begins_with(s, :text)", true],
  ["contains(s, :text) OR n = :nine", true],
  ["contains(#set, :a)", true],
  ["size(s) = :four", true],
  ["attribute_type(nil, :null)", true],
  ["attribute_exists(l[0]) AND attribute_not_exists(l[1])", true],
  ["attribute_exists(absent) OR (n = :ten AND s = :text)", true],
  ["absent <> :ten", true],
  ["absent = :ten", false],
  ["NOT absent = :ten AND n = :ten", true],
])("the condition %s on the item is %s", (ConditionExpression, holds) => {
  put("a", "1", item);
  const values = {
    ":nine": { N: "9" },
    ":ten": { N: "10.0" },
    ":four": { N: "4" },
    ":text": { S: "text" },
    ":a": { S: "a" },
    ":null": { S: "NULL" },
  };
  const used = Object.entries(values).filter(([name]) =>
    new RegExp(`${name}\\b`).test(ConditionExpression),
  );
  const body = {
    TableName: "things",
    Item: Key,
    ConditionExpression,
    ...(used.length > 0 && { ExpressionAttributeValues: Object.fromEntries(used) }),
    ...(ConditionExpression.includes("#set") && { ExpressionAttributeNames: { "#set": "set" } }),
  };
  if (holds) must("PutItem", body);
  else {
    expect(refusal("PutItem", body)[0]).toBe("ConditionalCheckFailedException");
    expect(get("a", "1")).toEqual({ ...Key, ...item });
  }
});

test("an unused placeholder is refused, and so is an empty key in a query", () => {
  const ExpressionAttributeValues = { ":p": { S: "a" }, ":s": { S: "" } };
  const query = { TableName: "things", ExpressionAttributeValues };
  expect(refusal("Query", { ...query, KeyConditionExpression: "pk = :p" })[1]).toContain(":s");
  const begins = { ...query, KeyConditionExpression: "pk = :p AND begins_with(sk, :s)" };
  expect(refusal("Query", begins)[1]).toContain("cannot contain an empty string value. Key: sk");
});
