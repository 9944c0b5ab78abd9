import * as fc from "fast-check";
import {
  addNumbers,
  compareNumbers,
  encodeNumber,
  normalizeNumber,
} from "../../../local/engine/number.ts";
import { openTestEngine } from "./engine.ts";

test.each([
  ["0001.500", "1.5"],
  ["-0", "0"],
  ["1e3", "1000"],
  ["12345678901234567890123456789012345678", "12345678901234567890123456789012345678"],
])("the number %s is kept as %s", (given, kept) => {
  expect(normalizeNumber(given)).toBe(kept);
});

test("39 digits, a magnitude beyond 1E126 and text that is no number are refused", () => {
  for (const given of ["1".repeat(39), "1e126", "1e-131", "", "0x1", "1_000", "NaN"])
    expect(() => normalizeNumber(given)).toThrow();
});

const decimals = fc
  .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: -15, max: 15 }))
  .map(([digits, exponent]) => normalizeNumber(`${digits}e${exponent}`));

test("bytes of numbers sort as the numbers do", () => {
  void fc.assert(
    fc.property(decimals, decimals, (one, other) => {
      const order = Math.sign(Buffer.compare(encodeNumber(one), encodeNumber(other)));
      expect(order).toBe(Math.sign(compareNumbers(one, other)));
    }),
  );
});

test("adding and subtracting a number leaves the exact original", () => {
  const small = fc
    .bigInt({ min: -(10n ** 16n), max: 10n ** 16n })
    .map((n) => normalizeNumber(`${n}e-3`));
  void fc.assert(
    fc.property(small, small, (one, other) => {
      expect(addNumbers(addNumbers(one, other, 1), other, -1)).toBe(one);
    }),
  );
});

test("a thousandth added a thousand times to a sum of 30 digits is one more", () => {
  const { must, put } = openTestEngine();
  put("a", "n", { n: { N: "123456789012345678901234567890" } });
  for (let times = 0; times < 1000; times++)
    must("UpdateItem", {
      TableName: "things",
      Key: { pk: { S: "a" }, sk: { S: "n" } },
      UpdateExpression: "ADD n :n",
      ExpressionAttributeValues: { ":n": { N: "0.001" } },
    });
  const { Item } = must("GetItem", {
    TableName: "things",
    Key: { pk: { S: "a" }, sk: { S: "n" } },
  });
  expect((Item as Record<string, unknown>).n).toEqual({ N: "123456789012345678901234567891" });
});
