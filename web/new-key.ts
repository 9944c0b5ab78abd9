/** A new idempotency key, also without TLS, where there is no `crypto.randomUUID`. */
export const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(12))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

/**
 * The idempotency keys of an action, by its input; emptied once it succeeds. Of keys that were only
 * shown it has the newest, because a form shows one for each text that is typed.
 */
export type Keys = Map<string, { key: string; isSent: boolean }>;

/**
 * The key of an action with this input. A failed call may have taken effect, so an input that was
 * sent has the same key until the action succeeds. Another input has another key, because the API
 * refuses one key with two bodies.
 */
export function keyOf(keys: Keys, input: string): string {
  const known = keys.get(input);
  if (known !== undefined) return known.key;
  for (const [other, { isSent }] of keys) if (!isSent) keys.delete(other);
  const key = newKey();
  keys.set(input, { key, isSent: false });
  return key;
}

/** Keeps the key of an input that is sent now. */
export function keepKey(keys: Keys, input: string, key: string): void {
  keys.set(input, { key, isSent: true });
}
