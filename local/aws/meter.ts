import { dollarsOf, type PricedItem, prices } from "./prices.ts";

/** One billed use. */
type Usage = {
  caller: string;
  /** For example `dynamodb:PutItem`, `sqs:SendMessage`, `execute-api:PostToConnection`. */
  operation: string;
  requests?: number;
  writeUnits?: number;
  readUnits?: number;
  /** Billed items in addition to the units. */
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
  items: Partial<Record<PricedItem, number>>;
  dollars: ReturnType<typeof dollarsOf>;
  prices: typeof prices;
};

/** Counts AWS's charges and computes their cost, since the start or the last reset. */
export type Meter = {
  record(usage: Usage): void;
  /** One run of a function; Lambda bills by the millisecond. */
  invocation(functionName: string, milliseconds: number, memoryMegabytes: number): void;
  /** One request to a REST API, or a message or connection minutes of a WebSocket. */
  item(name: PricedItem, amount: number): void;
  report(): Report;
  reset(): void;
  /** One line for people. */
  summary(): string;
};

/** The counts since the start or the last reset. */
type Counts = {
  since: Date;
  total: Sum;
  operations: Map<string, Sum>;
  functions: Map<string, { sum: Sum; operations: Map<string, Sum> }>;
  items: Map<PricedItem, number>;
};

/** Creates a meter at zero. */
export function createMeter(): Meter {
  let counts = newCounts();
  const record = (usage: Usage) => count(counts, usage);
  return {
    record,
    invocation(functionName, milliseconds, memoryMegabytes) {
      const seconds = Math.ceil(milliseconds) / 1000;
      const lambda_gigabyte_seconds = (seconds * memoryMegabytes) / 1024;
      const items = { lambda_requests: 1, lambda_gigabyte_seconds };
      record({ caller: functionName, operation: "lambda:run", items });
    },
    item: (name, amount) => addItem(counts, name, amount),
    report: () => reportOf(counts),
    reset() {
      counts = newCounts();
    },
    summary() {
      const { requests, units, dollars } = reportOf(counts);
      return (
        `On AWS this would have cost $${dollars.total.toFixed(6)}: ${requests} requests, ` +
        `${units.write} write and ${units.read} read units ` +
        `(list prices ${prices.region}, ${prices.date})`
      );
    },
  };
}

function newCounts(): Counts {
  const sums = { operations: new Map(), functions: new Map() };
  return { since: new Date(), total: newSum(), ...sums, items: new Map() };
}

function addItem({ items }: Counts, name: PricedItem, amount: number): void {
  items.set(name, (items.get(name) ?? 0) + amount);
}

function count(counts: Counts, usage: Usage): void {
  const { caller, operation, requests = 1, writeUnits = 0, readUnits = 0, items = {} } = usage;
  const own = counts.functions.get(caller) ?? { sum: newSum(), operations: new Map() };
  counts.functions.set(caller, own);
  const sums = [
    counts.total,
    own.sum,
    sumOf(counts.operations, operation),
    sumOf(own.operations, operation),
  ];
  for (const sum of sums) {
    sum.requests += requests;
    sum.writeUnits += writeUnits;
    sum.readUnits += readUnits;
  }
  if (writeUnits > 0) addItem(counts, "dynamodb_write_units", writeUnits);
  if (readUnits > 0) addItem(counts, "dynamodb_read_units", readUnits);
  for (const [name, amount] of Object.entries(items)) addItem(counts, name as PricedItem, amount);
}

function reportOf({ since, total, operations, functions, items }: Counts): Report {
  const byFunction = [...functions].map(([name, own]) => {
    const report = { ...own.sum, byOperation: Object.fromEntries(own.operations) };
    return [name, report] as const;
  });
  return {
    since: since.toISOString(),
    until: new Date().toISOString(),
    requests: total.requests,
    units: { write: total.writeUnits, read: total.readUnits },
    byOperation: Object.fromEntries(operations),
    byFunction: Object.fromEntries(byFunction),
    items: Object.fromEntries(items),
    dollars: dollarsOf(items),
    prices,
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
