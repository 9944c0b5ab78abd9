/** Puts a test between the table's driver and the table. */
import { table } from "../../platform/table/table.ts";

/** What is sent: `name` is that of its class, such as `GetCommand` or `TransactWriteCommand`. */
export type Sent = { name: string; input: Record<string, unknown> };
type Answer = Record<string, unknown>;

/**
 * Runs `around` for each command that the table's client sends; `next` sends the command. Returns a
 * function that ends this. Later interceptions run first.
 */
export function intercept(
  around: (sent: Sent, next: () => Promise<Answer>) => Promise<Answer>,
): () => void {
  const client = table();
  const before = client.send.bind(client) as (command: object) => Promise<Answer>;
  const send = (command: { input: object }) => {
    const sent = { name: command.constructor.name, input: command.input as Sent["input"] };
    return around(sent, () => before(command));
  };
  Object.assign(client, { send });
  return () => Object.assign(client, { send: before });
}

/** Request units that a command consumed, by the engine's count. */
export async function countUnits(
  sent: Sent,
  next: () => Promise<Answer>,
): Promise<{ answer: Answer; units: number }> {
  Object.assign(sent.input, { ReturnConsumedCapacity: "TOTAL" });
  const answer = await next();
  const consumed = [answer.ConsumedCapacity ?? []].flat() as { CapacityUnits: number }[];
  return { answer, units: consumed.reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0) };
}
