import { compareValues, typeOf } from "../values.ts";
import { type Placeholders, Reader } from "./reader.ts";
import { type Comparator, type Condition, describePath, type Operand } from "./syntax.ts";

const comparators = new Set(["=", "<>", "<", "<=", ">", ">="]);
/** Functions with the number of their operands. */
const functions: Record<string, number> = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
  size: 1,
};
const listMax = 100;
const scalarTypes = new Set(["S", "N", "B"]);

/**
 * Parses a condition, a filter or a key condition; `label` is the field of the request, such as
 * `FilterExpression`.
 */
export function readCondition(label: string, text: string, placeholders: Placeholders): Condition {
  const reader = new Reader(label, text, placeholders);
  const condition = readOr(reader);
  reader.expectEnd();
  return condition;
}

function readOr(reader: Reader): Condition {
  let left = readAnd(reader);
  while (reader.takes("OR")) {
    reader.countOperator();
    left = { is: "or", left, right: readAnd(reader) };
  }
  return left;
}

function readAnd(reader: Reader): Condition {
  let left = readNot(reader);
  while (reader.takes("AND")) {
    reader.countOperator();
    left = { is: "and", left, right: readNot(reader) };
  }
  return left;
}

function readNot(reader: Reader): Condition {
  if (reader.sees("NOT")) {
    reader.next();
    reader.countOperator();
    return { is: "not", of: readNot(reader) };
  }
  return readSimple(reader);
}

function readSimple(reader: Reader): Condition {
  if (reader.sees("(")) return readParentheses(reader);
  const token = reader.peek();
  if (token.kind === "name" && reader.sees("(", 1)) {
    const name = reader.next().text;
    const args = readArguments(reader);
    if (name !== "size") {
      reader.countOperator();
      return checkFunction(reader, name, args);
    }
    return readComparison(reader, checkSize(reader, args));
  }
  return readComparison(reader, readSide(reader));
}

/** DynamoDB refuses redundant parentheses. */
function readParentheses(reader: Reader): Condition {
  const start = reader.place();
  reader.expect("(");
  const inner = readOr(reader);
  const { group } = reader;
  if (group?.start === start + 1 && group.end === reader.place())
    throw reader.fault("The expression has redundant parentheses;");
  reader.expect(")");
  reader.group = { start, end: reader.place() };
  return inner;
}

function readComparison(reader: Reader, left: Operand): Condition {
  reader.countOperator();
  if (reader.takes("BETWEEN")) {
    const low = readSide(reader);
    reader.expect("AND");
    return checkBetween(reader, left, low, readSide(reader));
  }
  if (reader.takes("IN")) {
    const list = readList(reader);
    if (list.length > listMax) {
      const count = `number of operands: ${list.length + 1}`;
      throw reader.fault(
        `Too many operands for operator or function; operator or function: IN, ${count}`,
      );
    }
    return { is: "in", operand: left, list };
  }
  const { kind, text } = reader.peek();
  if (kind !== "symbol" || !comparators.has(text)) throw reader.syntaxFault();
  reader.next();
  const right = readSide(reader);
  checkDistinct(reader, text, left, right);
  if (text !== "=" && text !== "<>") {
    for (const side of [left, right]) checkScalar(reader, text, side);
  }
  return { is: "compare", comparator: text as Comparator, left, right };
}

/** A path, a value or a size function. */
function readSide(reader: Reader): Operand {
  const token = reader.peek();
  if (token.kind !== "name" || !reader.sees("(", 1)) return reader.readOperand();
  const name = reader.next().text;
  const args = readArguments(reader);
  if (name === "size") return checkSize(reader, args);
  if (functions[name] === undefined) throw reader.fault(`Invalid function name; function: ${name}`);
  throw reader.fault(
    `The function is not allowed to be used this way in an expression; function: ${name}`,
  );
}

function readList(reader: Reader): Operand[] {
  reader.expect("(");
  const list = [readSide(reader)];
  while (reader.takes(",")) list.push(readSide(reader));
  reader.expect(")");
  return list;
}

