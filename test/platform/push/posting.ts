import { governor } from "../../../platform/push/governor.ts";
import { postPart } from "../../../platform/push/part.ts";
import { postPartJob } from "../../../platform/push/part-job.ts";
import { postLarge, useInvoke } from "../../../platform/push/parts.ts";
import { Posting, useQueue } from "../../../platform/push/queue.ts";
import { createMemory, type Memory, type Room } from "../../../platform/push/room.ts";
import { postRoom } from "../../../platform/push/rooms.ts";
import { whole } from "../../../platform/store/subscribers.ts";

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
  useQueue({
    send: async ({ job }) => void queue.push(Posting.parse(job).gathered),
  });

  useInvoke(async (job) => {
    const env = partEnvs[between(0, partEnvs.length - 1)]!;
    parts += 1;
    const posted = means.invoke(() => postPartJob(job, env.memory, roomOf(env).now));
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
            (await postPart(room, frames, { ...whole, about }, governor())).size;
      if (await means.attempt(poster, () => postRoom(roomOf(poster), post))) queue.shift();
    }
  }

  return {
    live,
    /** The log was reset: what waited is gone. */
    reset(): void {
      for (const env of [poster, ...partEnvs]) env.memory = createMemory();
      queue.length = 0;
    },
    /** Parts that were asked for. */
    parts: () => parts,
  };
}
