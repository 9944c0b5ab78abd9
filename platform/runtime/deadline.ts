import { refuse } from "../../domain/refusal.ts";
import { setCorrelation } from "./log.ts";

/** The part of Lambda's context with the remaining time. */
export type TimeLeft = { getRemainingTimeInMillis(): number };

/**
 * Time reserved for a function's final response: posting one to a socket takes up to two seconds.
 */
export const reservedMilliseconds = 2_500;

let endsAt = Number.POSITIVE_INFINITY;

/**
 * Begins an invocation: from now on all calls to AWS together are limited by its remaining time.
 * There is one per process, since Lambda gives an environment one event at a time. Without a
 * context (in tests and tools) there is no limit. Everything logged and written from now on has
 * `requestId`, which the caller receives.
 */
export function beginInvocation(context: TimeLeft | undefined, requestId?: string): void {
  setCorrelation(requestId);
  const left = context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
  endsAt = Date.now() + left - reservedMilliseconds;
}

/**
 * Sets the deadline of calls in this invocation, in milliseconds from now. It may also extend one
 * that has passed, for a response that its caller still waits for.
 */
export function setDeadline(milliseconds: number): void {
  endsAt = Date.now() + milliseconds;
}

/** Milliseconds left for calls in this invocation; negative when it is over. */
export const millisecondsLeft = () => endsAt - Date.now();

/**
 * The timeout of an attempt in milliseconds: the given one, or the rest of the invocation. Throws
 * the refusal `unavailable` when nothing is left, so that the caller still gets a response.
 */
export function boundedTimeout(most: number): number {
  const milliseconds = Math.min(most, millisecondsLeft());
  return milliseconds > 0 ? milliseconds : refuse("unavailable");
}

/** Pauses, but no longer than calls may still take. */
export async function pauseFor(milliseconds: number): Promise<void> {
  const most = Math.max(0, millisecondsLeft());
  await new Promise((done) => setTimeout(done, Math.min(milliseconds, most)));
}

/** There was no response in time; AWS may still have executed the call. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
  code = "ETIMEDOUT";

  constructor(milliseconds: number) {
    super(`No answer within ${Math.round(milliseconds)} ms`);
  }
}
