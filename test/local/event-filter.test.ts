import type { FilterPattern } from "../../local/model.ts";
import { passesFilters } from "../../local/sources/event-filter.ts";

const record = {
  eventName: "INSERT",
  count: 5,
  dynamodb: { Keys: { PK: { S: "STREAM#1" }, SK: { S: "MSG#2" } }, NewImage: { n: { N: "7" } } },
};
const key = (prefix: string) => ({ dynamodb: { Keys: { PK: { S: [{ prefix }] } } } });

test.each<[FilterPattern, boolean]>([
  [{ eventName: ["INSERT", "MODIFY"] }, true],
  [{ eventName: ["REMOVE"] }, false],
  [key("STREAM#"), true],
  [key("USER#"), false],
  [{ count: [{ prefix: "5" }] }, false],
  [{ dynamodb: { NewImage: { other: { S: ["x"] } } } }, false],
  [{ eventName: ["INSERT"], count: [6] }, false],
])("%j: %s", (pattern, passes) => {
  expect(passesFilters([pattern], record)).toBe(passes);
});

test("no pattern passes everything, one of several suffices", () => {
  expect(passesFilters([], record)).toBe(true);
  expect(passesFilters([{ eventName: ["REMOVE"] }, { count: [5] }], record)).toBe(true);
});
