import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import fc from "fast-check";
import {
  type Attribute,
  fromAttribute,
  fromAttributes,
  toAttribute,
  toAttributes,
} from "../../../platform/aws/attribute-value.ts";

/** As the table's driver configures the SDK's. */
const options = { removeUndefinedValues: true, convertTopLevelContainer: true };

/** The SDK's notation as it is sent: its serializer writes binary in base64. */
function asSent(attribute: unknown): unknown {
  if (attribute instanceof Uint8Array) return Buffer.from(attribute).toString("base64");
  if (Array.isArray(attribute)) return attribute.map(asSent);
  if (attribute === null || typeof attribute !== "object") return attribute;
  return Object.fromEntries(
    Object.entries(attribute).map(([name, value]) => [name, asSent(value)]),
  );
}

/** JavaScript's property for the prototype: the SDK loses an attribute of this name. */
const name = fc.string({ unit: "grapheme" }).filter((text) => text !== "__proto__");

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, max: 2 ** 53 - 1, min: -(2 ** 53 - 1) }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 1e-7, 1e-130, 5e-324, 2 ** 53 - 1, -(2 ** 53 - 1)),
);
const bytes = fc.uint8Array({ maxLength: 20 });
const set = fc.oneof(
  fc.uniqueArray(fc.string(), { minLength: 1 }),
  fc.uniqueArray(number, { minLength: 1, comparator: "SameValueZero" }),
  fc.uniqueArray(fc.bigInt(), { minLength: 1 }),
  fc.array(bytes, { minLength: 1, maxLength: 3 }),
);
const leaf = fc.oneof(
  fc.string({ unit: "binary" }),
  number,
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, "", "\u2028", '"\\'),
  bytes,
  bytes.map((view) => Buffer.from(view)),
  set.map((values) => new Set<unknown>(values)),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4 }).map((one) => new Map(Object.entries(one))),
    fc
      .dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true })
      .map((one) => Object.assign(Object.create(null) as object, one)),
  ),
}));
const runs = { numRuns: 500 };

test("writes every value as the SDK does, byte for byte", () => {
  fc.assert(
    fc.property(value, (one) => {
      if (one === undefined) return;
      const theirs = JSON.stringify(asSent(marshall(one as never, options)));
      expect(JSON.stringify(toAttribute(one))).toBe(theirs);
    }),
    runs,
  );
});

test("writes every item as the SDK does, and reads it as the SDK does", () => {
  fc.assert(
    fc.property(fc.dictionary(name, value), (item) => {
      const theirs = marshall(item as never, { removeUndefinedValues: true });
      const own = toAttributes(item);
      expect(JSON.stringify(own)).toBe(JSON.stringify(asSent(theirs)));
      const sent = JSON.parse(JSON.stringify(own)) as Record<string, Attribute>;
      expect(fromAttributes(sent)).toEqual(unmarshall(theirs));
    }),
    runs,
  );
});

const numerals = fc.oneof(
  fc.bigInt().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom("0", "-0", "9007199254740991", "9007199254740992", "-9007199254740993"),
  fc.constantFrom("1E+2", "1e30", "9.9999999999999999999999999999999999999E+125", "-1E-130"),
);

test("reads every number as the SDK does, and refuses what it refuses", () => {
  const outcome = (read: () => unknown) => {
    try {
      return read();
    } catch {
      return "refused";
    }
  };
  fc.assert(
    fc.property(numerals, (N) => {
      const theirs = outcome(() => unmarshall({ n: { N } }).n);
      expect(outcome(() => fromAttribute({ N }))).toEqual(theirs);
    }),
    runs,
  );
});

class Instance {
  a = 1;
}

test.each([
  ["not a number", Number.NaN],
  ["infinity", Number.POSITIVE_INFINITY],
  ["what a double does not hold", 2 ** 53],
  ["what a double does not hold, below zero", -(2 ** 53)],
  ["an empty set", new Set()],
  ["a set of nothing", new Set([undefined])],
  ["a set of maps", new Set([{}])],
  ["an instance of a class", new Instance()],
  ["a date", new Date(0)],
  ["a symbol", Symbol("a")],
  ["undefined by itself", undefined],
])("refuses %s, as the SDK does", (_, one) => {
  for (const holding of [one, [one], { a: one }]) {
    // Within a list or a map it is left out.
    if (one === undefined && holding !== undefined) continue;
    expect(() => marshall(holding as never, options)).toThrow();
    expect(() => toAttribute(holding)).toThrow();
  }
});

test("accepts an object whatever its members are called", () => {
  for (const called of ["constructor", "toString", "hasOwnProperty", "S", "__proto"]) {
    const item = JSON.parse(`{"${called}":"a"}`);
    expect(fromAttribute(toAttribute(item))).toEqual(item);
  }
});

test("refuses unknown types, and values without one", () => {
  expect(() => fromAttribute({ X: "a" })).toThrow("Unsupported type passed: X");
  expect(() => fromAttribute({})).toThrow("No value defined");
});
