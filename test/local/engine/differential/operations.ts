import * as fc from "fast-check";
import { condition, type Expression, Notes, projection, update } from "./expressions.ts";
import { itemOf, keyOf, type Schema, validItemOf } from "./tables.ts";
import { keyValue } from "./values.ts";

export type Body = Record<string, unknown>;

/** One request; a read stands for all of its pages. */
export type Operation = { name: string; body: Body };

/** The value, or undefined in `absent` of `absent` + 1 cases. */
const maybe = <Value>(one: fc.Arbitrary<Value>, absent = 1): fc.Arbitrary<Value | undefined> =>
  fc.oneof({ weight: 1, arbitrary: one }, { weight: absent, arbitrary: fc.constant(undefined) });
const capacity = fc.constantFrom(undefined, "TOTAL", "INDEXES", "NONE");
const onFailure = fc.constantFrom(undefined, "ALL_OLD", "NONE");

/** The fields of a request, without undefined ones. */
function bodyOf(plain: Body, expressions: Record<string, Expression | undefined> = {}): Body {
  const notes = new Notes();
  const body = { ...plain };
  for (const [name, one] of Object.entries(expressions)) if (one) body[name] = one(notes);
  const whole = { ...body, ...notes.members() };
  return Object.fromEntries(Object.entries(whole).filter(([, member]) => member !== undefined));
}

const write = (name: string) => (body: Body) => ({ name, body });

/** The fields of a single write, which are the same in a transaction. */
function partsOf(table: Schema, TableName: string) {
  const common = {
    ConditionExpression: maybe(condition, 2),
    ReturnValuesOnConditionCheckFailure: onFailure,
  };
  const put = fc
    .record({ ...common, Item: itemOf(table) })
    .map(({ ConditionExpression, ...rest }) =>
      bodyOf({ TableName, ...rest }, { ConditionExpression }),
    );
  const change = fc
    .record({ ...common, Key: keyOf(table), UpdateExpression: update })
    .map(({ ConditionExpression, UpdateExpression, ...rest }) =>
      bodyOf({ TableName, ...rest }, { UpdateExpression, ConditionExpression }),
    );
  const remove = fc
    .record({ ...common, Key: keyOf(table) })
    .map(({ ConditionExpression, ...rest }) =>
      bodyOf({ TableName, ...rest }, { ConditionExpression }),
    );
  const check = fc
    .record({ ...common, Key: keyOf(table), ConditionExpression: condition })
    .map(({ ConditionExpression, ...rest }) =>
      bodyOf({ TableName, ...rest }, { ConditionExpression }),
    );
  const get = fc
    .record({ Key: keyOf(table), ProjectionExpression: maybe(projection) })
    .map(({ ProjectionExpression, ...rest }) =>
      bodyOf({ TableName, ...rest }, { ProjectionExpression }),
    );
  return { put, change, remove, check, get };
}

const withMembers = (one: fc.Arbitrary<Body>, members: Record<string, fc.Arbitrary<unknown>>) =>
  fc.tuple(one, fc.record(members)).map(([body, more]) => bodyOf({ ...body, ...more }));

function reads(table: Schema, TableName: string): fc.Arbitrary<Operation> {
  const types = { h: table.hash, s: table.range, g: table.g, r: table.r };
  const places = [
    { IndexName: undefined, keys: table.range ? ["h", "s"] : ["h"] },
    ...table.indexes.map((index) => ({ ...index, IndexName: index.name })),
  ];
  const common = {
    Limit: maybe(fc.integer({ min: 1, max: 4 })),
    FilterExpression: maybe(condition, 2),
    ProjectionExpression: maybe(projection, 3),
    ReturnConsumedCapacity: capacity,
    ConsistentRead: fc.constantFrom(undefined, undefined, true),
  };
  const rangeOf = (name: "s" | "r") => {
    const one = keyValue(types[name]!).map(
      (v): Expression =>
        (notes) =>
          notes.value(v),
    );
    return fc.oneof(
      fc.tuple(fc.constantFrom("=", "<", "<=", ">", ">="), one).map(
        ([sign, to]): Expression =>
          (notes) =>
            `${name} ${sign} ${to(notes)}`,
      ),
      fc.tuple(one, one).map(
        ([low, high]): Expression =>
          (notes) =>
            `${name} BETWEEN ${low(notes)} AND ${high(notes)}`,
      ),
      one.map(
        (start): Expression =>
          (notes) =>
            `begins_with(${name}, ${start(notes)})`,
      ),
    );
  };
  const query = fc.constantFrom(...places).chain(({ IndexName, keys }) => {
    const [hash, range] = keys as ["h" | "g", ("s" | "r")?];
    return fc
      .record({
        ...common,
        hash: keyValue(types[hash]!, 2),
        range: range ? maybe(rangeOf(range)) : fc.constant(undefined),
        ScanIndexForward: fc.constantFrom(undefined, true, false),
      })
      .map(({ hash: value, range: bounds, ...rest }) => {
        const { FilterExpression, ProjectionExpression, ...plain } = rest;
        const KeyConditionExpression: Expression = (notes) =>
          `${hash} = ${notes.value(value)}${bounds ? ` AND ${bounds(notes)}` : ""}`;
        const expressions = { KeyConditionExpression, FilterExpression, ProjectionExpression };
        if (IndexName) plain.ConsistentRead = undefined;
        return bodyOf({ TableName, IndexName, ...plain }, expressions);
      });
  });
  const scan = fc.constantFrom(...places).chain(({ IndexName }) =>
    fc.record(common).map(({ FilterExpression, ProjectionExpression, ...plain }) => {
      if (IndexName) plain.ConsistentRead = undefined;
      return bodyOf({ TableName, IndexName, ...plain }, { FilterExpression, ProjectionExpression });
    }),
  );
  return fc.oneof(query.map(write("Query")), query.map(write("Query")), scan.map(write("Scan")));
}

