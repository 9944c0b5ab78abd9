import * as fc from "fast-check";
import { names as attributeNames } from "./tables.ts";
import {
  type KeyType,
  keyValue,
  listValue,
  memberNames,
  numberValue,
  scalarValue,
  setValue,
  type Value,
  value,
} from "./values.ts";

/** The fields of a request for its expressions and their placeholders. */
export type Placeholders = {
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, Value>;
};

/** Writes an expression and collects its placeholders. */
export type Expression = (notes: Notes) => string;

/** Collects the placeholders of all expressions of one request. */
export class Notes {
  private readonly names = new Map<string, string>();
  private readonly values: Value[] = [];

  name(name: string): string {
    this.names.set(`#${name}`, name);
    return `#${name}`;
  }

  value(one: Value): string {
    this.values.push(one);
    return `:v${this.values.length}`;
  }

  members(): Placeholders {
    return {
      ...(this.names.size > 0 && { ExpressionAttributeNames: Object.fromEntries(this.names) }),
      ...(this.values.length > 0 && {
        ExpressionAttributeValues: Object.fromEntries(
          this.values.map((one, at) => [`:v${at + 1}`, one]),
        ),
      }),
    };
  }
}

const tops = [...attributeNames, "g", "r"];
const members = fc.constantFrom<string | number>(...memberNames);
const anyStep = fc.oneof(members, fc.nat({ max: 3 }));
const noSteps = fc.constant<(string | number)[]>([]);

/** A path from one of some attributes, with names written directly or as placeholders. */
const pathFrom = (
  top: fc.Arbitrary<string>,
  step: fc.Arbitrary<string | number> = anyStep,
): fc.Arbitrary<Expression> =>
  fc
    .record({
      first: top,
      steps: fc.oneof(
        { weight: 3, arbitrary: noSteps },
        { weight: 2, arbitrary: fc.array(step, { minLength: 1, maxLength: 2 }) },
      ),
      // Keys have no members; such paths are tried occasionally.
      isOdd: fc.nat({ max: 30 }).map((n) => n === 30),
      isPlain: fc.boolean(),
    })
    .map(({ first, steps, isOdd, isPlain }) => (notes) => {
      const spell = (name: string) => (isPlain ? name : notes.name(name));
      const taken = attributeNames.includes(first) || isOdd ? steps : [];
      return taken.reduce<string>(
        (text, one) => text + (typeof one === "number" ? `[${one}]` : `.${spell(one)}`),
        spell(first),
      );
    });

const anyTop = fc.constantFrom(...attributeNames, ...tops);
const path = fc.oneof(
  { weight: 30, arbitrary: pathFrom(anyTop) },
  { weight: 1, arbitrary: pathFrom(fc.constant("h"), members) },
);
const constant: fc.Arbitrary<Expression> = value.map((one) => (notes) => notes.value(one));
const scalarConstant: fc.Arbitrary<Expression> = scalarValue.map(
  (one) => (notes) => notes.value(one),
);
const keyPath: fc.Arbitrary<Expression> = fc.constantFrom("g", "r").map((name) => () => name);
const keyConstant: fc.Arbitrary<Expression> = fc
  .constantFrom<KeyType>("S", "N", "B")
  .chain((type) => keyValue(type, 3))
  .map((one) => (notes) => notes.value(one));
const textConstant: fc.Arbitrary<Expression> = fc
  .constantFrom("a", "b", "")
  .map((S) => (notes) => notes.value({ S }));
const operand = fc.oneof(
  { weight: 4, arbitrary: path },
  { weight: 4, arbitrary: constant },
  {
    weight: 1,
    arbitrary: path.map(
      (one): Expression =>
        (notes) =>
          `size(${one(notes)})`,
    ),
  },
);

const write =
  (parts: TemplateStringsArray, ...inner: Expression[]): Expression =>
  (notes) =>
    parts.reduce((text, part, at) => text + part + (inner[at]?.(notes) ?? ""), "");

const comparator = fc.constantFrom("=", "<>", "<", "<=", ">", ">=");
const typeName = fc.constantFrom("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M");

