import { arnOf, streamArnOf } from "./arns.ts";
import type { Body, Context, Operation } from "./context.ts";
import { invalid, invalidParameter, notFound } from "./failure.ts";
import { type KeySchema, partsOf } from "./keys.ts";
import { findExpiries } from "./maintenance.ts";
import { Faults, requireMembers } from "./request.ts";
import type { Index, Table, TableInput } from "./tables.ts";

const keyElementsMax = 2;

/** A key schema as requests and answers have it. */
export const keySchemaOf = (schema: KeySchema) =>
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
  return { TableDescription: describe({ storage, tables } as Context, table, "CREATING") };
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
  checkName(body);
  const table = context.tables.find(body.TableName);
  if (!table) throw notFound(`Requested resource not found: Table: ${body.TableName} not found`);
  return { Table: describe(context, table, "ACTIVE") };
};

function checkName(body: Body): void {
  const faults = new Faults();
  faults.tableName(body.TableName);
  faults.end();
}

function describe(context: Context, table: Table, status: string): Body {
  const { input } = table;
  const count = context.storage
    .prepare(`SELECT COUNT(*) AS items, TOTAL(bytes) AS bytes FROM ${table.storage}`)
    .get();
  const indexes = table.indexes.map(describeIndex(table));
  const throughput = input.ProvisionedThroughput as Body | undefined;
  return {
    TableName: table.name,
    TableArn: arnOf(table),
    TableId: `00000000-0000-0000-0000-${String(table.id).padStart(12, "0")}`,
    TableStatus: status,
    CreationDateTime: table.createdAt / 1000,
    KeySchema: keySchemaOf(table.schema),
    AttributeDefinitions: input.AttributeDefinitions,
    ItemCount: Number(count?.items ?? 0),
    TableSizeBytes: Number(count?.bytes ?? 0),
    ProvisionedThroughput: {
      NumberOfDecreasesToday: 0,
      ReadCapacityUnits: throughput?.ReadCapacityUnits ?? 0,
      WriteCapacityUnits: throughput?.WriteCapacityUnits ?? 0,
    },
    ...(input.BillingMode === "PAY_PER_REQUEST" && {
      BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
    }),
    ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes }),
    ...(table.streamLabel && {
      StreamSpecification: input.StreamSpecification,
      LatestStreamLabel: table.streamLabel,
      LatestStreamArn: streamArnOf(table),
    }),
    DeletionProtectionEnabled: input.DeletionProtectionEnabled === true,
  };
}

const describeIndex =
  (table: Table) =>
  (index: Index): Body => ({
    IndexName: index.name,
    IndexArn: `${arnOf(table)}/index/${index.name}`,
    KeySchema: keySchemaOf(index.schema),
    Projection: {
      ProjectionType: index.projection,
      ...(index.projection === "INCLUDE" && { NonKeyAttributes: index.included }),
    },
    IndexStatus: "ACTIVE",
    ItemCount: 0,
    IndexSizeBytes: 0,
  });

export const deleteTable: Operation = (context, body) => {
  checkName(body);
  const { storage, tables, log } = context;
  const table = tables.find(body.TableName);
  if (!table) throw notFound(`Requested resource not found: Table: ${body.TableName} not found`);
  const description = describe(context, table, "DELETING");
  storage.atomically(() => {
    tables.remove(table);
    log.remove(table);
  });
  return { TableDescription: description };
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
