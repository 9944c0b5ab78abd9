import type { ErrorCode } from "./operations.ts";

type More = {
  code?: string | undefined;
  key?: string | undefined;
  retryAfterSeconds?: number | undefined;
};

/** A refusal: the status and sentences of the API. Status 0: no answer came. */
export class OvationError extends Error {
  readonly statusCode: number;
  readonly errors: string[];
  /** The refusal's name, such as `credits_too_low`, where the API gives one. */
  readonly code: ErrorCode | undefined;
  /**
   * The Idempotency-Key of a call that may have happened although no answer says so. The same call
   * with this key is told how it ended, and happens once.
   */
  readonly key: string | undefined;
  /** After how many seconds another try may be of use, such as the next message in slow mode. */
  readonly retryAfterSeconds: number | undefined;

  constructor(statusCode: number, errors: string[], more: More = {}) {
    const said = errors.join(" · ") || `Status ${statusCode}`;
    super(
      more.key === undefined ? said : `${said} · It may have happened: Idempotency-Key ${more.key}`,
    );
    this.name = "OvationError";
    this.statusCode = statusCode;
    this.errors = errors;
    this.code = more.code as ErrorCode | undefined;
    this.key = more.key;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}
