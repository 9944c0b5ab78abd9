import * as z from "zod";
import { createSigner, hashOf } from "../aws/sign.ts";
import { awsEnvironment, setting } from "../runtime/env.ts";
import { lazy } from "../runtime/init.ts";
import { rangesMax } from "../store/log/subscribers.ts";
import { type Clock, realClock } from "./governor.ts";

/** Frames of a log, to be posted to one slice of the room's subscribers. */
export const SliceJob = z.object({
  streamId: z.string(),
  from: z.number().int().min(1),
  to: z.number().int().min(1),
  /** How many subscribers the whole room may have. */
  about: z.number().int().min(0),
  at: z.number().int().min(0),
  of: z.number().int().min(1).max(rangesMax),
});
export type SliceJob = z.infer<typeof SliceJob>;

/** What became of it. */
export const SlicePosted = z.object({
  /** The distinct users. One may have sockets in several slices, so counts cannot be added up. */
  viewers: z.array(z.string()),
  /** When a post last had to wait for the stage's rate, in milliseconds since 1970. */
  limitedAt: z.number(),
});
export type SlicePosted = z.infer<typeof SlicePosted>;

/** Gives a slice to an environment of its own; throws when there is no answer or a bad one. */
export type InvokeSlice = (job: SliceJob) => Promise<SlicePosted>;

/** How this process has slices posted. */
export const ownInvokeSlice = lazy(() => persistent(createInvokeSlice()));

/** How long after it was begun a slice that failed is still tried again. */
const retryMillisecondsMax = 5_000;
const firstWaitMilliseconds = 100;

/**
 * Tries a slice again that failed early: one call that is throttled or broken must not silence the
 * room until its message comes again. Posting twice is harmless.
 */
export function persistent(invokeSlice: InvokeSlice, clock: Clock = realClock): InvokeSlice {
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

/** After 20 s of posting and 5 s of tries a slice of 30 s still ends within a minute. */
const answerMillisecondsMax = 31_000;

/**
 * Invokes `realtime/post-part` and waits for its answer. One call with the signer of the posts: the
 * SDK's client of Lambda would make up a fifth of the bundle.
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

/** Headers as `fetch` takes them; it adds `host` itself. */
const pairsOf = (flat: readonly string[]) =>
  flat.flatMap((name, at) =>
    at % 2 === 0 && name !== "host" ? [[name, flat[at + 1]!] as [string, string]] : [],
  );