const simple: fc.Arbitrary<Expression> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .oneof(
        { weight: 4, arbitrary: fc.tuple(path, comparator, scalarConstant) },
        // Values that are often equal to an attribute.
        { weight: 4, arbitrary: fc.tuple(keyPath, comparator, keyConstant) },
        { weight: 2, arbitrary: fc.tuple(path, fc.constantFrom("=", "<>"), constant) },
        { weight: 1, arbitrary: fc.tuple(operand, comparator, operand) },
      )
      .map(
        ([left, sign, right]): Expression =>
          (notes) => {
            return `${left(notes)} ${sign} ${right(notes)}`;
          },
      ),
  },
  { weight: 3, arbitrary: path.map((one) => write`attribute_exists(${one})`) },
  { weight: 3, arbitrary: path.map((one) => write`attribute_not_exists(${one})`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(path, typeName)
      .map(([one, S]) => write`attribute_type(${one}, ${(notes) => notes.value({ S })})`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(path, fc.oneof(textConstant, constant))
      .map(([one, start]) => write`begins_with(${one}, ${start})`),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(path, operand).map(([one, member]) => write`contains(${one}, ${member})`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(path, scalarConstant, fc.oneof(scalarConstant, path))
      .map(([one, low, high]) => write`${one} BETWEEN ${low} AND ${high}`),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(operand, fc.array(operand, { minLength: 1, maxLength: 3 })).map(
      ([one, list]): Expression =>
        (notes) => {
          return `${one(notes)} IN (${list.map((member) => member(notes)).join(", ")})`;
        },
    ),
  },
);

/** A condition or a filter. */
export const { condition } = fc.letrec<{ condition: Expression }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 2 },
    { weight: 5, arbitrary: simple },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie("condition"), tie("condition"))
        .map(([left, right]) => write`${left} AND ${right}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie("condition"), tie("condition"))
        .map(([left, right]) => write`(${left} OR ${right}) AND attribute_not_exists(q)`),
    },
    { weight: 1, arbitrary: tie("condition").map((inner) => write`NOT (${inner})`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie("condition"), tie("condition"))
        .map(([left, right]) => write`${left} OR ${right}`),
    },
  ),
}));

/** Usually an operand that the operator accepts, rarely any value. */
const mostly = (one: fc.Arbitrary<Value>): fc.Arbitrary<Expression> =>
  fc
    .oneof({ weight: 25, arbitrary: one }, { weight: 1, arbitrary: value })
    .map((to) => (notes) => notes.value(to));

const term: fc.Arbitrary<Expression> = fc.oneof(
  { weight: 4, arbitrary: constant },
  { weight: 2, arbitrary: path },
  {
    weight: 1,
    arbitrary: fc
      .tuple(path, fc.oneof(constant, path))
      .map(([one, other]) => write`if_not_exists(${one}, ${other})`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.oneof(path, mostly(listValue)), fc.oneof(path, mostly(listValue)))
      .map(([one, other]) => write`list_append(${one}, ${other})`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(path, fc.constantFrom("1", "-2.5", "1e20"))
      .map(([one, N]) => write`${one} + ${(notes) => notes.value({ N })}`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(path, fc.constantFrom("1", "0.001"))
      .map(
        ([one, N]) =>
          write`if_not_exists(${one}, ${(notes) => notes.value({ N: "0" })}) - ${(notes) => notes.value({ N })}`,
      ),
  },
);

type Change = { section: "SET" | "REMOVE" | "ADD" | "DELETE"; text: Expression };

/** A change of an attribute or of a value inside it. */
function changeOf(top: fc.Arbitrary<string>): fc.Arbitrary<Change> {
  // Values beyond a list's end are appended; the other engine fills the gap.
  const settable = pathFrom(top, fc.oneof(members, fc.constant(0)));
  // ADD and DELETE are documented for attributes at the top alone.
  const atTop = top.map(
    (name): Expression =>
      (notes) =>
        notes.name(name),
  );
  const added = mostly(fc.oneof(numberValue, setValue));
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(settable, term)
        .map(([one, to]): Change => ({ section: "SET", text: write`${one} = ${to}` })),
    },
    {
      weight: 2,
      arbitrary: pathFrom(top).map((text): Change => ({ section: "REMOVE", text })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(atTop, added)
        .map(([one, to]): Change => ({ section: "ADD", text: write`${one} ${to}` })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(atTop, mostly(setValue))
        .map(([one, to]): Change => ({ section: "DELETE", text: write`${one} ${to}` })),
    },
  );
}

/** An UpdateExpression with one or more sections, whose paths rarely overlap. */
export const update: fc.Arbitrary<Expression> = fc
  .oneof(
    {
      weight: 20,
      arbitrary: fc
        .shuffledSubarray(tops, { minLength: 1, maxLength: 4 })
        .chain((names) => fc.tuple(...names.map((name) => changeOf(fc.constant(name))))),
    },
    { weight: 1, arbitrary: fc.array(changeOf(anyTop), { minLength: 1, maxLength: 3 }) },
  )
  .map((changes) => (notes) => {
    const sections = Map.groupBy(changes, ({ section }) => section);
    return [...sections]
      .map(([name, own]) => `${name} ${own.map(({ text }) => text(notes)).join(", ")}`)
      .join(" ");
  });

/** A ProjectionExpression. */
export const projection: fc.Arbitrary<Expression> = fc
  .array(path, { minLength: 1, maxLength: 3 })
  .map((paths) => (notes) => paths.map((one) => one(notes)).join(", "));
