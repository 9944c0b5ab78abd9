import type { Socket } from "node:net";

/**
 * A service's side of kept-alive connections: an idle one is dropped after a while, and the next
 * request on it is reset. The client is not notified: an environment that is frozen meanwhile would
 * not notice, and the peer of a stopped machine gets nothing at all.
 */
export function watchIdleSockets(now: () => number = Date.now) {
  const usedAt = new WeakMap<Socket, number>();
  let idleMillisecondsMax: number | undefined;
  let resets = 0;
  return {
    /** undefined: none is dropped. */
    forgetAfter(milliseconds: number | undefined): void {
      idleMillisecondsMax = milliseconds;
    },
    /** Whether the socket of a new request was dropped before. */
    isForgotten(socket: Socket): boolean {
      if (idleMillisecondsMax === undefined) return false;
      if (now() - (usedAt.get(socket) ?? now()) <= idleMillisecondsMax) return false;
      resets++;
      return true;
    },
    /** Notes that a socket was used: it is idle from now on. */
    touch(socket: Socket): void {
      if (idleMillisecondsMax !== undefined) usedAt.set(socket, now());
    },
    resets: () => resets,
  };
}
