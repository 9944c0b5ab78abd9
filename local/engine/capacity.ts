import type { Body } from "./context.ts";
import type { WriteCost } from "./storage.ts";
import type { Table } from "./tables.ts";

type Kind = "read" | "write";

const readUnitBytes = 4096;

/**
 * Read units as AWS counts them: one per started 4 KB for a consistent read, otherwise half of
 * that.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / readUnitBytes)) * (consistent ? 1 : 0.5);
}

/**
 * The total of several writes. A transaction writes each item twice, to prepare and to commit; its
 * indexes are written once, after that.
 */
function addCosts(costs: readonly WriteCost[], factor: number): WriteCost {
  const sum: WriteCost = { table: 0, indexes: new Map() };
  for (const cost of costs) {
    sum.table += cost.table * factor;
    for (const [name, units] of cost.indexes) {
      sum.indexes.set(name, (sum.indexes.get(name) ?? 0) + units);
    }
  }
  return sum;
}

/** The `ConsumedCapacity` of one table, as the call asks for it; undefined if it does not. */
export function describeCapacity(
  { ReturnConsumedCapacity: requested }: Body,
  table: Table,
  { table: own, indexes }: WriteCost,
  kind?: Kind,
): Record<string, unknown> | undefined {
  if (requested !== "TOTAL" && requested !== "INDEXES") return undefined;
  let units = own;
  for (const part of indexes.values()) units += part;
  const tell = (count: number) => ({
    ...(kind === "read" && { ReadCapacityUnits: count }),
    ...(kind === "write" && { WriteCapacityUnits: count }),
    CapacityUnits: count,
  });
  const capacity: Record<string, unknown> = { TableName: table.name, ...tell(units) };
  if (requested === "TOTAL") return capacity;
  capacity.Table = tell(own);
  if (indexes.size > 0)
    capacity.GlobalSecondaryIndexes = Object.fromEntries(
      [...indexes].map(([name, count]) => [name, tell(count)]),
    );
  return capacity;
}

/** The `ConsumedCapacity` of a response about several writes, by table, if it was requested. */
export function capacityOfAll(
  body: Body,
  costs: { table: Table; cost: WriteCost }[],
  factor = 1,
  kind?: Kind,
): Body {
  const tables = [...new Set(costs.map(({ table }) => table))];
  const told = tables.flatMap((table) => {
    const own = costs.filter((one) => one.table === table).map(({ cost }) => cost);
    return describeCapacity(body, table, addCosts(own, factor), kind) ?? [];
  });
  return told.length > 0 ? { ConsumedCapacity: told } : {};
}
