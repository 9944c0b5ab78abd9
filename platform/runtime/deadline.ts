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

/**
 * Waits until all have settled, even if one fails, so that nothing is still running when a retry
 * begins. Returns the results; throws the first failure.
 */
export async function waitForAll<Works extends readonly Promise<unknown>[] | []>(works: Works) {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/** How long to wait for the last few posts of a room, in milliseconds. */
export const stragglersMilliseconds = 250;

/** Returns the result of some work, or `late` if it takes longer than `milliseconds`. */
export async function answerWithin<Answer, Late>(
  milliseconds: number,
  work: Promise<Answer>,
  late: Late,
): Promise<Answer | Late> {
  let timer: NodeJS.Timeout | undefined;
  const waiting = new Promise<Late>((done) => {
    timer = setTimeout(() => done(late), milliseconds);
  });
  try {
    return await Promise.race([work, waiting]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}

/**
 * Waits for some work, at most `milliseconds`. After that it continues in the background and its
 * outcome is ignored.
 */
export const waitAtMost = (milliseconds: number, work: Promise<unknown>): Promise<unknown> =>
  answerWithin(milliseconds, work, undefined);

/** Share and minimum number of posts that may be slow without others waiting for them. */
const stragglersShare = 0.05;
const stragglersMin = 2;

/**
 * Waits for all posts, but only briefly for the last few, so that a slow or dead connection delays
 * nobody. Those posts continue; if they fail, the client fills the gap. While posts wait for the
 * governor, the last ones do not count as slow: at 7,000 posts/s the last twentieth of a large room
 * takes a second.
 */
export async function waitForMost(
  posts: readonly Promise<void>[],
  isWaiting: () => boolean,
): Promise<void> {
  let open = posts.length;
  if (open === 0) return;
  const few = Math.max(stragglersMin, Math.floor(open * stragglersShare));
  await new Promise<void>((done, fail) => {
    let timer: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(timer);
      done();
    };
    const finishFew = () => {
      if (isWaiting()) timer = setTimeout(finishFew, stragglersMilliseconds);
      else finish();
    };
    for (const post of posts)
      post.then(() => {
        open -= 1;
        if (open === 0) finish();
        else if (open <= few) timer ??= setTimeout(finishFew, stragglersMilliseconds);
      }, fail);
  });
}
