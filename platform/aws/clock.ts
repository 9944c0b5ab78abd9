import type { Failure } from "./retries.ts";

/** The names of a refusal that may be a wrong clock's. */
const skewNames = new Set([
  "AccessDeniedException",
  "AuthFailure",
  "InvalidSignatureException",
  "RequestExpired",
  "RequestInTheFuture",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
]);

/** AWS accepts a signature that is at most five minutes old; from here on it may be the clock. */
const skewMilliseconds = 240_000;
/** An answer that took longer says nothing about the time now. */
const answerMillisecondsMax = 900_000;

type Headers = Record<string, string>;

/**
 * The clock by which calls are signed: this machine's, set by the `date` of each answer, as the SDK
 * does, so that a machine whose clock is wrong is refused at most once.
 */
export function createClock() {
  let offset = 0;

  /** Sets the clock by an answer; one that a cache kept says nothing. Times in milliseconds. */
  function note(headers: Headers, sentAt: number): void {
    const { date, age } = headers;
    const received = Date.now();
    if (date === undefined || age !== undefined) return;
    if (received - sentAt > answerMillisecondsMax) return;
    const told = Date.parse(date);
    if (!Number.isNaN(told)) offset = told - received;
  }

  /** The same with a failure: it is worth another try where the clock may have been its cause. */
  function correct(failure: Failure, headers: Headers, sentAt: number): void {
    const before = offset;
    note(headers, sentAt);
    const isCause = Math.abs(offset) >= skewMilliseconds && offset !== before;
    if (isCause && failure.$metadata && skewNames.has(failure.name))
      failure.$metadata.clockSkewCorrected = true;
  }

  return { now: () => Date.now() + offset, note, correct };
}
