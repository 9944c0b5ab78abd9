import { table, useTable } from "../../platform/table/table.ts";

/**
 * Calls to the table: `steps` is the longest chain of calls that waited for each other, `calls` the
 * number of all, and `read` and `write` are the engine's request units.
 */
export type Spent = { steps: number; calls: number; read: number; write: number };

type Client = ReturnType<typeof table>;
type Command = { input: object };
type Consumed = { CapacityUnits: number } | { CapacityUnits: number }[];

/** Each call takes at least this long, so that calls that begin together overlap. */
const leastMilliseconds = 10;

const isRead = (command: Command) => /Get|Query|Scan/.test(command.constructor.name);

/** Returns a function that counts an action's calls with the client that `platform/table` uses. */
export function meterTable(): (act: () => Promise<unknown>) => Promise<Spent> {
  const client = table();
  let spent: Spent;
  const clear = () => {
    spent = { steps: 0, calls: 0, read: 0, write: 0 };
  };
  clear();
  // A call is one step after the deepest call that ended before it began.
  async function send(command: Command) {
    const step = spent.steps + 1;
    spent.calls += 1;
    Object.assign(command.input, { ReturnConsumedCapacity: "TOTAL" });
    try {
      await new Promise((done) => setTimeout(done, leastMilliseconds));
      const answer = (await client.send(command as never)) as { ConsumedCapacity?: Consumed };
      for (const { CapacityUnits } of [answer.ConsumedCapacity ?? []].flat())
        spent[isRead(command) ? "read" : "write"] += CapacityUnits;
      return answer;
    } finally {
      spent.steps = Math.max(spent.steps, step);
    }
  }
  return async (act) => {
    clear();
    useTable({ send } as unknown as Client);
    // What is not measured is not slowed down either.
    await act().finally(() => useTable(client));
    return { ...spent };
  };
}
