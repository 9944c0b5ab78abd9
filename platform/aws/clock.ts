import type { Failure } from "./retries.ts";

/** The names of errors that a wrong clock may cause. */
const skewNames = new Set([
  "AccessDeniedException",
  "AuthFailure",
  "InvalidSignatureException",
  "RequestExpired",
  "RequestInTheFuture",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
]);

/** AWS accepts signatures up to five minutes old; from this skew on, the clock may be the cause. */
const skewMilliseconds = 240_000;
/** A response that took longer says nothing about the current time. */
const answerMillisecondsMax = 900_000;

type Headers = Record<string, string>;

/**
 * The clock for signing calls: this machine's, corrected by the `date` header of each response, as
 * in the SDK, so that a machine with a wrong clock is refused at most once.
 */
export function createClock() {
  let offset = 0;

  /** Corrects the clock by a response; cached responses are ignored. Times in milliseconds. */
  function note(headers: Headers, sentAt: number): void {
    const { date, age } = headers;
    const received = Date.now();
    if (date === undefined || age !== undefined) return;
    if (received - sentAt > answerMillisecondsMax) return;
    const serverTime = Date.parse(date);
    if (!Number.isNaN(serverTime)) offset = serverTime - received;
  }

  /** The same after a failure, which is worth a retry if the clock may have caused it. */
  function correct(failure: Failure, headers: Headers, sentAt: number): void {
    const before = offset;
    note(headers, sentAt);
    const isCause = Math.abs(offset) >= skewMilliseconds && offset !== before;
    if (isCause && failure.$metadata && skewNames.has(failure.name))
      failure.$metadata.clockSkewCorrected = true;
  }

  return { now: () => Date.now() + offset, note, correct };
}
