import { deleteItem, getRawItem } from "../../table/items.ts";
import { type Key, prefix } from "../../table/keys.ts";
import { scanTable } from "../../table/query.ts";
import type { Item } from "../../table/table.ts";
import { settleAll } from "./settle-all.ts";

/** What came of bringing parked records back. */
type Redriven = { settled: number; parked: number };

/**
 * Brings every parked record back: what its item says now is settled, and it is parked no more. One
 * that still does not fit stays where it is.
 */
export async function redrive(now: Date): Promise<Redriven> {
  const outcome = { settled: 0, parked: 0 };
  for await (const { PK, SK, of } of listParked()) {
    const item = await getRawItem(of as Key, { consistent: true });
    const { parked, left } =
      item === undefined ? { parked: 0, left: 0 } : await settleAll([item], now);
    if (parked + left > 0) {
      outcome.parked++;
      continue;
    }
    await deleteItem({ PK, SK });
    outcome.settled++;
  }
  return outcome;
}

/** All parked records: they are few, and their partitions are those of the days. */
const listParked = (): AsyncGenerator<Item> =>
  scanTable({
    FilterExpression: "begins_with(PK, :parked)",
    ExpressionAttributeValues: { ":parked": prefix.parked },
  });