function readArguments(reader: Reader): Operand[] {
  reader.expect("(");
  if (reader.sees(")")) throw reader.syntaxFault();
  const args = [readSide(reader)];
  while (reader.takes(",")) args.push(readSide(reader));
  reader.expect(")");
  return args;
}

function checkSize(reader: Reader, args: Operand[]): Operand {
  checkCount(reader, "size", args);
  const [of] = args as [Operand];
  if (of.is === "value" && ["N", "BOOL", "NULL"].includes(typeOf(of.value)))
    throw wrongType(reader, "size", typeOf(of.value));
  return { is: "size", of };
}

function checkCount(reader: Reader, name: string, args: Operand[]): void {
  if (args.length !== functions[name])
    throw reader.fault(
      "Incorrect number of operands for operator or function; " +
        `operator or function: ${name}, number of operands: ${args.length}`,
    );
}

function checkFunction(reader: Reader, name: string, args: Operand[]): Condition {
  if (functions[name] === undefined) throw reader.fault(`Invalid function name; function: ${name}`);
  checkCount(reader, name, args);
  const [first, second] = args as [Operand, Operand];
  if (name.startsWith("attribute_") && first.is !== "path")
    throw reader.fault(
      `Operator or function requires a document path; operator or function: ${name}`,
    );
  if (name === "attribute_type") checkTypeName(reader, second);
  if (name === "begins_with") {
    for (const side of args) {
      if (side.is === "value" && !["S", "B"].includes(typeOf(side.value)))
        throw wrongType(reader, name, typeOf(side.value));
    }
  }
  if (second) checkDistinct(reader, name, first, second);
  return { is: "function", name, args };
}

const typeNames = ["S", "N", "B", "NULL", "SS", "BOOL", "L", "BS", "NS", "M"];

function checkTypeName(reader: Reader, operand: Operand): void {
  if (operand.is !== "value") return;
  if (typeOf(operand.value) !== "S")
    throw wrongType(reader, "attribute_type", typeOf(operand.value));
  if (!typeNames.includes(String(operand.value.S)))
    throw reader.fault(
      `Invalid attribute type name found; type: ${operand.value.S}, valid types: ` +
        "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
    );
}

function checkScalar(reader: Reader, operator: string, operand: Operand): void {
  if (operand.is === "value" && !scalarTypes.has(typeOf(operand.value)))
    throw wrongType(reader, operator, typeOf(operand.value));
}

function checkBetween(reader: Reader, operand: Operand, low: Operand, high: Operand): Condition {
  for (const side of [operand, low, high]) checkScalar(reader, "BETWEEN", side);
  if (low.is === "value" && high.is === "value") checkBounds(reader, low, high);
  return { is: "between", operand, low, high };
}

type Bound = Extract<Operand, { is: "value" }>;

function checkBounds(reader: Reader, low: Bound, high: Bound): void {
  const [lowType, highType] = [typeOf(low.value), typeOf(high.value)];
  const describe = ({ value }: Bound) =>
    `AttributeValue: {${typeOf(value)}:${value[typeOf(value)]}}`;
  const both = `lower bound operand: ${describe(low)}, upper bound operand: ${describe(high)}`;
  if (lowType !== highType)
    throw reader.fault(
      `The BETWEEN operator requires same data type for lower and upper bounds; ${both}`,
    );
  if ((compareValues(low.value, high.value) ?? 0) > 0)
    throw reader.fault(
      "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " +
        both,
    );
}

function checkDistinct(reader: Reader, operator: string, left: Operand, right: Operand): void {
  if (left.is !== "path" || right.is !== "path") return;
  if (describePath(left.path) !== describePath(right.path)) return;
  throw reader.fault(
    "The first operand must be distinct from the remaining operands for this operator or " +
      `function; operator: ${operator}, first operand: ${describePath(left.path)}`,
  );
}

function wrongType(reader: Reader, operator: string, type: string) {
  return reader.fault(
    "Incorrect operand type for operator or function; " +
      `operator or function: ${operator}, operand type: ${type}`,
  );
}
