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
  BatchWriteCommand,
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
import type { Use } from "./usage-costs.ts";

export type Item = Record<string, unknown> & { PK: string; SK: string };
type Written = Record<string, Attribute>;
type Request = Record<string, unknown>;

/** Milliseconds of one request: half the calls and all but one of a hundred are faster. */
const latency = { get: [3, 12], write: [5, 20], page: [8, 30] } as const;
/** What the document client computes for an item of a Query: measured for subscribers. */
const itemMilliseconds = 0.006;
/**
 * What a partition carries a second, and so the items of one key at the least; a throttled call is
 * tried again by the SDK.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export const unitsPerSecond = { write: 1_000, read: 3_000 };
const throttledMilliseconds = [50, 500] as const;
/** What a read is taken for until its size is known. */
const expected = { read: 0.5 };

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
  const partitions = {
    write: createPartitions(clock, chance, unitsPerSecond.write),
    read: createPartitions(clock, chance, unitsPerSecond.read),
  };

  async function read(operation: string, request: Request): Promise<Request> {
    // A page is read before its way back, which is most of its time.
    const isPage = operation === "Query";
    const owners = readOwnersOf(operation, request);
    await partitions.read.pass(owners, expected.read);
    if (!isPage) await clock.wait(chance.around(...latency.get));
    const answer = engine.ask(operation, request);
    const units = unitsOf(answer);
    use.dynamodb_read_units += units;
    partitions.read.book(owners, units - expected.read);
    if (!isPage) return answer;
    await clock.wait(chance.around(...latency.page));
    await compute(clock, (answer.Items as unknown[]).length * itemMilliseconds);
    return answer;
  }

  async function write(operation: string, request: Request): Promise<Request> {
    const keys = keysOf(operation, request);
    const owners = keys.map(({ PK }) => String(PK?.S));
    // An item of a transaction is written twice.
    const expectedUnits = keys.length * (operation === "TransactWriteItems" ? 2 : 1);
    await partitions.write.pass(owners, expectedUnits);
    await clock.wait(chance.around(...latency.write) / 2);
    // A write that is refused costs, too.
    let units = expectedUnits;
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
      partitions.write.book(owners, units - expectedUnits);
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
    /** Calls that had to wait for their key's capacity; the busiest second of each kind of key. */
    throttled: () => partitions.write.throttled() + partitions.read.throttled(),
    most: () => ({ write: partitions.write.most(), read: partitions.read.most() }),
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

/** Of a key such as `SUB#id`, `SUB#`. */
const kindOf = (owner: string) => owner.slice(0, owner.indexOf("#") + 1);

/** The units that each partition key has left in a second. */
function createPartitions(clock: Clock, chance: Chance, unitsMax: number) {
  let [second, throttled] = [0, 0];
  const used = new Map<string, number>();
  const most = new Map<string, number>();
  const unitsNow = (owner: string) => {
    const now = Math.floor(clock.now() / 1000);
    if (now !== second) used.clear();
    second = now;
    return used.get(owner) ?? 0;
  };
  const book = (owners: readonly string[], units: number) => {
    for (const owner of owners) {
      const sum = unitsNow(owner) + units / owners.length;
      used.set(owner, sum);
      const kind = kindOf(owner);
      if (sum > (most.get(kind) ?? 0)) most.set(kind, sum);
    }
  };
  return {
    /** Waits until all these keys have some left, and books what is expected. */
    async pass(owners: readonly string[], expectedUnits: number): Promise<void> {
      while (owners.some((owner) => unitsNow(owner) >= unitsMax)) {
        throttled += 1;
        await clock.wait(chance.around(...throttledMilliseconds));
      }
      book(owners, expectedUnits);
    },
    /** Books what a call took beyond what was expected. */
    book,
    throttled: () => throttled,
    most: (): ReadonlyMap<string, number> => most,
  };
}

/** What the store asks of the table in a push. */
const commands = {
  GetCommand,
  PutCommand,
  UpdateCommand,
  DeleteCommand,
  QueryCommand,
  BatchGetCommand,
  BatchWriteCommand,
  TransactWriteCommand,
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
      : operation === "BatchWriteItem"
        ? Object.values(request.RequestItems as Record<string, Record<string, Request>[]>).flatMap(
            (writes) => writes.flatMap((write) => Object.values(write)),
          )
        : [request];
  return actions.map((action) => {
    const { PK, SK } = (action.Key ?? action.Item) as Written;
    return { PK: PK!, SK: SK! };
  });
}

/** The partition keys that a request reads. */
function readOwnersOf(operation: string, request: Request): string[] {
  if (operation === "GetItem") return [String((request.Key as Written).PK?.S)];
  if (operation === "BatchGetItem")
    return Object.values(request.RequestItems as Record<string, { Keys: Written[] }>).flatMap(
      ({ Keys }) => Keys.map(({ PK }) => String(PK?.S)),
    );
  // Of a query only the partition's value has the form of a key: a name, # and an id.
  const values = Object.values(request.ExpressionAttributeValues as Written);
  return [values.map((value) => String(value.S)).find((text) => text.includes("#")) ?? ""];
}

/** What an answer says that it has cost. */
const unitsOf = ({ ConsumedCapacity }: Request): number =>
  ([ConsumedCapacity ?? []].flat() as { CapacityUnits: number }[]).reduce(
    (sum, { CapacityUnits }) => sum + CapacityUnits,
    0,
  );
