/** The part of JSON Schema that the documents use. */
export type Schema = {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  description?: string;
  format?: string;
};

/** The path of named schemas in the documents. */
const prefix = "#/components/schemas/";

/** The formatter's line width: longer lines are broken. */
const columnsMax = 100;
/** The width of code in the reference: an object on one line fits there, too. */
const objectColumnsMax = 60;
/** The assumed maximum width of a member name in front of a list. */
const longName = 20;

/** A type's declaration, with its description as a comment. */
export const declarationOf = (name: string, schema: Schema): string[] => [
  ...documented(schema),
  unionOf(`export type ${name} =`, partsOf(schema, ""), ""),
  "",
];

/** The description of a schema as a comment. */
export const documented = ({ description }: Schema, indent = ""): string[] =>
  description === undefined ? [] : [`${indent}/** ${description} */`];

/** Names of the schemas that a value refers to, directly or not, in document order. */
export function namesIn(given: unknown, schemas: Record<string, Schema>): string[] {
  const needed = new Set<string>();
  const look = (schema: unknown): void => {
    for (const [, found] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (needed.has(found!)) continue;
      needed.add(found!);
      look(schemas[found!]);
    }
  };
  look(given);
  return Object.keys(schemas).filter((name) => needed.has(name));
}

/** One member of an object's type. */
export function memberOf(name: string, schema: Schema, isRequired: boolean, indent: string) {
  const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
  return unionOf(`${indent}${key}${isRequired ? "" : "?"}:`, partsOf(schema, indent), indent);
}

/**
 * A member with a union type: on one line, or one alternative per line if it is too long.
 */
export function unionOf(head: string, parts: string[], indent: string): string {
  const line = `${head} ${parts.join(" | ")};`;
  const flat = flatOf(line);
  if (flat.length <= (line === flat ? columnsMax : objectColumnsMax)) return flat;
  const [, inner] = /^Array<([^\n]*)>$/.exec(parts.length === 1 ? parts[0]! : "") ?? [];
  if (inner !== undefined)
    return `${head} Array<${inner
      .split(" | ")
      .map((part) => `\n${indent}  | ${part}`)
      .join("")}\n${indent}>;`;
  const isOptional = parts.length === 2 && parts[1] === "null";
  if (parts.length === 1 || (isOptional && line.includes("\n"))) return line;
  return `${head}${parts.map((part) => `\n${indent}  | ${part}`).join("")};`;
}

/** A type on one line. */
const flatOf = (type: string) => type.replace(/;\n *\}/g, " }").replace(/\n */g, " ");

/** A schema as a TypeScript type. */
export const typeOf = (schema: Schema, indent = ""): string => partsOf(schema, indent).join(" | ");

function partsOf(schema: Schema, indent: string): string[] {
  const { $ref, const: only, enum: values, anyOf, oneOf, type, items, format } = schema;
  if ($ref !== undefined) return [$ref.slice(prefix.length)];
  if (only !== undefined) return [JSON.stringify(only)];
  if (type === "boolean") return ["boolean"];
  if (values !== undefined) return values.map((value) => JSON.stringify(value));
  if (format === "binary") return ["Blob"];
  const some = anyOf ?? oneOf;
  if (some !== undefined) {
    const parts = some.flatMap((one) => partsOf(one, indent));
    // `string` includes the empty string.
    const isText = parts.includes("string");
    const kept = parts.filter((part) => !(isText && part === '""'));
    return kept.includes("unknown") ? ["unknown"] : [...new Set(kept)];
  }
  if (Array.isArray(type)) return type.flatMap((one) => partsOf({ ...schema, type: one }, indent));
  if (type === "integer") return ["number"];
  if (type === "array") {
    const inner = items === undefined ? ["unknown"] : partsOf(items, indent);
    return [inner.join(" | ").includes(" ") ? listOf(inner, indent) : `${inner[0]}[]`];
  }
  return [type === "object" ? objectOf(schema, indent) : (type ?? "unknown")];
}

/** An array of a union type: one alternative per line if it is too long for one line. */
function listOf(parts: string[], indent: string): string {
  const line = `Array<${parts.join(" | ")}>`;
  if (parts.length === 1 || line.length + indent.length <= columnsMax - longName) return line;
  return `Array<${parts.map((part) => `\n${indent}  | ${part}`).join("")}\n${indent}>`;
}

function objectOf({ properties, required = [] }: Schema, indent: string): string {
  if (properties === undefined) return "Record<string, unknown>";
  if (Object.keys(properties).length === 0) return "Record<string, never>";
  const inner = `${indent}  `;
  const members = Object.entries(properties).map(([name, schema]) =>
    memberOf(name, schema, required.includes(name), inner),
  );
  return ["{", ...members, `${indent}}`].join("\n");
}
