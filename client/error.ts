import type { ErrorCode } from "./operations.ts";

type More = {
  code?: string | undefined;
  mayHaveHappened?: boolean;
  key?: string | undefined;
  retryAfterSeconds?: number | undefined;
};

/** A failed call, with the API's status and sentences. Status 0: no response arrived. */
export class OvationError extends Error {
  declare readonly statusCode: number;
  declare readonly errors: string[];
  /** The error code, such as `credits_too_low`, if the API gives one. */
  declare readonly code: ErrorCode | undefined;
  /**
   * Whether the call may have taken effect although no response confirms it: at least one attempt
   * got no response. Check before you repeat a call that has no key.
   */
  declare readonly mayHaveHappened: boolean;
  /**
   * The Idempotency-Key of a POST that may have taken effect. Repeating the call with this key
   * returns the first call's response and takes effect only once.
   */
  declare readonly key: string | undefined;
  /** Seconds after which a retry may succeed, for example in slow mode. */
  declare readonly retryAfterSeconds: number | undefined;

  constructor(statusCode: number, errors: string[], more: More = {}) {
    const { mayHaveHappened = false, key } = more;
    const message = errors.join(" · ") || `Status ${statusCode}`;
    const how = key === undefined ? "" : `: Idempotency-Key ${key}`;
    super(mayHaveHappened ? `${message} · It may have happened${how}` : message);
    Object.assign(this, { name: "OvationError", statusCode, errors, ...more, mayHaveHappened });
  }
}
