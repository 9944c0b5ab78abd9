import { createSigner, hashOf } from "../aws/sign.ts";
import { lazy } from "../runtime/caches.ts";
import { awsEnvironment, setting } from "../runtime/env.ts";
import { listFrames } from "../store/log/frames.ts";
import type { Push, SliceOutlet } from "./audience.ts";
import { type Clock, realClock } from "./governor.ts";
import { type InvokeSlice, type SliceJob, SlicePosted } from "./jobs.ts";
import { postSlice, removeDead } from "./post.ts";

/** Posts one slice in its own environment. Throws if a frame is missing. */
export async function postSliceJob(push: Push<SliceOutlet>, job: SliceJob): Promise<SlicePosted> {
  const { streamId, from, to, about: estimate, at: index, of: count } = job;
  const audience = { ...push, streamId };
  const frames = await listFrames(streamId, from, to);
  if (frames.length !== to - from + 1)
    throw new Error(`Of ${streamId} the frames ${from} to ${to} are not all there`);
  const viewers = await postSlice(audience, frames, { index, count, estimate });
  await removeDead(audience);
  return { viewers: [...viewers], limitedAt: Math.max(0, push.outlet.governor.limitedAt()) };
}

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
