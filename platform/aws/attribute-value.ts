/** A value in DynamoDB's notation, as in requests: binary in base64. */
export type Attribute = { [type: string]: unknown };

/**
 * Converts a value to DynamoDB's notation, by the rules of `@aws-sdk/util-dynamodb` with
 * `removeUndefinedValues`, in one pass. Throws for values that DynamoDB lacks: a number that is not
 * finite or not exact in a double, an empty set, an instance of a class, undefined at the top
 * level.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
 */
export function toAttribute(value: unknown): Attribute {
  switch (typeof value) {
    case "string":
      return { S: value };
    case "number":
      return { N: numeral(value) };
    case "boolean":
      return { BOOL: value };
    case "bigint":
      return { N: String(value) };
    case "object":
      return objectToAttribute(value);
  }
  if (value === undefined)
    throw new Error("DynamoDB has no undefined: it is allowed only inside a map or a list");
  throw new Error(`Unsupported type passed: ${String(value)}`);
}

function objectToAttribute(value: object | null): Attribute {
  if (value === null) return { NULL: true };
  if (Array.isArray(value)) return { L: value.filter(isWritten).map(toAttribute) };
  if (value instanceof Uint8Array) return { B: base64(value) };
  if (value instanceof Set) return setToAttribute(value);
  if (value instanceof Map) return { M: toAttributes(Object.fromEntries(value)) };
  if (isPlain(value)) return { M: toAttributes(value as Record<string, unknown>) };
  throw new Error(`Unsupported type passed: ${String(value)}`);
}

/** The members of an item or a map, without undefined values and functions. */
export function toAttributes(members: Record<string, unknown>): Record<string, Attribute> {
  const written: Record<string, Attribute> = {};
  for (const name in members) {
    const value = members[name];
    if (isWritten(value)) written[name] = toAttribute(value);
  }
  return written;
}

const isWritten = (value: unknown) => value !== undefined && typeof value !== "function";

/** A plain object, of this realm or another (a test's), whatever its members are called. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function setToAttribute(set: Set<unknown>): Attribute {
  const values = [...set].filter((value) => value !== undefined);
  const [first] = values;
  if (first === undefined) throw new Error("DynamoDB has no empty set");
  if (typeof first === "string") return { SS: values.map(String) };
  if (typeof first === "bigint") return { NS: values.map(String) };
  if (typeof first === "number") return { NS: (values as number[]).map(numeral) };
  if (first instanceof Uint8Array) return { BS: (values as Uint8Array[]).map(base64) };
  throw new Error("Only Number Set (NS), Binary Set (BS) or String Set (SS) are allowed.");
}

/** A number's digits. Throws if a double does not hold it exactly. */
function numeral(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`Special numeric value ${value} is not allowed`);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER)
    throw new Error(`Number ${value} is not held exactly: use a bigint`);
  return String(value);
}

const base64 = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");

const bytes = (text: unknown) => new Uint8Array(Buffer.from(text as string, "base64"));

/**
 * Converts a value from DynamoDB's notation, by the rules of `toAttribute`: sets become `Set`,
 * binary `Uint8Array`, and an integer that a double cannot hold `bigint`. Throws for other numbers
 * that a double cannot hold, and for unknown types.
 */
export function fromAttribute(attribute: Attribute): unknown {
  for (const type in attribute) {
    const value = attribute[type];
    switch (type) {
      case "S":
        return value;
      case "N":
        return number(value as string);
      case "BOOL":
        return Boolean(value);
      case "NULL":
        return null;
      case "M":
        return fromAttributes(value as Record<string, Attribute>);
      case "L":
        return (value as Attribute[]).map(fromAttribute);
      case "SS":
        return new Set(value as string[]);
      case "NS":
        return new Set((value as string[]).map(number));
      case "B":
        return bytes(value);
      case "BS":
        return new Set((value as string[]).map(bytes));
      default:
        throw new Error(`Unsupported type passed: ${type}`);
    }
  }
  throw new Error(`No value defined: ${JSON.stringify(attribute)}`);
}

/** The members of an item or of a map. */
export function fromAttributes(members: Record<string, Attribute>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name in members) values[name] = fromAttribute(members[name]!);
  return values;
}

function number(text: string): number | bigint {
  const value = Number(text);
  if (Number.isFinite(value) && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    try {
      return BigInt(text);
    } catch {
      throw new Error(`${text} can't be converted to BigInt`);
    }
  }
  return value;
}

/** Decodes binary in DynamoDB's notation, as the SDK does in the items of errors. */
export function decodeBinary(attribute: Attribute): Attribute {
  const { B, BS, L, M } = attribute;
  if (typeof B === "string") attribute.B = bytes(B);
  else if (Array.isArray(BS)) attribute.BS = BS.map(bytes);
  else if (Array.isArray(L)) L.forEach(decodeBinary);
  else if (M !== undefined) Object.values(M as Record<string, Attribute>).forEach(decodeBinary);
  return attribute;
}
