import { type PricedItem, prices } from "./prices.ts";

/** One thing that AWS would have charged for. */
type Usage = {
  caller: string;
  /** Such as `dynamodb:PutItem`, `sqs:SendMessage`, `execute-api:PostToConnection`. */
  operation: string;
  requests?: number;
  writeUnits?: number;
  readUnits?: number;
  /** Billed items beside the units. */
  items?: Partial<Record<PricedItem, number>>;
};

type Sum = { requests: number; writeUnits: number; readUnits: number };
type Report = {
  since: string;
  until: string;
  requests: number;
  units: { write: number; read: number };
  byOperation: Record<string, Sum>;
  byFunction: Record<string, Sum & { byOperation: Record<string, Sum> }>;
  byTag: Record<string, Sum>;
  items: Partial<Record<PricedItem, number>>;
  dollars: Partial<Record<PricedItem, number>> & { total: number };
  prices: typeof prices;
};

/** Counts what AWS would charge and says what it would cost. Since the start or the last reset. */
export type Meter = {
  record(usage: Usage): void;
  /** One run of a function; Lambda bills by the millisecond. */
  invocation(functionName: string, milliseconds: number, memoryMegabytes: number): void;
  /** One request that a REST API answered, or a message or minutes of a WebSocket. */
  item(name: PricedItem, amount: number): void;
  /** Books what follows under a name as well, until the next name; `undefined` ends it. */
  setTag(tag: string | undefined): void;
  report(): Report;
  reset(): void;
  /** One line for a person. */
  summary(): string;
};

const tagCountMax = 1000;

/** A meter that stands at nothing; it lives as long as the runner. */
export function createMeter(): Meter {
  let since = new Date();
  let tag: string | undefined;
  let total = newSum();
  let operations = new Map<string, Sum>();
  let functions = new Map<string, { sum: Sum; operations: Map<string, Sum> }>();
  let tags = new Map<string, Sum>();
  let items = new Map<PricedItem, number>();

  const addItem = (name: PricedItem, amount: number) =>
    items.set(name, (items.get(name) ?? 0) + amount);
  const record = (usage: Usage) => {
    const of = functions.get(usage.caller) ?? { sum: newSum(), operations: new Map() };
    functions.set(usage.caller, of);
    const sums = [
      total,
      of.sum,
      sumOf(operations, usage.operation),
      sumOf(of.operations, usage.operation),
    ];
    if (tag !== undefined) sums.push(sumOf(tags, tag));
    for (const sum of sums) {
      sum.requests += usage.requests ?? 1;
      sum.writeUnits += usage.writeUnits ?? 0;
      sum.readUnits += usage.readUnits ?? 0;
    }
    if (usage.writeUnits) addItem("dynamodb_write_units", usage.writeUnits);
    if (usage.readUnits) addItem("dynamodb_read_units", usage.readUnits);
    for (const [name, amount] of Object.entries(usage.items ?? {})) {
      addItem(name as PricedItem, amount);
    }
  };
  const report = (): Report => {
    const dollars: Report["dollars"] = { total: 0 };
    for (const [name, amount] of items) {
      dollars[name] = amount * prices[name];
      dollars.total += amount * prices[name];
    }
    return {
      since: since.toISOString(),
      until: new Date().toISOString(),
      requests: total.requests,
      units: { write: total.writeUnits, read: total.readUnits },
      byOperation: Object.fromEntries(operations),
      byFunction: Object.fromEntries(
        [...functions].map(([name, of]) => [
          name,
          { ...of.sum, byOperation: Object.fromEntries(of.operations) },
        ]),
      ),
      byTag: Object.fromEntries(tags),
      items: Object.fromEntries(items),
      dollars,
      prices,
    };
  };
  return {
    record,
    invocation(functionName, milliseconds, memoryMegabytes) {
      const seconds = Math.ceil(milliseconds) / 1000;
      record({
        caller: functionName,
        operation: "lambda:run",
        items: {
          lambda_requests: 1,
          lambda_gigabyte_seconds: (seconds * memoryMegabytes) / 1024,
        },
      });
    },
    item: addItem,
    setTag(name) {
      if (name === undefined || tags.has(name) || tags.size < tagCountMax) tag = name;
    },
    report,
    reset() {
      since = new Date();
      total = newSum();
      operations = new Map();
      functions = new Map();
      tags = new Map();
      items = new Map();
    },
    summary() {
      const { requests, units, dollars } = report();
      return (
        `On AWS this would have cost $${dollars.total.toFixed(6)}: ${requests} requests, ` +
        `${units.write} write and ${units.read} read units ` +
        `(list prices ${prices.region}, ${prices.date})`
      );
    },
  };
}

function newSum(): Sum {
  return { requests: 0, writeUnits: 0, readUnits: 0 };
}

function sumOf(sums: Map<string, Sum>, name: string): Sum {
  const sum = sums.get(name) ?? newSum();
  sums.set(name, sum);
  return sum;
}
