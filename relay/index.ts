import * as z from "zod";
import { relayContract } from "../platform/relay/contract.ts";
import { type Relay, startRelay } from "./relay.ts";

/** Commands to the process: listen, or end within a number of milliseconds. */
const Order = z.union([
  z.object({ listen: z.object({ port: z.number().int(), host: z.string().default("0.0.0.0") }) }),
  z.object({ drain: z.object({ milliseconds: z.number() }) }),
]);

export const contract = relayContract;

let running: Relay | undefined;

/**
 * Begins to take sockets, and answers on which port; or ends them in waves, so that their clients
 * do not all come to others at once. Rejects with the system's error when the port is taken.
 */
export async function handler(order: unknown): Promise<{ port?: number }> {
  const wanted = Order.parse(order);
  if ("drain" in wanted) {
    await running?.drain(wanted.drain.milliseconds);
    running = undefined;
    return {};
  }
  running = await startRelay(wanted.listen);
  return { port: running.port };
}
