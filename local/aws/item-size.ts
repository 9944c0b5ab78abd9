import type { Attributes } from "./dynamodb-access.ts";

/**
 * Bytes of an item as DynamoDB counts them: UTF-8 names and values, numbers about one byte for two
 * digits plus one, 3 bytes for each document with one for each of its members.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function countItemBytes(item: Attributes | undefined): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item ?? {})) {
    bytes += Buffer.byteLength(name) + countValueBytes(value);
  }
  return bytes;
}

function countValueBytes(value: Record<string, unknown>): number {
  const [type, content] = Object.entries(value ?? {})[0] ?? [];
  switch (type) {
    case "S":
      return Buffer.byteLength(String(content));
    case "N":
      return countNumberBytes(String(content));
    case "B":
      return Buffer.byteLength(String(content), "base64");
    case "SS":
      return sum(content as string[], (one) => Buffer.byteLength(one));
    case "NS":
      return sum(content as string[], countNumberBytes);
    case "BS":
      return sum(content as string[], (one) => Buffer.byteLength(one, "base64"));
    case "L":
      return 3 + sum(content as Record<string, unknown>[], (one) => 1 + countValueBytes(one));
    case "M":
      return 3 + countItemBytes(content as Attributes) + Object.keys(content as object).length;
    default:
      return 1;
  }
}

function countNumberBytes(text: string): number {
  const digits = text
    .replace(/e.*$/i, "")
    .replace(/\D/g, "")
    .replace(/^0+|0+$/g, "");
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith("-") ? 1 : 0);
}

function sum<Value>(values: Value[], count: (value: Value) => number): number {
  return values.reduce((total, value) => total + count(value), 0);
}
