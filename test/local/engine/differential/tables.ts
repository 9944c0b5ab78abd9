import * as fc from "fast-check";
import { type Item, type KeyType, keyValue, type Value, value } from "./values.ts";

/** The parts of a table that vary between sequences. */
export type Schema = {
  hash: KeyType;
  range: KeyType | undefined;
  /** The types of the attributes `g` and `r`, the keys of indexes. */
  g: KeyType;
  r: KeyType;
  indexes: IndexSchema[];
  view: string | undefined;
};

type IndexSchema = {
  name: string;
  keys: ["g", "r"?];
  projection: "ALL" | "KEYS_ONLY" | "INCLUDE";
};

const keyType = fc.constantFrom<KeyType>("S", "N", "B");
const projection = fc.constantFrom("ALL" as const, "KEYS_ONLY" as const, "INCLUDE" as const);
const index = fc.record({
  keys: fc.constantFrom<IndexSchema["keys"]>(["g"], ["g", "r"]),
  projection,
});

/** Tables with `h` and perhaps `s` as their key, up to two indexes. */
export const schema: fc.Arbitrary<Schema> = fc
  .record({
    hash: keyType,
    range: fc.option(keyType, { nil: undefined, freq: 4 }),
    g: keyType,
    r: keyType,
    indexes: fc.array(index, { maxLength: 2 }),
    view: fc.option(fc.constantFrom("NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"), {
      nil: undefined,
      freq: 2,
    }),
  })
  .map(({ indexes, ...rest }) => ({
    ...rest,
    indexes: indexes.map((one, at) => ({ ...one, name: `index-${at}` })),
  }));

/** The request that creates such a table. */
export function creationOf(TableName: string, { hash, range, g, r, indexes, view }: Schema) {
  const element = (AttributeName: string, at: number) => ({
    AttributeName,
    KeyType: at === 0 ? "HASH" : "RANGE",
  });
  const keys = range ? ["h", "s"] : ["h"];
  const types: Record<string, KeyType | undefined> = { h: hash, s: range, g, r };
  const names = new Set<string>([...keys, ...indexes.flatMap((index) => index.keys as string[])]);
  const described = indexes.map((index) => ({
    IndexName: index.name,
    KeySchema: (index.keys as string[]).map(element),
    Projection: {
      ProjectionType: index.projection,
      ...(index.projection === "INCLUDE" && { NonKeyAttributes: ["a"] }),
    },
  }));
  return {
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [...names].map((AttributeName) => ({
      AttributeName,
      AttributeType: types[AttributeName],
    })),
    KeySchema: keys.map(element),
    ...(described.length > 0 && { GlobalSecondaryIndexes: described }),
    ...(view && { StreamSpecification: { StreamEnabled: true, StreamViewType: view } }),
  };
}

/** Attributes in addition to the keys. */
export const names = ["a", "b", "c"];

/** One of a few keys, rarely an invalid one. */
export const keyOf = ({ hash, range }: Schema): fc.Arbitrary<Item> =>
  fc.oneof(
    {
      weight: 40,
      arbitrary: fc.record({
        h: keyValue(hash, 2),
        ...(range && { s: keyValue(range) }),
      }) as fc.Arbitrary<Item>,
    },
    { weight: 1, arbitrary: fc.record({ h: keyValue(hash, 2), z: value }) as fc.Arbitrary<Item> },
    {
      weight: 1,
      arbitrary: fc.record({ h: value, ...(range && { s: value }) }) as fc.Arbitrary<Item>,
    },
  );

/** An item that is always valid. */
export const validItemOf = (table: Schema): fc.Arbitrary<Item> =>
  fc
    .tuple(
      fc.record({ h: keyValue(table.hash, 2), ...(table.range && { s: keyValue(table.range) }) }),
      fc.record(
        { g: keyValue(table.g, 2), r: keyValue(table.r, 4), a: value, b: value, c: value },
        { requiredKeys: ["a"] },
      ),
    )
    .map(([key, rest]) => ({ ...rest, ...key }) as Item);

/** An item with or without the keys of indexes, rarely with wrong types. */
export function itemOf(table: Schema): fc.Arbitrary<Item> {
  const indexKey = (type: KeyType) =>
    fc.oneof(
      { weight: 40, arbitrary: keyValue(type, 3) },
      { weight: 1, arbitrary: value },
    ) as fc.Arbitrary<Value>;
  const more = fc.record(
    { g: indexKey(table.g), r: indexKey(table.r), a: value, b: value, c: value },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Item>;
  return fc.tuple(keyOf(table), more).map(([key, rest]) => ({ ...rest, ...key }));
}
