import { readCondition } from "./expressions/condition.ts";
import type { Placeholders } from "./expressions/reader.ts";
import type { Condition, Operand } from "./expressions/syntax.ts";
import { invalid, invalidParameter } from "./failure.ts";
import { emptyKindOf, encodeKeyValue, type KeyPart, type KeySchema } from "./keys.ts";
import { typeOf, type Value } from "./values.ts";

/** The key condition of a Query: one partition and a range of its sort keys. */
export type KeyRange = {
  hash: Value;
  /** Conditions on the column `range`, with their bytes. */
  bounds: { sql: "=" | "<" | "<=" | ">" | ">="; bytes: Uint8Array }[];
};

const label = "KeyConditionExpression";

/**
 * Parses a KeyConditionExpression. Throws a ValidationException unless it selects one partition.
 */
export function readKeyCondition(
  text: string,
  schema: KeySchema,
  placeholders: Placeholders,
): KeyRange {
  const parts = split(readCondition(label, text, placeholders));
  const found = new Map<string, Part>();
  for (const part of parts) {
    if (found.has(part.name))
      throw invalid("KeyConditionExpressions must only contain one condition per key");
    found.set(part.name, part);
  }
  const { hash, range } = schema;
  const place = found.get(hash.name);
  if (!place) throw invalid(`Query condition missed key schema element: ${hash.name}`);
  if (place.operator !== "=") throw invalid("Query key condition not supported");
  found.delete(hash.name);
  checkType(hash, place.values);
  const rest = range && found.get(range.name);
  if (rest && range) {
    found.delete(range.name);
    checkType(range, rest.values);
  }
  if (found.size > 0) {
    if (range) throw invalid(`Query condition missed key schema element: ${range.name}`);
    throw invalid("Query key condition not supported");
  }
  return { hash: place.values[0]!, bounds: rest ? boundsOf(rest) : [] };
}

type Part = { name: string; operator: string; values: Value[] };

/** Splits `a AND b` into its two conditions, each on one attribute. */
function split(condition: Condition): Part[] {
  switch (condition.is) {
    case "and":
      return [...split(condition.left), ...split(condition.right)];
    case "or":
      throw refuseOperator("OR");
    case "not":
      throw refuseOperator("NOT");
    case "in":
      throw refuseOperator("IN");
    case "compare": {
      const { comparator, left, right } = condition;
      if (comparator === "<>") throw refuseOperator("<>");
      if (left.is === "path") return [partOf(left, comparator, [right])];
      return [partOf(right, mirrored[comparator] ?? comparator, [left])];
    }
    case "between":
      return [partOf(condition.operand, "BETWEEN", [condition.low, condition.high])];
    case "function": {
      if (condition.name !== "begins_with") throw refuseOperator(condition.name);
      const [path, start] = condition.args as [Operand, Operand];
      return [partOf(path, "begins_with", [start])];
    }
  }
}

const mirrored: Record<string, string> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

const refuseOperator = (name: string) =>
  invalid(`Invalid ${label}: Invalid operator used in ${label}: ${name}`);

function partOf(path: Operand, operator: string, operands: Operand[]): Part {
  if (path.is === "size") throw refuseOperator("size");
  if (path.is !== "path")
    throw invalid(`Invalid condition in ${label}: Multiple attribute names used in one condition`);
  if (path.path.length > 1)
    throw invalid(
      `Invalid ${label}: KeyConditionExpressions cannot have conditions on nested attributes`,
    );
  const values = operands.map((operand) => {
    if (operand.is === "value") return operand.value;
    throw invalid(`Invalid condition in ${label}: Multiple attribute names used in one condition`);
  });
  return { name: path.path[0] as string, operator, values };
}

/** A key has no empty value, so conditions with one are refused, even as a prefix. */
function checkType({ name, type }: KeyPart, values: Value[]): void {
  for (const value of values) {
    if (typeOf(value) !== type)
      throw invalidParameter("Condition parameter type does not match schema type");
    const kind = emptyKindOf(value);
    if (kind !== undefined)
      throw invalid(
        "One or more parameter values are not valid. " +
          `The AttributeValue for a key attribute cannot contain an empty ${kind} value. Key: ${name}`,
      );
  }
}

function boundsOf({ operator, values }: Part): KeyRange["bounds"] {
  const [first, second] = values.map(encodeKeyValue) as [Uint8Array, Uint8Array];
  if (operator === "BETWEEN")
    return [
      { sql: ">=", bytes: first },
      { sql: "<=", bytes: second },
    ];
  if (operator !== "begins_with")
    return [{ sql: operator as KeyRange["bounds"][number]["sql"], bytes: first }];
  const after = successor(first);
  return [{ sql: ">=", bytes: first }, ...(after ? [{ sql: "<" as const, bytes: after }] : [])];
}

/** The smallest bytes without this prefix; undefined if none are larger. */
function successor(bytes: Uint8Array): Uint8Array | undefined {
  const next = Uint8Array.from(bytes);
  for (let at = next.length - 1; at >= 0; at--) {
    if (next[at]! < 255) {
      next[at]!++;
      return next.subarray(0, at + 1);
    }
  }
  return undefined;
}

/** Top-level names of the attributes in a condition. */
export function namesIn(condition: Condition): string[] {
  const ofOperand = (operand: Operand): string[] => {
    if (operand.is === "size") return ofOperand(operand.of);
    return operand.is === "path" ? [operand.path[0] as string] : [];
  };
  switch (condition.is) {
    case "and":
    case "or":
      return [...namesIn(condition.left), ...namesIn(condition.right)];
    case "not":
      return namesIn(condition.of);
    case "compare":
      return [condition.left, condition.right].flatMap(ofOperand);
    case "between":
      return [condition.operand, condition.low, condition.high].flatMap(ofOperand);
    case "in":
      return [condition.operand, ...condition.list].flatMap(ofOperand);
    case "function":
      return condition.args.flatMap(ofOperand);
  }
}
