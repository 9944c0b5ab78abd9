type Schema = {
  $ref?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  description?: string;
};

const prefix = "#/components/schemas/";
const event = "event.";

/**
 * The types of the events, for the client, from the description of the WebSocket API: what
 * validates on one side is what is known on the other.
 */
export function clientTypes(schemas: Record<string, Schema>): string {
  const events = Object.keys(schemas).filter((name) => name.startsWith(event));
  const parts = Object.keys(schemas).filter((name) => isNeeded(name, schemas, events));
  const lines = ["/* Made from docs/asyncapi.json by `npm run documents`: do not edit. */", ""];
  for (const name of parts)
    lines.push(
      ...documented(schemas[name]!),
      `export type ${name} = ${typeOf(schemas[name]!)};`,
      "",
    );
  lines.push("/** The data of every event, by its type. */", "export type EventData = {");
  for (const name of events) {
    const data = schemas[name]!.properties!.data!;
    lines.push(
      ...documented(data, "  "),
      `  "${name.slice(event.length)}": ${typeOf(data, "  ")};`,
    );
  }
  return `${[...lines, "};"].join("\n")}\n`;
}

/** Schemas that the events name, directly or not. */
function isNeeded(name: string, schemas: Record<string, Schema>, events: string[]): boolean {
  if (name.startsWith(event)) return false;
  const needed = new Set<string>();
  const look = (schema: unknown): void => {
    for (const [, found] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (needed.has(found!)) continue;
      needed.add(found!);
      look(schemas[found!]);
    }
  };
  for (const one of events) look(schemas[one]);
  return needed.has(name);
}

const documented = ({ description }: Schema, indent = "") =>
  description === undefined ? [] : [`${indent}/** ${description} */`];

function typeOf(schema: Schema, indent = ""): string {
  const { $ref, const: only, enum: values, anyOf, oneOf, type, items } = schema;
  if ($ref !== undefined) return $ref.slice(prefix.length);
  if (only !== undefined) return JSON.stringify(only);
  if (values !== undefined) return choiceOf(values, indent);
  const some = anyOf ?? oneOf;
  if (some !== undefined) return some.map((one) => typeOf(one, indent)).join(" | ");
  if (type === "integer") return "number";
  if (type === "array") {
    const inner = items === undefined ? "unknown" : typeOf(items, indent);
    return inner.includes(" ") ? `Array<${inner}>` : `${inner}[]`;
  }
  return type === "object" ? objectOf(schema, indent) : (type ?? "unknown");
}

/** Values beside each other, or under each other where they are many. */
function choiceOf(values: unknown[], indent: string): string {
  const texts = values.map((value) => JSON.stringify(value));
  return values.length <= 4
    ? texts.join(" | ")
    : texts.map((text) => `\n${indent}  | ${text}`).join("");
}

function objectOf({ properties, required = [] }: Schema, indent: string): string {
  if (properties === undefined) return "Record<string, unknown>";
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, schema]) => {
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    const mark = required.includes(name) ? "" : "?";
    const type = typeOf(schema, inner);
    return `${inner}${key}${mark}:${type.startsWith("\n") ? "" : " "}${type};`;
  });
  return ["{", ...lines, `${indent}}`].join("\n");
}
