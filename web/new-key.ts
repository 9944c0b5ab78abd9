/** A new idempotency key, also without TLS, where there is no `crypto.randomUUID`. */
export const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(12))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

/** The idempotency keys of an action, by its input; emptied once it succeeds. */
export type Keys = Map<string, string>;

/**
 * The key of an action with this input. A failed call may have taken effect, so the same input has
 * the same key until the action succeeds. Another input has another key, because the API refuses
 * one key with two bodies.
 */
export function keyOf(keys: Keys, input: string): string {
  const key = keys.get(input) ?? newKey();
  keys.set(input, key);
  return key;
}
