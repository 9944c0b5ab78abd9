import { compareValues, type Item, isEqual, typeOf, type Value } from "../values.ts";
import { getAt } from "./paths.ts";
import type { Comparator, Condition, Operand } from "./syntax.ts";

/** Whether an item meets a condition. A missing item has no attributes. */
export function meetsCondition(item: Item | undefined, condition: Condition): boolean {
  switch (condition.is) {
    case "and":
      return meetsCondition(item, condition.left) && meetsCondition(item, condition.right);
    case "or":
      return meetsCondition(item, condition.left) || meetsCondition(item, condition.right);
    case "not":
      return !meetsCondition(item, condition.of);
    case "compare": {
      const left = resolve(item, condition.left);
      const right = resolve(item, condition.right);
      return compares(condition.comparator, left, right);
    }
    case "between": {
      const value = resolve(item, condition.operand);
      const [low, high] = [resolve(item, condition.low), resolve(item, condition.high)];
      return compares(">=", value, low) && compares("<=", value, high);
    }
    case "in": {
      const value = resolve(item, condition.operand);
      return condition.list.some((one) => compares("=", value, resolve(item, one)));
    }
    case "function":
      return holds(item, condition.name, condition.args);
  }
}

function resolve(item: Item | undefined, operand: Operand): Value | undefined {
  if (operand.is === "value") return operand.value;
  if (operand.is === "path") return getAt(item, operand.path);
  const size = sizeOf(resolve(item, operand.of));
  return size === undefined ? undefined : { N: String(size) };
}

function sizeOf(value: Value | undefined): number | undefined {
  if (value === undefined) return undefined;
  const type = typeOf(value);
  const content = value[type];
  if (type === "S") return Buffer.byteLength(content as string);
  if (type === "B") return Buffer.byteLength(content as string, "base64");
  if (Array.isArray(content)) return content.length;
  return type === "M" ? Object.keys(content as Item).length : undefined;
}

function compares(
  comparator: Comparator,
  left: Value | undefined,
  right: Value | undefined,
): boolean {
  if (left === undefined || right === undefined) {
    // A missing value is equal to nothing, and different from every existing value.
    return comparator === "<>" && left !== right;
  }
  if (comparator === "=") return isEqual(left, right);
  if (comparator === "<>") return !isEqual(left, right);
  const order = compareValues(left, right);
  if (order === undefined) return false;
  if (comparator === "<") return order < 0;
  if (comparator === "<=") return order <= 0;
  return comparator === ">" ? order > 0 : order >= 0;
}

function holds(item: Item | undefined, name: string, args: Operand[]): boolean {
  const value = resolve(item, args[0]!);
  if (name === "attribute_exists") return value !== undefined;
  if (name === "attribute_not_exists") return value === undefined;
  const operand = args[1] && resolve(item, args[1]);
  if (value === undefined || operand === undefined) return false;
  if (name === "attribute_type") return typeOf(value) === operand.S;
  if (name === "begins_with") return beginsWith(value, operand);
  return contains(value, operand);
}

/** Whether a text or a binary begins with another one; false for other types. */
function beginsWith(value: Value, start: Value): boolean {
  const type = typeOf(value);
  if (type !== typeOf(start)) return false;
  if (type === "S") return String(value.S).startsWith(String(start.S));
  if (type !== "B") return false;
  const [bytes, beginning] = [bytesOf(value), bytesOf(start)];
  return bytes.subarray(0, beginning.length).equals(beginning);
}

const bytesOf = (value: Value) => Buffer.from(String(value.B), "base64");

function contains(value: Value, member: Value): boolean {
  const [type, memberType] = [typeOf(value), typeOf(member)];
  if (type === "S") return memberType === "S" && String(value.S).includes(String(member.S));
  if (type === "B") return memberType === "B" && bytesOf(value).includes(bytesOf(member));
  if (type === "L") return (value.L as Value[]).some((one) => isEqual(one, member));
  return (
    type === `${memberType}S` && (value[type] as string[]).includes(String(member[memberType]))
  );
}
