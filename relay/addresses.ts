import { latestUse, usedAfter, waitFor } from "../domain/rate.ts";
import { BoundedMap } from "../platform/runtime/caches.ts";

/**
 * Limits of one IP address at one task, since there is no firewall in front of the load balancer.
 * High enough for a campus or carrier that shares one address among thousands of people.
 */
export const addressLimits = {
  /** Open connections, including those that are no WebSockets yet: a tenth of a task's maximum. */
  connections: 2_500,
  /** Handshakes per second, and the burst. Each costs a signature check and reads of the table. */
  handshakes: { perSecond: 100, burst: 2_500 },
};

/** Addresses whose handshakes are remembered, a few megabytes. */
const addressesMax = 50_000;

/** Counts connections and handshakes by address. */
export function createAddresses({ connections, handshakes } = addressLimits) {
  const open = new Map<string, number>();
  /** The time (milliseconds) up to which each address has used its handshakes. */
  const used = new BoundedMap<string, number>(addressesMax);
  return {
    /** Whether an address may open one more connection. If so, counts it until `close`. */
    open(address: string): boolean {
      const count = open.get(address) ?? 0;
      if (count >= connections) return false;
      open.set(address, count + 1);
      return true;
    },
    /** Stops counting a connection that `open` has counted. */
    close(address: string): void {
      const count = (open.get(address) ?? 0) - 1;
      if (count > 0) open.set(address, count);
      else open.delete(address);
    },
    /** Whether an address may attempt a handshake at `now` (milliseconds). */
    admit(address: string, now: number): boolean {
      const known = used.get(address) ?? 0;
      // A later time than any use can lead to: our clock has been set back since.
      const until = known > latestUse(handshakes, now) ? now : known;
      if (waitFor(until, handshakes, now) > 0) return false;
      used.set(address, usedAfter(until, 1, handshakes, now));
      return true;
    },
  };
}
