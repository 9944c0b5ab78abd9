import type { FilterPattern } from "../../local/model.ts";
import { passesFilters } from "../../local/sources/event-filter.ts";

const record = {
  eventName: "INSERT",
  count: 5,
  dynamodb: { Keys: { PK: { S: "STREAM#1" }, SK: { S: "MSG#2" } }, NewImage: { n: { N: "7" } } },
};
const key = (prefix: string) => ({ dynamodb: { Keys: { PK: { S: [{ prefix }] } } } });
const named = (...prefixes: string[]) => ({ eventName: prefixes.map((prefix) => ({ prefix })) });

test.each<[FilterPattern, boolean]>([
  [named("MODIFY", "INSERT"), true],
  [named("REMOVE"), false],
  [key("STREAM#"), true],
  [key("USER#"), false],
  [{ count: [{ prefix: "5" }] }, false],
  [{ dynamodb: { NewImage: { other: { S: [{ prefix: "x" }] } } } }, false],
  [{ ...named("INSERT"), ...key("USER#") }, false],
])("%j: %s", (pattern, passes) => {
  expect(passesFilters([pattern], record)).toBe(passes);
});

test("no pattern passes everything, one of several suffices", () => {
  expect(passesFilters([], record)).toBe(true);
  expect(passesFilters([named("REMOVE"), named("INSERT")], record)).toBe(true);
});
