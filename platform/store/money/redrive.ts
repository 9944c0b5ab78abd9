import { deleteItem, getRawItem } from "../../table/items.ts";
import { type Key, prefix } from "../../table/keys.ts";
import { scanTable } from "../../table/query.ts";
import type { Item } from "../../table/table.ts";
import { settleAll } from "./settle.ts";

/** The outcome of bringing parked records back. */
type RedriveOutcome = { settled: number; parked: number };

/**
 * Brings every parked record back: its item is settled as it is now, and the record removed. One
 * that still does not fit stays parked.
 */
export async function redrive(now: Date): Promise<RedriveOutcome> {
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

/** All parked records: they are few, in a partition for each day. */
const listParked = (): AsyncGenerator<Item> =>
  scanTable({
    FilterExpression: "begins_with(PK, :parked)",
    ExpressionAttributeValues: { ":parked": prefix.parked },
  });
