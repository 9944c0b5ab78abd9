import { arnOf, streamArnOf } from "./arns.ts";
import type { Body, Context, Operation } from "./context.ts";
import { invalid, invalidParameter, notFound } from "./failure.ts";
import { type KeySchema, partsOf } from "./keys.ts";
import { findExpiries } from "./maintenance.ts";
import { Faults, requireMembers } from "./request.ts";
import type { Index, Table, TableInput } from "./tables.ts";

const keyElementsMax = 2;

/** A key schema as requests and answers have it. */
const keySchemaOf = (schema: KeySchema) =>
  partsOf(schema).map(({ name }, at) => ({
    AttributeName: name,
    KeyType: at === 0 ? "HASH" : "RANGE",
  }));

export const createTable: Operation = ({ tables, storage }, body) => {
  checkMembers(body);
  requireMembers(body);
  const input = body as TableInput;
  checkSchema(input);
  const table = storage.atomically(() => tables.create(input));
  return { TableDescription: describe(table, "CREATING") };
};

function checkMembers(body: Body): void {
  if (body.TableName === undefined || body.TableName === null)
    throw invalid("The parameter 'TableName' is required but was not present in the request");
  const faults = new Faults();
  faults.tableName(body.TableName, 3);
  faults.required(body.KeySchema, "keySchema");
  faults.required(body.AttributeDefinitions, "attributeDefinitions");
  faults.oneOf(body.BillingMode, "billingMode", ["PROVISIONED", "PAY_PER_REQUEST"]);
  const definitions = (body.AttributeDefinitions ?? []) as Body[];
  for (const [at, { AttributeType }] of definitions.entries()) {
    const place = `attributeDefinitions.${at + 1}.member.attributeType`;
    faults.oneOf(AttributeType, place, ["B", "N", "S"]);
  }
  const keys = (body.KeySchema ?? []) as Body[];
  for (const [at, { KeyType }] of keys.entries()) {
    faults.oneOf(KeyType, `keySchema.${at + 1}.member.keyType`, ["HASH", "RANGE"]);
  }
  if (keys.length > keyElementsMax) {
    const shown = keys.map(
      ({ AttributeName, KeyType }) =>
        `KeySchemaElement(attributeName=${AttributeName}, keyType=${KeyType})`,
    );
    faults.add(shown, "keySchema", `have length less than or equal to ${keyElementsMax}`);
  }
  faults.end();
}

function checkSchema(input: TableInput): void {
  const { KeySchema: keys, AttributeDefinitions: definitions } = input;
  const defined = new Set(definitions.map(({ AttributeName }) => AttributeName));
  const indexes = input.GlobalSecondaryIndexes ?? [];
  if (keys[0]?.KeyType !== "HASH")
    throw invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  if (keys[1] && keys[1].KeyType !== "RANGE")
    throw invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  const all = [...keys, ...indexes.flatMap(({ KeySchema }) => KeySchema)];
  for (const { AttributeName } of all) {
    if (defined.has(AttributeName)) continue;
    throw invalidParameter(
      "Some index key attributes are not defined in AttributeDefinitions. " +
        `Keys: [${AttributeName}], AttributeDefinitions: [${[...defined].join(", ")}]`,
    );
  }
  if (keys[1] && keys[0].AttributeName === keys[1].AttributeName)
    throw invalid("Invalid KeySchema: Some index key attribute have no definition");
  const names = indexes.map(({ IndexName }) => IndexName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw invalidParameter(`Duplicate index name: ${twice}`);
  const used = new Set(all.map(({ AttributeName }) => AttributeName));
  if ([...defined].some((name) => !used.has(name)))
    throw invalidParameter(
      "Number of attributes in KeySchema does not exactly match number of attributes defined in " +
        "AttributeDefinitions",
    );
}

export const describeTable: Operation = (context, body) => {
  const table = findNamed(context, body);
  return { Table: describe(table, "ACTIVE") };
};

/** The table that a request names. Throws, in the words of DescribeTable, if it does not exist. */
function findNamed({ tables }: Context, body: Body): Table {
  checkName(body);
  const table = tables.find(body.TableName);
  if (!table) throw notFound(`Requested resource not found: Table: ${body.TableName} not found`);
  return table;
}

function checkName(body: Body): void {
  const faults = new Faults();
  faults.tableName(body.TableName);
  faults.end();
}

/** The fields of a description that Ovation reads, and what the table was created with. */
function describe(table: Table, TableStatus: string): Body {
  const { AttributeDefinitions, StreamSpecification } = table.input;
  const indexes = table.indexes.map(describeIndex);
  return {
    TableName: table.name,
    TableArn: arnOf(table),
    TableStatus,
    KeySchema: keySchemaOf(table.schema),
    AttributeDefinitions,
    ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes }),
    ...(table.streamLabel && { StreamSpecification, LatestStreamArn: streamArnOf(table) }),
  };
}

const describeIndex = ({ name, schema, projection, included }: Index): Body => ({
  IndexName: name,
  KeySchema: keySchemaOf(schema),
  Projection: {
    ProjectionType: projection,
    ...(projection === "INCLUDE" && { NonKeyAttributes: included }),
  },
});

export const deleteTable: Operation = (context, body) => {
  const { storage, tables, log } = context;
  const table = findNamed(context, body);
  storage.atomically(() => {
    tables.remove(table);
    log.remove(table);
  });
  return { TableDescription: describe(table, "DELETING") };
};

export const updateTimeToLive: Operation = (context, body) => {
  checkName(body);
  const table = context.tables.get(body.TableName);
  const wanted = body.TimeToLiveSpecification as NonNullable<Table["timeToLive"]>;
  if (!wanted.AttributeName)
    throw invalid("TimeToLiveSpecification.AttributeName must have a length of at least 1");
  if (Boolean(table.timeToLive?.Enabled) === wanted.Enabled)
    throw invalid(`TimeToLive is already ${wanted.Enabled ? "enabled" : "disabled"}`);
  context.storage.atomically(() => {
    context.tables.setTimeToLive(table, wanted);
    findExpiries(context.storage, table);
  });
  return { TimeToLiveSpecification: wanted };
};

export const describeTimeToLive: Operation = (context, body) => {
  checkName(body);
  const { timeToLive } = context.tables.get(body.TableName);
  return {
    TimeToLiveDescription: timeToLive?.Enabled
      ? { TimeToLiveStatus: "ENABLED", AttributeName: timeToLive.AttributeName }
      : { TimeToLiveStatus: "DISABLED" },
  };
};
