import type { Connection } from "../../relay/model.ts";

/** A socket of this user. */
export function connectionOf(userId: string): Connection {
  const caller = { userId, roles: [], expiresAt: 4e9, issuedAt: 0, claims: {}, tokenId: "" };
  return {
    id: userId,
    caller,
    context: {},
    connectedAt: 0,
    compact: false,
    subscriptions: new Map(),
    isOpen: () => true,
    unread: () => 0,
    write() {},
    send() {},
    close() {},
    keepAlive() {},
  };
}

/** Waits until a connection has got this many messages, and a moment longer for any more. */
export async function untilHeard(got: readonly unknown[], count: number): Promise<void> {
  while (got.length < count) await new Promise((done) => setTimeout(done, 20));
  await new Promise((done) => setTimeout(done, 200));
}
