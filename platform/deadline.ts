/** As much of Lambda's context as says when the function is ended. */
export type TimeLeft = { getRemainingTimeInMillis(): number };

/**
 * What is kept of a function's time for its own last word: an answer that is posted to a socket
 * takes up to two seconds.
 */
export const lastWordMilliseconds = 2_500;

let endsAt = Number.POSITIVE_INFINITY;

/**
 * Begins an invocation: from now on calls to AWS are bounded by what is left of its time, however
 * many of them come one after the other. One for the process, since Lambda gives an environment one
 * event at a time. Without a context (a test, a program of ours) there is no such bound.
 */
export function beginInvocation(context: TimeLeft | undefined): void {
  const left = context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
  endsAt = Date.now() + left - lastWordMilliseconds;
}

/** Milliseconds that calls may still take in this invocation; negative when it is over. */
export const millisecondsLeft = () => endsAt - Date.now();
