import type { Socket } from "node:net";

/**
 * A service's side of connections that are kept alive: one that nobody used for a while is forgotten,
 * and the next request on it is reset. Nothing is said when that happens: an environment that is
 * frozen meanwhile does not hear it, and a stopped machine's peer is not told at all.
 */
export function watchIdleSockets(now: () => number = Date.now) {
  const usedAt = new WeakMap<Socket, number>();
  let idleMillisecondsMax: number | undefined;
  let resets = 0;
  return {
    /** undefined: none is forgotten. */
    forgetAfter(milliseconds: number | undefined): void {
      idleMillisecondsMax = milliseconds;
    },
    /** Whether the socket of a request that has just come was forgotten before. */
    isForgotten(socket: Socket): boolean {
      if (idleMillisecondsMax === undefined) return false;
      if (now() - (usedAt.get(socket) ?? now()) <= idleMillisecondsMax) return false;
      resets++;
      return true;
    },
    /** Notes that a socket is in use: it is idle from now on. */
    touch(socket: Socket): void {
      if (idleMillisecondsMax !== undefined) usedAt.set(socket, now());
    },
    resets: () => resets,
  };
}
