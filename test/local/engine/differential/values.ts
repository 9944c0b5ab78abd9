import * as fc from "fast-check";

export type Value = Record<string, unknown>;
export type Item = Record<string, Value>;
export type KeyType = "S" | "N" | "B";

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A few of each type, so that writes collide; their order differs from that of their text. */
const pools: Record<KeyType, Value[]> = {
  S: ["a", "ab", "b", "ç", "🎁"].map((S) => ({ S })),
  N: ["-2", "0", "3", "20", "1.5"].map((N) => ({ N })),
  B: ["a", "ab", "b", "\u0000", "ç"].map((text) => ({ B: base64(text) })),
};

/** The values of a key attribute of a type. */
export const keyValue = (type: KeyType, count = 5) =>
  fc.constantFrom(...pools[type].slice(0, count));

const text = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("", "a", "b", "ab", "ba", "ç", "🎁") },
  // Several units large and not close to a limit: sizes of numbers are documented approximately.
  { weight: 1, arbitrary: fc.constantFrom(1100, 2300, 6500).map((n) => "x".repeat(n)) },
);
const number = fc.oneof(
  fc.constantFrom("0", "1", "-1", "2", "10", "2.5", "-0.001", "1e3", "00.50", "-0"),
  fc.integer().map(String),
  fc.constantFrom("99999999999999999999999999999999999999", "1e-130", "-9.99e125"),
);
export const numberValue: fc.Arbitrary<Value> = number.map((N) => ({ N }));
const bytes = fc.constantFrom("a", "b", "ab", "\u0000").map(base64);
const distinct = (one: fc.Arbitrary<string>) =>
  fc.uniqueArray(one, { minLength: 1, maxLength: 3, selector: (value) => value });
const setNumber = fc.constantFrom("0", "1", "-1", "2.5", "10");

/** A value that can be compared with another. */
export const scalarValue: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: text.map((S) => ({ S })) },
  { weight: 4, arbitrary: numberValue },
  { weight: 1, arbitrary: bytes.map((B) => ({ B })) },
);
const scalar: fc.Arbitrary<Value> = fc.oneof(
  { weight: 8, arbitrary: scalarValue },
  { weight: 1, arbitrary: fc.boolean().map((BOOL) => ({ BOOL })) },
  { weight: 1, arbitrary: fc.constant({ NULL: true }) },
);
export const setValue: fc.Arbitrary<Value> = fc.oneof(
  distinct(fc.constantFrom("a", "b", "ab")).map((SS) => ({ SS })),
  distinct(setNumber).map((NS) => ({ NS })),
  distinct(bytes).map((BS) => ({ BS })),
);

/** Names inside documents, which differ from attribute names. */
export const memberNames = ["x", "y"];

/** Any value; documents are up to two deep. */
export const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    { weight: 6, arbitrary: scalar },
    { weight: 2, arbitrary: setValue },
    { weight: 2, arbitrary: fc.array(tie("value"), { maxLength: 3 }).map((L) => ({ L })) },
    {
      weight: 2,
      arbitrary: fc
        .dictionary(fc.constantFrom(...memberNames), tie("value"), { maxKeys: 2 })
        .map((M) => ({ M: { ...M } })),
    },
  ),
}));

export const listValue: fc.Arbitrary<Value> = fc.array(value, { maxLength: 2 }).map((L) => ({ L }));
