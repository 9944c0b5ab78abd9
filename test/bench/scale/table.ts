import type { DynamoDBDocumentClient as DocumentClient } from "@aws-sdk/lib-dynamodb";
import { openEmbeddedEngine, writeAnswer } from "../../../local/engine/index.ts";
import { readAnswer } from "../../../platform/aws/answer.ts";
import {
  type Attribute,
  fromAttributes,
  toAttributes,
} from "../../../platform/aws/attribute-value.ts";
import type { DynamoDBClient } from "../../../platform/aws/client-dynamodb.ts";
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "../../../platform/aws/lib-dynamodb.ts";
import { dueIndex } from "../../../platform/table/keys.ts";
import type { Chance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { compute } from "./environments.ts";
import type { Use } from "./prices.ts";

export type Item = Record<string, unknown> & { PK: string; SK: string };
type Written = Record<string, Attribute>;
type Request = Record<string, unknown>;

/** Milliseconds of one request: half the calls and all but one of a hundred are faster. */
const latency = { get: [3, 12], write: [5, 20], page: [8, 30] } as const;
/** What the document client computes for an item of a Query: measured for subscribers. */
const itemMilliseconds = 0.006;
/** A key carries 1,000 write units a second; a throttled call is tried again by the SDK. */
const partitionUnitsPerSecond = 1_000;
const throttledMilliseconds = 50;

/**
 * The one-machine system's own engine in memory, with the latencies and the partition limit of the
 * real table; its units are counted.
 */
export function createTable(
  clock: Clock,
  chance: Chance,
  use: Use,
  onChange: (old: Item | undefined, now: Item) => void,
) {
  const engine = createEngine(clock);
  const partitions = createPartitions(clock);

  async function read(operation: string, request: Request): Promise<Request> {
    // A page is read before its way back, which is most of its time.
    const isPage = operation === "Query";
    if (!isPage) await clock.wait(chance.around(...latency.get));
    const answer = engine.ask(operation, request);
    use.dynamodb_read_units += unitsOf(answer);
    if (!isPage) return answer;
    await clock.wait(chance.around(...latency.page));
    await compute(clock, (answer.Items as unknown[]).length * itemMilliseconds);
    return answer;
  }

  async function write(operation: string, request: Request): Promise<Request> {
    const keys = keysOf(operation, request);
    const owners = keys.map(({ PK }) => String(PK?.S));
    await partitions.pass(owners);
    await clock.wait(chance.around(...latency.write) / 2);
    // A write that is refused costs, too.
    let units = keys.length;
    try {
      const before = keys.map(engine.get);
      const answer = engine.ask(operation, request);
      units = unitsOf(answer);
      for (const [at, key] of keys.entries()) {
        const after = engine.get(key);
        if (after !== undefined) onChange(before[at], after);
      }
      await clock.wait(chance.around(...latency.write) / 2);
      return answer;
    } finally {
      use.dynamodb_write_units += units;
      partitions.book(owners, units);
    }
  }

  const call = (operation: string, body: string) => {
    const request = { ...JSON.parse(body), ReturnConsumedCapacity: "TOTAL" };
    return (/Get|Query/.test(operation) ? read : write)(operation, request);
  };
  return {
    client: createClient(call),
    put(item: Item): void {
      const before = engine.get(toAttributes({ PK: item.PK, SK: item.SK }));
      engine.ask("PutItem", { Item: toAttributes(item) });
      onChange(before, item);
    },
    /** All items of one partition key. */
    list: engine.list,
    /** Calls that had to wait for their key's capacity. */
    throttled: partitions.throttled,
  };
}

export type SimulatedTable = ReturnType<typeof createTable>;

const TableName = "simulated";

function createEngine(clock: Clock) {
  const engine = openEmbeddedEngine(":memory:", clock.now);
  const ask = (operation: string, request: Request): Request => {
    const { status, body } = engine.execute(operation, { TableName, ...request });
    return readAnswer({ status, headers: {}, body: writeAnswer(body) });
  };
  const text = (AttributeName: string) => ({ AttributeName, AttributeType: "S" });
  const schema = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: "HASH" },
    { AttributeName: range, KeyType: "RANGE" },
  ];
  ask("CreateTable", {
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [text("PK"), text("SK"), text(dueIndex.PK)],
    KeySchema: schema("PK", "SK"),
    GlobalSecondaryIndexes: [
      {
        IndexName: dueIndex.name,
        KeySchema: schema(dueIndex.PK, dueIndex.SK),
        Projection: { ProjectionType: "ALL" },
      },
    ],
  });
  return {
    ask,
    get(Key: Written): Item | undefined {
      const { Item } = ask("GetItem", { Key, ConsistentRead: true });
      return Item === undefined ? undefined : (fromAttributes(Item as Written) as Item);
    },
    list(PK: string): Item[] {
      const items: Item[] = [];
      let ExclusiveStartKey: unknown;
      do {
        const page = ask("Query", {
          KeyConditionExpression: "PK = :pk",
          ExpressionAttributeValues: { ":pk": { S: PK } },
          ...(ExclusiveStartKey !== undefined && { ExclusiveStartKey }),
        });
        for (const item of page.Items as Written[]) items.push(fromAttributes(item) as Item);
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined);
      return items;
    },
  };
}

/** The write units that each partition key has left in a second. */
function createPartitions(clock: Clock) {
  let [second, throttled] = [0, 0];
  const written = new Map<string, number>();
  const unitsNow = (owner: string) => {
    const now = Math.floor(clock.now() / 1000);
    if (now !== second) written.clear();
    second = now;
    return written.get(owner) ?? 0;
  };
  return {
    /** Waits until all these keys have some left. */
    async pass(owners: readonly string[]): Promise<void> {
      while (owners.some((owner) => unitsNow(owner) >= partitionUnitsPerSecond)) {
        throttled += 1;
        await clock.wait(throttledMilliseconds);
      }
    },
    book(owners: readonly string[], units: number): void {
      for (const owner of owners) written.set(owner, unitsNow(owner) + units / owners.length);
    },
    throttled: () => throttled,
  };
}

/** What the store asks of the table in a push. */
const commands = {
  ...{ GetCommand, PutCommand, UpdateCommand, DeleteCommand },
  ...{ QueryCommand, BatchGetCommand, TransactWriteCommand },
};

/** A client for the store that translates as the one in the bundles does, and calls this. */
function createClient(call: DynamoDBClient["call"]): DocumentClient {
  const translation = { marshallOptions: { removeUndefinedValues: true } };
  const client = DynamoDBDocumentClient.from({ call } as DynamoDBClient, translation);
  // The code under measurement makes commands of the SDK: each has its namesake in the bundles.
  const send = (command: { constructor: { name: string }; input: Request }) => {
    const Command = commands[command.constructor.name as keyof typeof commands];
    return client.send(new Command(command.input));
  };
  return { send } as unknown as DocumentClient;
}

/** The keys of the items that a request changes. */
function keysOf(operation: string, request: Request): Written[] {
  const actions =
    operation === "TransactWriteItems"
      ? (request.TransactItems as Record<string, Request>[]).flatMap(
          ({ ConditionCheck: _, ...action }) => Object.values(action),
        )
      : [request];
  return actions.map((action) => {
    const { PK, SK } = (action.Key ?? action.Item) as Written;
    return { PK: PK!, SK: SK! };
  });
}

/** What an answer says that it has cost. */
const unitsOf = ({ ConsumedCapacity }: Request): number =>
  ([ConsumedCapacity ?? []].flat() as { CapacityUnits: number }[]).reduce(
    (sum, { CapacityUnits }) => sum + CapacityUnits,
    0,
  );
