import { passesFilters } from "../../local/sources/event-filter.ts";

const record = {
  eventName: "INSERT",
  count: 5,
  tags: ["a", "b"],
  dynamodb: { Keys: { PK: { S: "STREAM#1" }, SK: { S: "MSG#2" } }, NewImage: { n: { N: "7" } } },
};
const key = (rule: unknown) => ({ dynamodb: { Keys: { PK: { S: [rule] } } } });

test.each([
  [{ eventName: ["INSERT", "MODIFY"] }, true],
  [{ eventName: ["REMOVE"] }, false],
  [key({ prefix: "STREAM#" }), true],
  [key({ prefix: "USER#" }), false],
  [key({ suffix: "#1" }), true],
  [key({ "anything-but": ["STREAM#1"] }), false],
  [key({ "anything-but": "STREAM#2" }), true],
  [key({ "anything-but": { prefix: "STREAM#" } }), false],
  [key({ "equals-ignore-case": "stream#1" }), true],
  [{ dynamodb: { OldImage: { n: { N: [{ exists: false }] } } } }, true],
  [{ dynamodb: { NewImage: { n: { N: [{ exists: true }] } } } }, true],
  [{ dynamodb: { NewImage: { other: { S: ["x"] } } } }, false],
  [{ count: [{ numeric: [">", 4, "<=", 5] }] }, true],
  [{ count: [{ numeric: ["=", 4] }] }, false],
  [{ dynamodb: { NewImage: { n: { N: [{ numeric: ["=", 7] }] } } } }, false],
  [{ tags: ["b"] }, true],
  [{ $or: [{ eventName: ["REMOVE"] }, { count: [5] }] }, true],
  [{ eventName: ["INSERT"], count: [6] }, false],
])("%j: %s", (pattern, passes) => {
  expect(passesFilters([pattern], record)).toBe(passes);
});

test("no pattern passes everything, one of several suffices, an unknown rule is an error", () => {
  expect(passesFilters([], record)).toBe(true);
  expect(passesFilters([{ eventName: ["REMOVE"] }, { count: [5] }], record)).toBe(true);
  expect(() => passesFilters([key({ wildcard: "*" })], record)).toThrow("not supported");
});
