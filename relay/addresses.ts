import { usedAfter, waitFor } from "../domain/rate.ts";
import { BoundedMap } from "../platform/runtime/bounded.ts";

/**
 * What one address may have and do at one task: a load balancer has no firewall before it. High
 * enough for a campus or a carrier that has one address for thousands of people.
 */
export const addressLimits = {
  /** Open connections, whether they are sockets yet or not: a tenth of what a task holds. */
  connections: 2_500,
  /** Handshakes a second, and at once: each costs a signature to check and reads of the table. */
  handshakes: { perSecond: 100, burst: 2_500 },
};

/** Addresses whose handshakes are remembered, a few megabytes. */
const addressesMax = 50_000;

/** Counts what comes from each address. */
export function createAddresses({ connections, handshakes } = addressLimits) {
  const open = new Map<string, number>();
  /** The moment up to which each has used up its rate. */
  const used = new BoundedMap<string, number>(addressesMax);
  return {
    /** Whether an address may have one more connection, which is counted until `close`. */
    open(address: string): boolean {
      const count = open.get(address) ?? 0;
      if (count >= connections) return false;
      open.set(address, count + 1);
      return true;
    },
    /** Forgets a connection that `open` has counted. */
    close(address: string): void {
      const count = (open.get(address) ?? 0) - 1;
      if (count > 0) open.set(address, count);
      else open.delete(address);
    },
    /** Whether an address may try one more handshake now, in milliseconds. */
    admit(address: string, now: number): boolean {
      const until = used.get(address) ?? 0;
      if (waitFor(until, handshakes, now) > 0) return false;
      used.set(address, usedAfter(until, 1, handshakes, now));
      return true;
    },
  };
}
