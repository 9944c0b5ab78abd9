import * as z from "zod";
import { createSigner, hashOf } from "../aws/sign.ts";
import { awsEnvironment, setting } from "../runtime/env.ts";
import { lazy } from "../runtime/init.ts";
import { rangesMax } from "../store/log/subscribers.ts";
import { type Clock, realClock } from "./governor.ts";

/**
 * Posts frames of a log to one slice of the room's subscribers: slice `at` (from 0) of `of`. During
 * a deployment functions of two releases exchange it, so its field names must not change.
 */
export const SliceJob = z.object({
  streamId: z.string(),
  from: z.number().int().min(1),
  to: z.number().int().min(1),
  /** Estimated subscribers of the whole room. */
  about: z.number().int().min(0),
  at: z.number().int().min(0),
  of: z.number().int().min(1).max(rangesMax),
});
export type SliceJob = z.infer<typeof SliceJob>;

/** The result of a slice. */
export const SlicePosted = z.object({
  /**
   * Distinct users who were posted to. A user may have sockets in several slices, so counts cannot
   * be added.
   */
  viewers: z.array(z.string()),
  /** When a post last had to wait for the stage's rate, in milliseconds since 1970; 0 if never. */
  limitedAt: z.number(),
});
export type SlicePosted = z.infer<typeof SlicePosted>;

/** Posts a slice in another environment. Throws without a valid response. */
export type InvokeSlice = (job: SliceJob) => Promise<SlicePosted>;

/** Invokes slices from this process. */
export const ownInvokeSlice = lazy(() => withRetries(createInvokeSlice()));

/** A failed slice is retried until this long after its start. */
const retryMillisecondsMax = 5_000;
const firstWaitMilliseconds = 100;

/**
 * Retries a slice with exponential backoff: without it, one throttled or failed call would silence
 * the room until its message is redelivered. Posting twice is harmless.
 */
export function withRetries(invokeSlice: InvokeSlice, clock: Clock = realClock): InvokeSlice {
  return async (job) => {
    const began = clock.now();
    for (let wait = firstWaitMilliseconds; ; wait *= 2)
      try {
        return await invokeSlice(job);
      } catch (error) {
        if (clock.now() + wait - began > retryMillisecondsMax) throw error;
        await clock.wait(wait);
      }
  };
}

/** 20 s of posting, 5 s of retries and a slice of 30 s stay below the function's minute. */
const answerMillisecondsMax = 31_000;

/**
 * Invokes `realtime/post-part` and waits for its response, with the signer of the posts: the SDK's
 * Lambda client would be a fifth of the bundle.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
function createInvokeSlice(): InvokeSlice {
  const { region } = awsEnvironment();
  const base = setting("AWS_ENDPOINT_URL") ?? `https://lambda.${region}.amazonaws.com`;
  const path = `/2015-03-31/functions/${setting("POST_PART_FUNCTION")}/invocations`;
  const { host, href } = new URL(path, base);
  const sign = createSigner(host, () => ({ ...awsEnvironment(), service: "lambda" }));
  return async (job) => {
    const body = JSON.stringify(job);
    const answer = await fetch(href, {
      method: "POST",
      headers: pairsOf(sign({ method: "POST", path, payloadHash: hashOf(body) }, Date.now())),
      body,
      signal: AbortSignal.timeout(answerMillisecondsMax),
    });
    const text = await answer.text();
    if (answer.status !== 200 || answer.headers.has("x-amz-function-error"))
      throw new Error(`A slice of ${job.streamId}: ${answer.status} ${text.slice(0, 500)}`);
    return SlicePosted.parse(JSON.parse(text));
  };
}

/** Headers for `fetch`, which adds `host` itself. */
const pairsOf = (flat: readonly string[]) =>
  flat.flatMap((name, at) =>
    at % 2 === 0 && name !== "host" ? [[name, flat[at + 1]!] as [string, string]] : [],
  );
