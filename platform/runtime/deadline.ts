import { refuse } from "../../domain/refusal.ts";
import { setCorrelation } from "./log.ts";

/** The part of Lambda's context that says when the function will be ended. */
export type TimeLeft = { getRemainingTimeInMillis(): number };

/**
 * What is kept back of a function's time for its own last word: an answer that is posted to a
 * socket takes up to two seconds.
 */
export const reservedMilliseconds = 2_500;

let endsAt = Number.POSITIVE_INFINITY;

/**
 * Begins an invocation: from now on calls to AWS are bounded by what is left of its time, however
 * many of them come one after the other. One for the process, since Lambda gives an environment one
 * event at a time. Without a context (a test, a program of ours) there is no such bound. What is
 * logged and written from now on has `requestId`, which the caller receives.
 */
export function beginInvocation(context: TimeLeft | undefined, requestId?: string): void {
  setCorrelation(requestId);
  const left = context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
  endsAt = Date.now() + left - reservedMilliseconds;
}

/**
 * Sets the deadline of calls in this invocation, in milliseconds from now; also extends one that
 * has passed: for an answer that its caller waits for no longer than that.
 */
export function setDeadline(milliseconds: number): void {
  endsAt = Date.now() + milliseconds;
}

/** Milliseconds that calls may still take in this invocation; negative when it is over. */
export const millisecondsLeft = () => endsAt - Date.now();

/**
 * Milliseconds that a try may take: the given number, or what is left of the invocation. When
 * nothing is left it throws the refusal `unavailable`, so that the caller still gets an answer.
 */
export function boundedTimeout(most: number): number {
  const milliseconds = Math.min(most, millisecondsLeft());
  return milliseconds > 0 ? milliseconds : refuse("unavailable");
}

/** Waits, but no longer than calls may still take: after that none is made. */
export async function pauseFor(milliseconds: number): Promise<void> {
  const most = Math.max(0, millisecondsLeft());
  await new Promise((done) => setTimeout(done, Math.min(milliseconds, most)));
}

/** There was no answer in time; AWS may still have done what it was asked. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
  code = "ETIMEDOUT";

  constructor(milliseconds: number) {
    super(`No answer within ${Math.round(milliseconds)} ms`);
  }
}
