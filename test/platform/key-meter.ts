import { table, useTable } from "../../platform/table/table.ts";
import { setClock } from "./clock.ts";

type Command = { constructor: { name: string }; input: Record<string, unknown> };
type Consumed = { CapacityUnits: number } | { CapacityUnits: number }[];

type Keys = { Keys: { PK: string }[] };

/** The partition keys that a request reads; those of a batch share its units equally. */
function ownersOf({ Key, RequestItems, ExpressionAttributeValues }: Command["input"]): string[] {
  const batch = Object.values((RequestItems ?? {}) as Record<string, Keys>);
  const keys = [...((Key ? [Key] : []) as { PK: string }[]), ...batch.flatMap(({ Keys }) => Keys)];
  const queried = (ExpressionAttributeValues as { ":pk"?: string } | undefined)?.[":pk"];
  return keys.length > 0 || queried === undefined ? keys.map(({ PK }) => PK) : [queried];
}

/**
 * Counts the read units of this process from now on, by the partition key that was read. It stops
 * the clock for the file's other tests: on a slow machine caches would expire and be read again.
 */
export function meterKeys(): Map<string, number> {
  setClock(Date.now());
  const client = table();
  const spent = new Map<string, number>();
  const send = async (command: Command) => {
    const { input } = command;
    Object.assign(input, { ReturnConsumedCapacity: "TOTAL" });
    const answer = (await client.send(command as never)) as { ConsumedCapacity?: Consumed };
    if (!/^(Get|Query|BatchGet)/.test(command.constructor.name)) return answer;
    const owners = ownersOf(input);
    for (const { CapacityUnits } of [answer.ConsumedCapacity ?? []].flat())
      for (const owner of owners)
        spent.set(owner, (spent.get(owner) ?? 0) + CapacityUnits / owners.length);
    return answer;
  };
  useTable({ send } as unknown as typeof client);
  return spent;
}
