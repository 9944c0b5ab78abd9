import { table, useTable } from "../../platform/table/table.ts";

type Command = { constructor: { name: string }; input: Record<string, unknown> };
type Consumed = { CapacityUnits: number } | { CapacityUnits: number }[];

/** Counts the read units of this process from now on, by the partition key that was read. */
export function meterKeys(): Map<string, number> {
  const client = table();
  const spent = new Map<string, number>();
  const send = async (command: Command) => {
    const { input } = command;
    Object.assign(input, { ReturnConsumedCapacity: "TOTAL" });
    const answer = (await client.send(command as never)) as { ConsumedCapacity?: Consumed };
    const { PK } = (input.Key ?? {}) as { PK?: string };
    const owner = PK ?? (input.ExpressionAttributeValues as { ":pk"?: string })?.[":pk"];
    const isRead = /^(Get|Query)/.test(command.constructor.name);
    for (const { CapacityUnits } of [answer.ConsumedCapacity ?? []].flat())
      if (isRead && owner !== undefined) spent.set(owner, (spent.get(owner) ?? 0) + CapacityUnits);
    return answer;
  };
  useTable({ send } as unknown as typeof client);
  return spent;
}
