import type { ErrorCode } from "./operations.ts";

type More = {
  code?: string | undefined;
  mayHaveHappened?: boolean;
  key?: string | undefined;
  retryAfterSeconds?: number | undefined;
};

/** A refusal: the status and sentences of the API. Status 0: no answer came. */
export class OvationError extends Error {
  declare readonly statusCode: number;
  declare readonly errors: string[];
  /** The refusal's name, such as `credits_too_low`, where the API gives one. */
  declare readonly code: ErrorCode | undefined;
  /**
   * Whether the call may have happened although no answer says so: one of its tries had no answer.
   * Look before you make a call without a key again.
   */
  declare readonly mayHaveHappened: boolean;
  /**
   * The Idempotency-Key of a POST that may have happened. The same call with this key gets the
   * answer of the first one, and happens once.
   */
  declare readonly key: string | undefined;
  /** After how many seconds another try may be of use, such as the next message in slow mode. */
  declare readonly retryAfterSeconds: number | undefined;

  constructor(statusCode: number, errors: string[], more: More = {}) {
    const { mayHaveHappened = false, key } = more;
    const said = errors.join(" · ") || `Status ${statusCode}`;
    const how = key === undefined ? "" : `: Idempotency-Key ${key}`;
    super(mayHaveHappened ? `${said} · It may have happened${how}` : said);
    Object.assign(this, { name: "OvationError", statusCode, errors, ...more, mayHaveHappened });
  }
}
