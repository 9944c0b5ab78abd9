import { governor } from "../../../platform/push/governor.ts";
import { type Resuming, useQueue } from "../../../platform/push/jobs.ts";
import { postLarge, postRoom, useInvoke } from "../../../platform/push/large-room.ts";
import { createMemory, type Memory, type Room } from "../../../platform/push/memory.ts";
import { resume } from "../../../platform/push/resume.ts";
import { postSlice, postSliceJob } from "../../../platform/push/slice.ts";
import { whole } from "../../../platform/store/log/subscribers.ts";

/** Whoever invoked does not learn what became of it. */
export class LostAnswer extends Error {}

/** One environment of a function. */
export type Env = { memory: Memory; busy: boolean; skew: number };

/** What the world gives to the queue and to those who post. */
type Means = {
  newEnv(): Env;
  roomOf(env: Env): Room;
  /** Does one message's work; false when it died. */
  attempt(env: Env, work: () => Promise<void>): Promise<boolean>;
  /** An invocation of its own, which may die by itself. */
  invoke<T>(work: () => Promise<T>): Promise<T>;
  inTime(milliseconds: number): Promise<void>;
  between(low: number, high: number): number;
  /** Whether an answer is lost on its way, or its caller dies meanwhile. */
  losesAnswer(): boolean;
  /** Whether a message comes again although it was handled. */
  comesAgain(): boolean;
  now(): number;
};

/**
 * The queue to `post`, one message in flight, in order; what fails comes again. The room is posted
 * by one environment, or in parts by several.
 */
export function createPosting(inParts: boolean, means: Means) {
  const { newEnv, roomOf, between } = means;
  const queue: string[] = [];
  const poster = newEnv();
  const partEnvs = inParts ? [newEnv(), newEnv(), newEnv(), newEnv()] : [];
  let parts = 0;
  const resumes: { job: Resuming; at: number }[] = [];
  const resumers = [newEnv(), newEnv()];
  useQueue({
    async send(message) {
      if (message.queue === "posts") queue.push(message.job.gathered);
      else resumes.push({ job: message.job, at: means.now() + message.delaySeconds * 1000 });
    },
  });

  /** A queue without order: a message may come late, twice, or twice at the same time. */
  async function liveResumes(env: Env): Promise<void> {
    for (;;) {
      await means.inTime(between(10, 400));
      const due = resumes.filter(({ at }) => at <= means.now());
      const message = due[between(0, due.length - 1)];
      if (message === undefined) continue;
      const job = JSON.parse(JSON.stringify(message.job));
      if (!(await means.attempt(env, () => resume(job, roomOf(env))))) continue;
      if (!means.comesAgain() && resumes.includes(message))
        resumes.splice(resumes.indexOf(message), 1);
    }
  }

  useInvoke(async (job) => {
    const env = partEnvs[between(0, partEnvs.length - 1)]!;
    parts += 1;
    const posted = means.invoke(() => postSliceJob(job, env.memory, roomOf(env).now));
    const settled = posted.catch((error) => {
      env.memory = createMemory();
      throw error;
    });
    if (!means.losesAnswer()) return settled;
    // The part goes on, and nobody hears of it.
    settled.catch(() => {});
    throw new LostAnswer();
  });

  async function live(): Promise<void> {
    for (;;) {
      await means.inTime(between(50, 1500));
      if (queue.length === 0) continue;
      const post = inParts
        ? postLarge
        : async (room: Room, frames: Parameters<typeof postLarge>[1], about: number) =>
            (await postSlice(room, frames, { ...whole, about }, governor())).size;
      if (await means.attempt(poster, () => postRoom(roomOf(poster), post))) queue.shift();
    }
  }

  return {
    live: () => Promise.all([live(), ...resumers.map(liveResumes)]),
    /** The log was reset: what waited is gone. */
    reset(): void {
      for (const env of [poster, ...partEnvs, ...resumers]) env.memory = createMemory();
      queue.length = 0;
    },
    /** Parts that were asked for. */
    parts: () => parts,
  };
}
