import { invalid, invalidParameter } from "./failure.ts";
import { addNumbers, compareNumbers, countNumberBytes, normalizeNumber } from "./number.ts";

/** One value, such as `{ S: "text" }` or `{ L: [{ N: "1" }] }`; exactly one member. */
export type Value = { [type: string]: unknown };
export type Item = Record<string, Value>;

const typeNames = new Set(["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"]);
const depthMax = 32;
export const itemBytesMax = 400 * 1024;

/** The name of a value's type, such as `SS`. */
export function typeOf(value: Value): string {
  for (const type in value) return type;
  return "";
}

/** A copy of a request's item with validated values and canonical numbers. */
export function checkItem(item: Record<string, unknown>, depth = 0): Item {
  const checked: Item = {};
  for (const [name, value] of Object.entries(item)) checked[name] = checkValue(value, depth);
  return checked;
}

/**
 * An attribute value in DynamoDB's JSON, validated and in canonical form. Throws a
 * ValidationException for values that DynamoDB would refuse.
 */
export function checkValue(value: unknown, depth = 0): Value {
  const type = findType(value);
  const content = (value as Value)[type];
  if (depth > depthMax)
    throw invalid(
      "Nesting Levels have exceeded supported limits: Attributes have reached maximum nesting level",
    );
  switch (type) {
    case "N":
      return { N: normalizeNumber(asText(content)) };
    case "S":
      return { S: asText(content) };
    case "B":
      return { B: normalizeBytes(content) };
    case "NULL":
      if (content !== true)
        throw invalidParameter("Null attribute value types must have the value of true");
      return { NULL: true };
    case "BOOL":
      return { BOOL: content === true || content === "true" };
    case "M":
      return { M: checkItem(content as Item, depth + 1) };
    case "L":
      return { L: (content as unknown[]).map((one) => checkValue(one, depth + 1)) };
    default:
      return { [type]: checkSet(type, content as unknown[]) };
  }
}

function findType(value: unknown): string {
  const named = typeof value === "object" && value !== null ? (value as Value) : {};
  const types = Object.keys(named).filter(
    (type) => typeNames.has(type) && named[type] !== null && named[type] !== undefined,
  );
  if (types.length === 1) return types[0]!;
  const much = types.length > 1 ? "has more than one datatypes set" : "is empty";
  throw invalid(
    `Supplied AttributeValue ${much}, must contain exactly one of the supported datatypes`,
  );
}

function asText(content: unknown): string {
  if (typeof content === "string") return content;
  throw invalid("Unexpected token received from parser");
}

function normalizeBytes(content: unknown): string {
  return Buffer.from(asText(content), "base64").toString("base64");
}

const emptySets: Record<string, string> = {
  SS: "An string set  may not be empty",
  NS: "An number set  may not be empty",
  BS: "Binary sets should not be empty",
};

function checkSet(type: string, content: unknown[]): string[] {
  if (content.length === 0) throw invalidParameter(emptySets[type] ?? "");
  const texts = content.map((one) => {
    if (type === "NS") return normalizeNumber(asText(one));
    return type === "BS" ? normalizeBytes(one) : asText(one);
  });
  if (new Set(texts).size < texts.length) {
    if (type === "NS") throw invalid("Input collection contains duplicates");
    throw invalidParameter(`Input collection ${describeSet(texts)} contains duplicates.`);
  }
  return texts;
}

const describeSet = (texts: string[]) => `[${texts.join(", ")}]`;

/** Whether two values are equal; sets without regard to order, numbers by their value. */
export function isEqual(first: Value, second: Value): boolean {
  const type = typeOf(first);
  if (type !== typeOf(second)) return false;
  const [a, b] = [first[type], second[type]];
  if (type === "L") {
    const [one, other] = [a as Value[], b as Value[]];
    return one.length === other.length && one.every((value, at) => isEqual(value, other[at]!));
  }
  if (type === "M") return isEqualItem(a as Item, b as Item);
  if (Array.isArray(a)) {
    const members = new Set(b as string[]);
    return a.length === members.size && a.every((one) => members.has(one));
  }
  return a === b;
}

/** Whether two items have the same attributes with equal values. */
export function isEqualItem(first: Item, second: Item): boolean {
  const names = Object.keys(first);
  return (
    names.length === Object.keys(second).length &&
    names.every((name) => second[name] !== undefined && isEqual(first[name]!, second[name]))
  );
}

/** Order of two values of one scalar type, as for a sort; undefined for others. */
export function compareValues(first: Value, second: Value): number | undefined {
  const type = typeOf(first);
  if (type !== typeOf(second)) return undefined;
  const [a, b] = [String(first[type]), String(second[type])];
  if (type === "N") return compareNumbers(a, b);
  if (type === "S") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (type === "B") return Buffer.compare(Buffer.from(a, "base64"), Buffer.from(b, "base64"));
  return undefined;
}

/** A number plus or minus another; both must be numbers. */
export function addValues(first: Value, second: Value, sign: 1 | -1 = 1): Value {
  return { N: addNumbers(String(first.N), String(second.N), sign) };
}

/**
 * The size of an item in DynamoDB's count: UTF-8 names and values, 3 bytes for each document and
 * one for each of its members.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function countItemBytes(item: Item | undefined): number {
  let bytes = 0;
  for (const name in item) bytes += Buffer.byteLength(name) + countValueBytes(item[name]!);
  return bytes;
}

function countValueBytes(value: Value): number {
  const type = typeOf(value);
  const content = value[type];
  switch (type) {
    case "S":
      return Buffer.byteLength(content as string);
    case "N":
      return countNumberBytes(content as string);
    case "B":
      return Buffer.byteLength(content as string, "base64");
    case "SS":
      return sum(content as string[], (one) => Buffer.byteLength(one));
    case "NS":
      return sum(content as string[], countNumberBytes);
    case "BS":
      return sum(content as string[], (one) => Buffer.byteLength(one, "base64"));
    case "L":
      return 3 + sum(content as Value[], (one) => 1 + countValueBytes(one));
    case "M":
      return 3 + countItemBytes(content as Item) + Object.keys(content as Item).length;
    default:
      return 1;
  }
}

const sum = <One>(values: One[], count: (value: One) => number): number =>
  values.reduce((total, value) => total + count(value), 0);
