import type { Body } from "./context.ts";
import { readCondition } from "./expressions/condition.ts";
import type { Placeholders } from "./expressions/reader.ts";
import type { Condition, Path } from "./expressions/syntax.ts";
import { readProjection } from "./expressions/update.ts";
import { invalid } from "./failure.ts";
import { checkValue, type Value } from "./values.ts";

/** Collects what is wrong with the fields of one request, in DynamoDB's form. */
export class Faults {
  private readonly found: string[] = [];

  add(value: unknown, at: string, constraint: string): void {
    const shown = value === undefined || value === null ? "null" : `'${describe(value)}'`;
    const text = `Value ${shown} at '${at}' failed to satisfy constraint: Member must ${constraint}`;
    this.found.push(text);
  }

  /** Throws all of them as one sentence. */
  end(): void {
    const count = this.found.length;
    if (count === 0) return;
    const errors = count === 1 ? "error" : "errors";
    throw invalid(`${count} validation ${errors} detected: ${this.found.slice(0, 10).join("; ")}`);
  }

  /** The name of a table, or its ARN. */
  tableName(value: unknown, lengthMin = 1): void {
    this.required(value, "tableName");
    if (value === undefined || value === null) return;
    const name = String(value);
    if (name.length < lengthMin)
      this.add(name, "tableName", `have length greater than or equal to ${lengthMin}`);
    const lengthMax = name.startsWith("arn:") ? 1024 : 255;
    if (name.length > lengthMax)
      this.add(name, "tableName", `have length less than or equal to ${lengthMax}`);
    if (!/^[a-zA-Z0-9_.:/-]*$/.test(name))
      this.add(name, "tableName", "satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
  }

  oneOf(value: unknown, at: string, choices: readonly string[]): void {
    if (value === undefined || value === null || choices.includes(String(value))) return;
    this.add(value, at, `satisfy enum value set: [${choices.join(", ")}]`);
  }

  required(value: unknown, at: string): void {
    if (value === undefined || value === null) this.add(value, at, "not be null");
  }

  atLeast(value: unknown, at: string, least: number): void {
    if (value === undefined || value === null || Number(value) >= least) return;
    this.addUnshown(at, `have value greater than or equal to ${least}`);
  }

  /** Adds what is wrong with the list of one table in the map of a batch. */
  addToMap(name: string, list: unknown[], constraint: string): void {
    this.found.push(
      `Value '{${name}=${describe(list)}}' at 'requestItems' failed to satisfy constraint: ` +
        `Map value must satisfy constraint: [Member must have ${constraint}, ` +
        "Member must have length greater than or equal to 1]",
    );
  }

  /** Adds what is wrong with a field whose value DynamoDB does not repeat. */
  addUnshown(at: string, constraint: string): void {
    this.found.push(`Value at '${at}' failed to satisfy constraint: Member must ${constraint}`);
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(describe).join(", ")}]`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export const capacityChoices = ["INDEXES", "TOTAL", "NONE"];
export const returnChoices = ["ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"];

/** Parameters that this engine lacks; the first seven are DynamoDB's legacy ones. */
const lackingMembers = [
  "AttributeUpdates",
  "AttributesToGet",
  "ConditionalOperator",
  "Expected",
  "KeyConditions",
  "QueryFilter",
  "ScanFilter",
  "LocalSecondaryIndexes",
  "Segment",
  "Select",
  "TotalSegments",
];

/** Throws for a field that this engine lacks, because Ovation does not use it. */
export function requireMembers(body: Body): void {
  const found = lackingMembers.find((name) => body[name] !== undefined && body[name] !== null);
  if (found !== undefined) throw invalid(`This engine does not have the parameter ${found}`);
}

/** The placeholders of a request, validated; `expressions` are the fields that may use them. */
export function readPlaceholders(body: Body, expressions: readonly string[]): Placeholders {
  const names = (body.ExpressionAttributeNames ?? undefined) as Record<string, string> | undefined;
  const values = (body.ExpressionAttributeValues ?? undefined) as Body | undefined;
  const used = expressions.filter((name) => body[name] !== undefined && body[name] !== null);
  for (const [member, placeholders] of [
    ["ExpressionAttributeNames", names],
    ["ExpressionAttributeValues", values],
  ] as const) {
    if (placeholders === undefined) continue;
    // A projection uses names, but no values.
    const able = expressions.filter(
      (name) => member === "ExpressionAttributeNames" || name !== "ProjectionExpression",
    );
    if (!able.some((name) => used.includes(name))) {
      const which = able.length === 1 ? `${able[0]} is null` : `${able.join(" and ")} are null`;
      throw invalid(
        `${member} can only be specified when using expressions${able.length > 0 ? `: ${which}` : ""}`,
      );
    }
    if (Object.keys(placeholders).length === 0) throw invalid(`${member} must not be empty`);
  }
  checkNames(names ?? {});
  return {
    names: names ?? {},
    values: checkValues(values ?? {}),
    usedNames: new Set(),
    usedValues: new Set(),
    namesOfDocuments: new Set(),
  };
}

function checkNames(names: Record<string, string>): void {
  for (const name of Object.keys(names)) {
    if (!/^#[A-Za-z0-9_]+$/.test(name))
      throw invalid(`ExpressionAttributeNames contains invalid key: Syntax error; key: "${name}"`);
  }
}

function checkValues(values: Body): Record<string, Value> {
  const checked: Record<string, Value> = {};
  for (const [name, value] of Object.entries(values)) {
    if (!/^:[A-Za-z0-9_]+$/.test(name))
      throw invalid(`ExpressionAttributeValues contains invalid key: Syntax error; key: "${name}"`);
    try {
      checked[name] = checkValue(value);
    } catch (error) {
      const sentence = (error as Error).message;
      throw invalid(
        `ExpressionAttributeValues contains invalid value: ${sentence} for key ${name}`,
      );
    }
  }
  return checked;
}

/** Every placeholder must be used by one of the request's expressions. */
export function refuseUnused({ names, values, usedNames, usedValues }: Placeholders): void {
  for (const [member, given, used] of [
    ["ExpressionAttributeNames", names, usedNames],
    ["ExpressionAttributeValues", values, usedValues],
  ] as const) {
    const unused = Object.keys(given).filter((name) => !used.has(name));
    if (unused.length > 0)
      throw invalid(
        `Value provided in ${member} unused in expressions: keys: {${unused.join(", ")}}`,
      );
  }
}

/** The condition in a request's field, if it has one. */
export function readOptionalCondition(
  body: Body,
  member: string,
  placeholders: Placeholders,
): Condition | undefined {
  const text = body[member];
  if (text === undefined || text === null) return undefined;
  return readCondition(member, String(text), placeholders);
}

/** The paths of a request's ProjectionExpression, if it has one. */
export function readOptionalProjection(
  { ProjectionExpression: text }: Body,
  placeholders: Placeholders,
): Path[] | undefined {
  return text === undefined || text === null
    ? undefined
    : readProjection(String(text), placeholders);
}
