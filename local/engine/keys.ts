import { EngineFailure, invalid, invalidParameter } from "./failure.ts";
import { encodeNumber } from "./number.ts";
import type { Item, Value } from "./values.ts";
import { typeOf } from "./values.ts";

export type KeyPart = { name: string; type: "S" | "N" | "B" };

/** The key of a table or of an index: a partition key and perhaps a sort key. */
export type KeySchema = { hash: KeyPart; range: KeyPart | undefined };

export type EncodedKey = { hash: Uint8Array; range: Uint8Array };

const hashBytesMax = 2048;
const rangeBytesMax = 1024;
const none = new Uint8Array(0);

/** One key value as bytes with DynamoDB's sort order. */
export function encodeKeyValue(value: Value): Uint8Array {
  if (value.S !== undefined) return Buffer.from(String(value.S));
  if (value.N !== undefined) return encodeNumber(String(value.N));
  return Buffer.from(String(value.B), "base64");
}

/** The kind of an empty value, which no key may have; undefined for all others. */
export const emptyKindOf = ({ S, B }: Value) =>
  S === "" ? "string" : B === "" ? "binary" : undefined;

/** The value of one part of an item's key. Throws if the item lacks it. */
function partOf(item: Item, { name }: KeyPart): Value {
  const value = item[name];
  if (value === undefined) throw new Error(`The item has no key attribute ${name}`);
  return value;
}

/**
 * The key of an item in this schema, as bytes; without a sort key `range` is empty.
 */
export function encodeKey(schema: KeySchema, item: Item): EncodedKey {
  const { hash, range } = schema;
  return {
    hash: encodeKeyValue(partOf(item, hash)),
    range: range ? encodeKeyValue(partOf(item, range)) : none,
  };
}

/** The key attributes of an item. */
export const keyOf = (schema: KeySchema, item: Item): Item =>
  Object.fromEntries(partsOf(schema).map((part) => [part.name, partOf(item, part)]));

export const partsOf = ({ hash, range }: KeySchema): KeyPart[] => (range ? [hash, range] : [hash]);

/** A key of a request: all of its parts, of the right types, and nothing else. */
export function checkKey(schema: KeySchema, key: Item): void {
  const parts = partsOf(schema);
  const fits =
    Object.keys(key).length === parts.length &&
    parts.every(({ name, type }) => key[name] && typeOf(key[name]) === type);
  if (!fits) throw invalid("The provided key element does not match the schema");
  checkKeySizes(schema, key);
}

/** Checks the key parts of an item to be put. */
export function checkItemKey(schema: KeySchema, item: Item): void {
  for (const { name, type } of partsOf(schema)) {
    const value = item[name];
    if (value === undefined) throw invalidParameter(`Missing the key ${name} in the item`);
    const found = typeOf(value);
    if (found !== type)
      throw invalidParameter(`Type mismatch for key ${name} expected: ${type} actual: ${found}`);
  }
  checkKeySizes(schema, item);
}

/** Throws for a key part that is empty or too long. */
export function checkKeySizes(schema: KeySchema, item: Item): void {
  for (const part of partsOf(schema)) {
    const kind = emptyKindOf(partOf(item, part));
    if (kind !== undefined)
      throw invalidParameter(
        `The AttributeValue for a key attribute cannot contain an empty ${kind} value. Key: ${part.name}`,
      );
  }
  refuseLongParts(schema, item);
}

/** The keys of a table and of its indexes have the same limits. */
function refuseLongParts({ hash, range }: KeySchema, item: Item): void {
  const isLong = ({ name }: KeyPart, max: number) =>
    item[name] !== undefined && encodeKeyValue(item[name]).length > max;
  if (isLong(hash, hashBytesMax))
    throw invalidParameter(
      `Size of hashkey has exceeded the maximum size limit of${hashBytesMax} bytes`,
    );
  if (range && isLong(range, rangeBytesMax))
    throw invalidParameter(
      `Aggregated size of all range keys has exceeded the size limit of ${rangeBytesMax} bytes`,
    );
}

/** Keys of a table and of its indexes are scalars: no expression may look inside one. */
export function refuseKeysAsDocuments(
  { schema, indexes }: { schema: KeySchema; indexes: { schema: KeySchema }[] },
  names: ReadonlySet<string>,
): void {
  if (names.size === 0) return;
  const refuse = (parts: KeyPart[], label: string) => {
    const found = parts.find(({ name }) => names.has(name));
    if (!found) return;
    throw invalid(
      "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: " +
        `${label}: ${found.name}`,
    );
  };
  refuse(partsOf(schema), "Key");
  for (const index of indexes) refuse(partsOf(index.schema), "IndexKey");
}

/** Whether an item is in an index: it has all of its key attributes. Wrong types are refused. */
export function isIndexed(schema: KeySchema, indexName: string, item: Item): boolean {
  for (const { name, type } of partsOf(schema)) {
    const value = item[name];
    if (value === undefined) continue;
    const found = typeOf(value);
    if (found !== type)
      throw invalidParameter(
        `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${found} IndexName: ${indexName}`,
      );
    const kind = emptyKindOf(value);
    if (kind !== undefined)
      throw invalidParameter(
        `A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty ${kind} value. IndexName: ${indexName}, IndexKey: ${name}`,
      );
  }
  refuseLongParts(schema, item);
  return partsOf(schema).every(({ name }) => item[name] !== undefined);
}

/** The response to a failed condition. */
export const conditionFailed = (item?: Item) =>
  new EngineFailure(
    "ConditionalCheckFailedException",
    "The conditional request failed",
    item ? { Item: item } : {},
  );