const wrap =
  (kind: string) =>
  (part: Body): Body => ({ [kind]: part });

/** Any operation on a table with this schema. */
export function operationOn(table: Schema, TableName: string): fc.Arbitrary<Operation> {
  const { put, change, remove, check, get } = partsOf(table, TableName);
  const metered = { ReturnConsumedCapacity: capacity };
  const returns = (...values: string[]) => ({
    ...metered,
    ReturnValues: fc.constantFrom(undefined, ...values),
  });
  const action = fc.oneof(
    put.map(wrap("Put")),
    change.map(wrap("Update")),
    remove.map(wrap("Delete")),
    check.map(wrap("ConditionCheck")),
  );
  const token = fc.constantFrom(undefined, undefined, undefined, "token-a", "token-b");
  const batchWrite = fc
    .array(
      fc.oneof(
        itemOf(table).map((Item) => ({ PutRequest: { Item } })),
        keyOf(table).map((Key) => ({ DeleteRequest: { Key } })),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((requests): Body => ({ RequestItems: { [TableName]: requests } }));
  const batchGet = fc
    .record({
      Keys: fc.array(keyOf(table), { minLength: 1, maxLength: 4 }),
      ProjectionExpression: maybe(projection),
      ConsistentRead: fc.constantFrom(undefined, true),
    })
    .map(({ ProjectionExpression, ...plain }): Body => {
      return { RequestItems: { [TableName]: bodyOf(plain, { ProjectionExpression }) } };
    });
  return fc.oneof(
    {
      weight: 5,
      arbitrary: withMembers(put, returns("NONE", "ALL_OLD")).map(write("PutItem")),
    },
    {
      weight: 6,
      arbitrary: withMembers(
        change,
        returns("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"),
      ).map(write("UpdateItem")),
    },
    {
      weight: 2,
      arbitrary: withMembers(remove, returns("NONE", "ALL_OLD")).map(write("DeleteItem")),
    },
    {
      weight: 2,
      arbitrary: withMembers(get, {
        ...metered,
        ConsistentRead: fc.constantFrom(undefined, true, false),
      }).map(write("GetItem")),
    },
    { weight: 5, arbitrary: reads(table, TableName) },
    { weight: 2, arbitrary: withMembers(batchWrite, metered).map(write("BatchWriteItem")) },
    { weight: 1, arbitrary: withMembers(batchGet, metered).map(write("BatchGetItem")) },
    {
      weight: 3,
      arbitrary: withMembers(
        fc
          .array(action, { minLength: 1, maxLength: 4 })
          .map((TransactItems): Body => ({ TransactItems })),
        { ...metered, ClientRequestToken: token },
      ).map(write("TransactWriteItems")),
    },
  );
}

/** Puts some items, so that reads find something. */
export const fillingOf = (table: Schema, TableName: string): fc.Arbitrary<Operation[]> =>
  fc
    .array(validItemOf(table), { maxLength: 10, size: "max" })
    .map((items) => items.map((Item) => ({ name: "PutItem", body: { TableName, Item } })));

/** The start of a test: a table, and a sequence of requests. */
export type Sequence = { table: Schema; operations: Operation[] };
