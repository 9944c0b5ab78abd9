import type { Socket } from "node:net";

/**
 * A service's side of kept-alive connections: it drops an idle one after a while and resets the
 * next request on it. The client gets no notification: a frozen environment would not notice one,
 * and the peer of a stopped machine receives none.
 */
export function watchIdleSockets() {
  const usedAt = new WeakMap<Socket, number>();
  let idleMillisecondsMax: number | undefined;
  let resets = 0;
  return {
    /** undefined keeps all sockets. */
    forgetAfter(milliseconds: number | undefined): void {
      idleMillisecondsMax = milliseconds;
    },
    /** Whether the socket of a new request has been dropped. */
    isPastRetention(socket: Socket): boolean {
      if (idleMillisecondsMax === undefined) return false;
      if (Date.now() - (usedAt.get(socket) ?? Date.now()) <= idleMillisecondsMax) return false;
      resets++;
      return true;
    },
    /** Notes that a socket was used. */
    touch(socket: Socket): void {
      if (idleMillisecondsMax !== undefined) usedAt.set(socket, Date.now());
    },
    resets: () => resets,
  };
}
