import type { Audience } from "../../../platform/push/audience.ts";
import {
  createJobs,
  type InvokeSlice,
  type ResumeJob,
  type SumsJob,
} from "../../../platform/push/jobs.ts";
import { postRoom } from "../../../platform/push/large-room.ts";
import type { PushCache } from "../../../platform/push/push-cache.ts";
import { resume } from "../../../platform/push/resume.ts";
import { postSliceJob } from "../../../platform/push/slice-job.ts";
import { postSums } from "../../../platform/push/sums.ts";

/** The invoker does not learn the outcome. */
export class LostAnswer extends Error {}

/** One environment of a function. */
export type Env = { cache: PushCache; busy: boolean; skew: number };

/** A message of a queue without order, and when it is due. */
type Delayed<Job> = { job: Job; at: number };

/** What the world provides to the queue and the posters. */
type Means = {
  newEnv(): Env;
  newPushCache(): PushCache;
  audienceOf(env: Env): Audience;
  /** Does one message's work; false if it died. */
  attempt(env: Env, work: () => Promise<void>): Promise<boolean>;
  /** A separate invocation, which may die alone. */
  invoke<T>(work: () => Promise<T>): Promise<T>;
  inTime(milliseconds: number): Promise<void>;
  between(low: number, high: number): number;
  /** Whether an answer is lost on its way, or its caller dies meanwhile. */
  losesAnswer(): boolean;
  /** Whether a message is redelivered although it was handled. */
  comesAgain(): boolean;
  now(): number;
};

/**
 * The queue `posts`: one message in flight, in order; failed ones are redelivered. One environment
 * posts the room, or several post slices of it.
 */
export function createPosting(inSlices: boolean, means: Means) {
  const { newEnv, newPushCache, audienceOf, between } = means;
  const queue: string[] = [];
  const poster = newEnv();
  const sliceEnvs = inSlices ? [newEnv(), newEnv(), newEnv(), newEnv()] : [];
  let slices = 0;
  const resumes: Delayed<ResumeJob>[] = [];
  const sums: Delayed<SumsJob>[] = [];
  const resumers = [newEnv(), newEnv()];
  const sumsPosters = [newEnv(), newEnv()];
  const jobs = createJobs(async (message) => {
    if (message.queue === "posts") queue.push(message.job.gathered);
    else {
      const at = means.now() + message.delaySeconds * 1000;
      if (message.queue === "resumes") resumes.push({ job: message.job, at });
      else sums.push({ job: message.job, at });
    }
  });

  /** A queue without order: a message may come late, twice, or twice at the same time. */
  async function liveUnordered<Job>(
    messages: Delayed<Job>[],
    env: Env,
    work: (audience: Audience, job: Job) => Promise<unknown>,
  ): Promise<void> {
    for (;;) {
      await means.inTime(between(10, 400));
      const due = messages.filter(({ at }) => at <= means.now());
      const message = due[between(0, due.length - 1)];
      if (message === undefined) continue;
      const job = JSON.parse(JSON.stringify(message.job));
      const done = await means.attempt(env, async () => void (await work(audienceOf(env), job)));
      if (!done || means.comesAgain()) continue;
      if (messages.includes(message)) messages.splice(messages.indexOf(message), 1);
    }
  }

  const invokeSlice: InvokeSlice = async (job) => {
    const env = sliceEnvs[between(0, sliceEnvs.length - 1)]!;
    slices += 1;
    const posted = means.invoke(() => postSliceJob(audienceOf(env), job));
    const settled = posted.catch((error) => {
      env.cache = newPushCache();
      throw error;
    });
    if (!means.losesAnswer()) return settled;
    // The slice continues, but its outcome is lost.
    settled.catch(() => {});
    throw new LostAnswer();
  };

  async function live(): Promise<void> {
    for (;;) {
      await means.inTime(between(50, 1500));
      if (queue.length === 0) continue;
      const audience = () => {
        const own = audienceOf(poster);
        return inSlices ? { ...own, outlet: { ...own.outlet, invokeSlice } } : own;
      };
      if (await means.attempt(poster, () => postRoom(audience()))) queue.shift();
    }
  }

  return {
    /** Queues work for the posters. */
    jobs,
    live: () =>
      Promise.all([
        live(),
        ...resumers.map((env) => liveUnordered(resumes, env, resume)),
        ...sumsPosters.map((env) => liveUnordered(sums, env, postSums)),
      ]),
    /** The log was reset: what waited is gone. */
    reset(): void {
      for (const env of [poster, ...sliceEnvs, ...resumers, ...sumsPosters])
        env.cache = newPushCache();
      queue.length = 0;
    },
    /** Slices that were asked for. */
    slices: () => slices,
  };
}
