import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Chance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { compute } from "./environments.ts";
import { holds, type Input, updated } from "./expressions.ts";
import type { Use } from "./prices.ts";

export type Item = Record<string, unknown> & { PK: string; SK: string };

/** Milliseconds of one request: half the calls and all but one of a hundred are faster. */
const latency = { get: [3, 12], write: [5, 20], page: [8, 30] } as const;
/** What the document client computes for an item of a Query: measured for subscribers. */
const itemMilliseconds = 0.006;
/** DynamoDB answers a Query in pages of 1 MB. */
const pageBytes = 1024 * 1024;
/** A key carries 1,000 write units a second; a throttled call is tried again by the SDK. */
const partitionUnitsPerSecond = 1_000;
const throttledMilliseconds = 50;

type Partition = {
  items: Map<string, { item: Item; bytes: number }>;
  sorted: string[] | undefined;
};

/**
 * A table in memory with the latencies, units, pages and partition limit of the real one. It
 * answers the requests that the realtime store makes, and no others. Items are nobody's to change.
 */
export function createTable(
  clock: Clock,
  chance: Chance,
  use: Use,
  onChange: (old: Item | undefined, now: Item) => void,
) {
  const partitions = new Map<string, Partition>();
  let throttled = 0;

  function partitionOf(PK: string): Partition {
    const found = partitions.get(PK);
    if (found !== undefined) return found;
    const made: Partition = { items: new Map(), sorted: undefined };
    partitions.set(PK, made);
    return made;
  }
  const find = ({ PK, SK }: Item) => partitions.get(PK)?.items.get(SK);

  function put(given: object): void {
    const item = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as Item;
    const partition = partitionOf(item.PK);
    const old = partition.items.get(item.SK)?.item;
    if (old === undefined) partition.sorted = undefined;
    partition.items.set(item.SK, { item, bytes: bytesOf(item) });
    onChange(old, item);
  }
  function remove(key: Item): Item | undefined {
    const old = find(key)?.item;
    const partition = partitionOf(key.PK);
    if (partition.items.delete(key.SK)) partition.sorted = undefined;
    if (partition.items.size === 0) partitions.delete(key.PK);
    return old;
  }
  function check(key: Item, input: Input): void {
    if (holds(find(key)?.item, input)) return;
    const message = String(input.ConditionExpression);
    throw new ConditionalCheckFailedException({ message, $metadata: {} });
  }

  function query(input: Input): { Items: Item[]; LastEvaluatedKey?: Item; bytes: number } {
    const value = (name: string | undefined) => String(input.ExpressionAttributeValues?.[name!]);
    const condition = String(input.KeyConditionExpression);
    const partition = partitions.get(value(/^PK = (:\w+)/.exec(condition)?.[1]));
    if (partition === undefined) return { Items: [], bytes: 0 };
    partition.sorted ??= [...partition.items.keys()].sort();
    const between = /SK BETWEEN (:\w+) AND (:\w+)/.exec(condition);
    const begins = /begins_with\(SK, (:\w+)\)/.exec(condition)?.[1];
    const low = between ? value(between[1]) : value(begins);
    const high = between ? value(between[2]) : `${value(begins)}\uffff`;
    const forward = input.ScanIndexForward !== false;
    const start = (input.ExclusiveStartKey as Item | undefined)?.SK;
    const { sorted, items } = partition;
    const first = firstFrom(sorted, forward && start !== undefined ? `${start}\u0000` : low);
    const end =
      forward || start === undefined
        ? firstFrom(sorted, `${high}\u0000`)
        : firstFrom(sorted, start);
    const limit = (input.Limit as number | undefined) ?? Number.POSITIVE_INFINITY;
    const Items: Item[] = [];
    let bytes = 0;
    for (let n = 0; n < end - first; n++) {
      const found = items.get(sorted[forward ? first + n : end - 1 - n]!)!;
      Items.push(found.item);
      bytes += found.bytes;
      const isLast = n === end - first - 1;
      if (!isLast && (Items.length >= limit || bytes >= pageBytes))
        return { Items, bytes, LastEvaluatedKey: found.item };
    }
    return { Items, bytes };
  }

  const read = (bytes: number, consistent: unknown) => {
    use.readUnit += Math.max(1, Math.ceil(bytes / 4096)) * (consistent === true ? 1 : 0.5);
  };
  let second = 0;
  const written = new Map<string, number>();
  /** Books a write, waiting where its key has none left in this second. */
  async function write(key: Item, bytes: number): Promise<void> {
    const units = Math.max(1, Math.ceil(bytes / 1024));
    use.writeUnit += units;
    for (;;) {
      if (Math.floor(clock.now() / 1000) !== second) written.clear();
      second = Math.floor(clock.now() / 1000);
      const sum = (written.get(key.PK) ?? 0) + units;
      if (sum <= partitionUnitsPerSecond) return void written.set(key.PK, sum);
      throttled += 1;
      await clock.wait(throttledMilliseconds);
    }
  }

  const requests: Record<string, (input: Input) => Promise<unknown>> = {
    async GetCommand({ Key, ConsistentRead }) {
      await clock.wait(chance.around(...latency.get));
      const found = find(Key as Item);
      read(found?.bytes ?? 0, ConsistentRead);
      return { Item: found?.item };
    },
    async BatchGetCommand({ RequestItems }) {
      await clock.wait(chance.around(...latency.get));
      const [[name, { Keys }]] = Object.entries(
        RequestItems as Record<string, { Keys: Item[] }>,
      ) as [[string, { Keys: Item[] }]];
      const found = Keys.map(find);
      for (const one of found) read(one?.bytes ?? 0, true);
      return { Responses: { [name]: found.flatMap((one) => one?.item ?? []) } };
    },
    async PutCommand(input) {
      const item = input.Item as Item;
      await write(item, bytesOf(item));
      await clock.wait(chance.around(...latency.write) / 2);
      check(item, input);
      put(item);
      await clock.wait(chance.around(...latency.write) / 2);
      return {};
    },
    async DeleteCommand(input) {
      const key = input.Key as Item;
      await write(key, find(key)?.bytes ?? 0);
      await clock.wait(chance.around(...latency.write));
      check(key, input);
      return { Attributes: remove(key) };
    },
    async UpdateCommand(input) {
      const key = input.Key as Item;
      await write(key, find(key)?.bytes ?? 0);
      await clock.wait(chance.around(...latency.write) / 2);
      check(key, input);
      const item = updated(find(key)?.item ?? key, input) as Item;
      put(item);
      await clock.wait(chance.around(...latency.write) / 2);
      return { Attributes: item };
    },
    async QueryCommand(input) {
      const { bytes, ...page } = query(input);
      read(bytes, input.ConsistentRead);
      await clock.wait(chance.around(...latency.page));
      await compute(clock, page.Items.length * itemMilliseconds);
      return page;
    },
  };

  const send = (command: { constructor: { name: string }; input: Input }) => {
    const request = requests[command.constructor.name];
    if (request === undefined) throw new Error(`No ${command.constructor.name} here`);
    return request(command.input);
  };
  return {
    client: { send } as unknown as DynamoDBDocumentClient,
    put,
    find: (key: { PK: string; SK: string }) => find(key as Item)?.item,
    /** All items of one partition key. */
    list: (PK: string) => [...(partitions.get(PK)?.items.values() ?? [])].map(({ item }) => item),
    /** Calls that had to wait for their key's capacity. */
    throttled: () => throttled,
  };
}

export type SimulatedTable = ReturnType<typeof createTable>;

/** The first place in a sorted list that is not before `key`. */
function firstFrom(sorted: readonly string[], key: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** About what DynamoDB counts: names and values. */
function bytesOf(item: object): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) {
    bytes += name.length;
    if (typeof value === "string") bytes += value.length;
    else if (typeof value === "number") bytes += 8;
    else if (value instanceof Set) for (const one of value) bytes += String(one).length + 1;
    else if (typeof value === "object" && value !== null) bytes += 3 + bytesOf(value);
    else bytes += 1;
  }
  return bytes;
}
