import { refuse } from "../../domain/refusal.ts";
import { setCorrelation } from "./log.ts";

/** The part of Lambda's context with the remaining time. */
export type TimeLeft = { getRemainingTimeInMillis(): number };

/** Time reserved for a function's final response: a post to a socket takes up to two seconds. */
export const reservedMilliseconds = 2_500;

let endsAt = Number.POSITIVE_INFINITY;

/**
 * Starts an invocation: its remaining time limits all calls to AWS together. Without a context
 * (tests, tools) there is no limit. From here on, logs and items contain `requestId`, which the
 * caller receives. State is per process, because Lambda gives an environment one event at a time.
 */
export function beginInvocation(context: TimeLeft | undefined, requestId?: string): void {
  setCorrelation(requestId);
  const left = context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
  endsAt = Date.now() + left - reservedMilliseconds;
}

/**
 * Sets the deadline of this invocation's calls, in milliseconds from now. May extend a deadline
 * that has passed, for a response that its caller still waits for.
 */
export function setDeadline(milliseconds: number): void {
  endsAt = Date.now() + milliseconds;
}

/** Milliseconds left for this invocation's calls; negative after the deadline. */
export const millisecondsLeft = () => endsAt - Date.now();

/**
 * The timeout of an attempt in milliseconds: `most`, or less if the invocation ends before. Throws
 * the refusal `unavailable` if no time is left, so that the caller still gets a response.
 */
export function boundedTimeout(most: number): number {
  const milliseconds = Math.min(most, millisecondsLeft());
  return milliseconds > 0 ? milliseconds : refuse("unavailable");
}

/** Waits, but at most until the deadline. */
export async function pauseFor(milliseconds: number): Promise<void> {
  const most = Math.max(0, millisecondsLeft());
  await new Promise((done) => setTimeout(done, Math.min(milliseconds, most)));
}

/** The response did not arrive in time; AWS may still have executed the call. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
  code = "ETIMEDOUT";

  constructor(milliseconds: number) {
    super(`No answer within ${Math.round(milliseconds)} ms`);
  }
}
