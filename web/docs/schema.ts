import type { Schema } from "../../bin/documents/schema-types.ts";
import { declarationOf, namesIn } from "../../bin/documents/schema-types.ts";
import { formatted } from "../formats.ts";

/** A schema and the annotations that the reference shows. */
export type Described = Schema & {
  example?: unknown;
  examples?: unknown[];
  default?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
};
export type Schemas = Record<string, Described>;

const prefix = "#/components/schemas/";
/** Recursive schemas end at this depth. */
const depthMax = 8;
/** JSON's largest safe integer: a limit of this size carries no information. */
const limitMax = Number.MAX_SAFE_INTEGER;

const samples: Record<string, unknown> = {
  "date-time": "2026-01-15T10:30:00.000Z",
  uri: "https://example.com/picture.png",
  url: "https://example.com/picture.png",
  email: "johndoe@example.com",
  date: "2026-01-15",
};

/** An example value of a schema: its own example if it has one, else a minimal value. */
export function exampleOf(schema: Described, schemas: Schemas, depth = 0): unknown {
  const { $ref, example, examples, const: only, enum: values, format } = schema;
  if (example !== undefined) return example;
  if (examples?.[0] !== undefined) return examples[0];
  if (only !== undefined) return only;
  if (schema.default !== undefined) return schema.default;
  if (values !== undefined) return values[0];
  if (depth > depthMax) return null;
  if ($ref !== undefined) return exampleOf(schemas[$ref.slice(prefix.length)]!, schemas, depth + 1);
  const first = (schema.anyOf ?? schema.oneOf)?.[0];
  if (first !== undefined) return exampleOf(first as Described, schemas, depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object") return objectOf(schema, schemas, depth);
  if (type === "array") {
    const { items, maxItems } = schema;
    return items && maxItems !== 0 ? [exampleOf(items as Described, schemas, depth + 1)] : [];
  }
  if (type === "integer" || type === "number") return Math.max(schema.minimum ?? 1, 0) || 1;
  if (type === "boolean") return true;
  if (type === "string") return samples[format ?? ""] ?? "text".padEnd(schema.minLength ?? 0, "t");
  return null;
}

function objectOf({ properties = {} }: Described, schemas: Schemas, depth: number) {
  const members = Object.entries(properties);
  return Object.fromEntries(
    members.map(([name, one]) => [name, exampleOf(one as Described, schemas, depth + 1)]),
  );
}

/** A schema as a TypeScript type, followed by all types that it references. */
export function typesOf(name: string, schema: Described, schemas: Schemas): string {
  const others = namesIn(schema, schemas).flatMap((one) => declarationOf(one, schemas[one]!));
  const lines = [...declarationOf(name, schema), ...others];
  // A name with dots, such as `event.gift.sent`, is not valid in TypeScript.
  const text = lines.join("\n").replace(/\bevent(?:\.\w+)+/g, eventTypeName);
  return text.replace(/^export /gm, "").trim();
}

/** `GiftSentEvent` for `event.gift.sent`: its data already has the type `GiftSent`. */
export const eventTypeName = (name: string) => `${typeName(name.replace(/^event\./, ""))}Event`;

/** A name with dots or hyphens as the name of a type. */
export const typeName = (name: string) =>
  name.replace(/(^|[.-])(\w)/g, (_, _dot, letter: string) => letter.toUpperCase());

/** The limits of a value as text; empty if it has none. */
export function limitsOf(schema: Described): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  const says = (from: number | undefined, to: number | undefined, what: string) => {
    const most = to !== undefined && to < limitMax ? formatted(to) : undefined;
    if (most === undefined) return from ? `at least ${from}${what}` : "";
    return from === undefined ? `at most ${most}${what}` : `${from} to ${most}${what}`;
  };
  return [
    says(minimum, maximum, ""),
    says(minLength, maxLength, " characters"),
    says(minItems, maxItems, " items"),
  ]
    .filter(Boolean)
    .join(", ");
}
