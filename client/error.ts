/** A refusal: the status and sentences of the API. Status 0: no answer came. */
export class OvationError extends Error {
  readonly statusCode: number;
  readonly errors: string[];
  /** The refusal's name, such as `credits_too_low`, where the API gives one. */
  readonly code: string | undefined;
  /**
   * The Idempotency-Key of a call that may have happened although no answer says so. The same call
   * with this key is told how it ended, and happens once.
   */
  readonly key: string | undefined;

  constructor(statusCode: number, errors: string[], more: { code?: string; key?: string } = {}) {
    const said = errors.join(" · ") || `Status ${statusCode}`;
    super(
      more.key === undefined ? said : `${said} · It may have happened: Idempotency-Key ${more.key}`,
    );
    this.name = "OvationError";
    this.statusCode = statusCode;
    this.errors = errors;
    this.code = more.code;
    this.key = more.key;
  }
}
