import { typeOf, type Value } from "../values.ts";
import { type Placeholders, Reader } from "./reader.ts";
import { type Change, describePath, type Path, type Setting } from "./syntax.ts";

const sections = ["SET", "REMOVE", "ADD", "DELETE"] as const;
type Section = (typeof sections)[number];

/** All changes of an UpdateExpression. */
export function readUpdate(text: string, placeholders: Placeholders): Change[] {
  const reader = new Reader("UpdateExpression", text, placeholders);
  const seen = new Set<Section>();
  const changes: Change[] = [];
  while (reader.peek().kind !== "end") {
    const section = sections.find((one) => reader.sees(one));
    if (section === undefined) throw reader.syntaxFault();
    if (seen.has(section))
      throw reader.fault(`The "${section}" section can only be used once in an update expression;`);
    seen.add(section);
    reader.next();
    do changes.push(readChange(reader, section));
    while (reader.takes(","));
  }
  checkOverlaps(
    reader,
    changes.map(({ path }) => path),
  );
  return changes;
}

/** The paths of a ProjectionExpression. */
export function readProjection(text: string, placeholders: Placeholders): Path[] {
  const reader = new Reader("ProjectionExpression", text, placeholders);
  const paths = [reader.readPath()];
  while (reader.takes(",")) paths.push(reader.readPath());
  reader.expectEnd();
  checkOverlaps(reader, paths);
  return paths;
}

function readChange(reader: Reader, section: Section): Change {
  const path = reader.readPath();
  if (section === "REMOVE") return { section, path };
  if (section === "SET") {
    reader.expect("=");
    return { section, path, setting: readSetting(reader) };
  }
  const value = reader.readValue();
  const allowed = section === "ADD" ? ["N", "SS", "NS", "BS"] : ["SS", "NS", "BS"];
  if (!allowed.includes(typeOf(value)))
    throw reader.fault(
      "Incorrect operand type for operator or function; " +
        `operator: ${section}, operand type: ${describeType(value)}, typeSet: ALLOWED_FOR_${section}_OPERAND`,
    );
  return { section, path, value };
}

const typeWords: Record<string, string> = {
  S: "STRING",
  N: "NUMBER",
  B: "BINARY",
  BOOL: "BOOLEAN",
  NULL: "NULL",
  L: "LIST",
  M: "MAP",
  SS: "STRING_SET",
  NS: "NUMBER_SET",
  BS: "BINARY_SET",
};

const describeType = (value: Value) => typeWords[typeOf(value)] ?? typeOf(value);

function readSetting(reader: Reader): Setting {
  const first = readTerm(reader);
  const { text, kind } = reader.peek();
  if (kind !== "symbol" || (text !== "+" && text !== "-")) return first;
  reader.next();
  const second = readTerm(reader);
  for (const side of [first, second]) checkNumber(reader, text, side);
  return { is: text, first, second };
}

function checkNumber(reader: Reader, operator: string, side: Setting): void {
  if (side.is !== "operand" || side.operand.is !== "value") return;
  const type = typeOf(side.operand.value);
  if (type === "N") return;
  throw reader.fault(
    "Incorrect operand type for operator or function; " +
      `operator or function: ${operator}, operand type: ${type}`,
  );
}

function readTerm(reader: Reader): Setting {
  if (reader.sees("(")) {
    reader.next();
    const inner = readSetting(reader);
    reader.expect(")");
    return inner;
  }
  if (reader.peek().kind !== "name" || !reader.sees("(", 1))
    return { is: "operand", operand: reader.readOperand() };
  const name = reader.next().text;
  reader.expect("(");
  const args = [readTerm(reader)];
  while (reader.takes(",")) args.push(readTerm(reader));
  reader.expect(")");
  return checkFunction(reader, name, args);
}

const conditionFunctions = new Set([
  "attribute_exists",
  "attribute_not_exists",
  "attribute_type",
  "begins_with",
  "contains",
  "size",
]);

function checkFunction(reader: Reader, name: string, args: Setting[]): Setting {
  if (conditionFunctions.has(name))
    throw reader.fault(`The function is not allowed in an update expression; function: ${name}`);
  if (name !== "if_not_exists" && name !== "list_append")
    throw reader.fault(`Invalid function name; function: ${name}`);
  const [first, second] = args;
  if (args.length !== 2 || !first || !second)
    throw reader.fault(
      "Incorrect number of operands for operator or function; " +
        `operator or function: ${name}, number of operands: ${args.length}`,
    );
  if (name === "if_not_exists" && (first.is !== "operand" || first.operand.is !== "path"))
    throw reader.fault(
      "Operator or function requires a document path; operator or function: if_not_exists",
    );
  if (name === "list_append") {
    for (const side of args) {
      if (side.is !== "operand" || side.operand.is !== "value") continue;
      const type = typeOf(side.operand.value);
      if (type === "L") continue;
      throw reader.fault(
        "Incorrect operand type for operator or function; " +
          `operator or function: list_append, operand type: ${type}`,
      );
    }
  }
  return { is: name, first, second };
}

/** No path may be a prefix of another, nor use one position both as a list and as a map. */
function checkOverlaps(reader: Reader, paths: Path[]): void {
  for (const [at, first] of paths.entries()) {
    for (const second of paths.slice(at + 1)) {
      const fault = compare(first, second);
      if (fault === undefined) continue;
      const both = `path one: ${describePath(first)}, path two: ${describePath(second)}`;
      throw reader.fault(
        `Two document paths ${fault} with each other; ` +
          `must remove or rewrite one of these paths; ${both}`,
      );
    }
  }
}

function compare(first: Path, second: Path): "overlap" | "conflict" | undefined {
  const shorter = Math.min(first.length, second.length);
  for (let at = 0; at < shorter; at++) {
    if (typeof first[at] !== typeof second[at]) return "conflict";
    if (first[at] !== second[at]) return undefined;
  }
  return "overlap";
}
