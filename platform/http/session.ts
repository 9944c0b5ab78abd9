import type { Caller } from "../auth/caller.ts";
import { assertNotRevoked, checkRevocations } from "../auth/revocations.ts";

/**
 * Does what a caller asks for unless their token was revoked. An effect goes by a list of
 * revocations that is recent; where it is not, the read comes first. What only reads runs in
 * parallel to that read, and nothing of it is given to a user whom the new list has. While the list
 * is recent it is read again in parallel to the call: no call waits for it.
 */
export async function inSession<T>(
  caller: Caller | undefined,
  { isRead, now }: { isRead: boolean; now: Date },
  act: () => Promise<T>,
): Promise<T> {
  if (caller === undefined) return act();
  const { isRecent, refreshed } = checkRevocations(now);
  if (isRecent) {
    // A list that could not be read now is read by the next call, or that one is refused.
    const later = refreshed.catch(() => {});
    assertNotRevoked(caller);
    const [done] = await Promise.all([act(), later]);
    return done;
  }
  if (!isRead) await refreshed;
  const [done] = await Promise.allSettled([isRead ? act() : undefined, refreshed]);
  await refreshed;
  assertNotRevoked(caller);
  if (!isRead) return act();
  if (done.status === "rejected") throw done.reason;
  return done.value as T;
}
