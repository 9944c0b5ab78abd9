import * as z from "zod";
import { relayContract } from "../platform/relay/contract.ts";
import { type Relay, startRelay } from "./relay.ts";

/** Commands to the process: listen, or drain within a number of milliseconds. */
const Order = z.union([
  z.object({ listen: z.object({ port: z.number().int(), host: z.string().default("0.0.0.0") }) }),
  z.object({ drain: z.object({ milliseconds: z.number() }) }),
]);

export const contract = relayContract;

let running: Relay | undefined;

/**
 * Starts the relay and returns its port, or closes its sockets in waves, so that clients do not all
 * reconnect at once. Rejects with the system's error if the port is in use.
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
