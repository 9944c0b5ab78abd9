import { randomUUID } from "node:crypto";
import * as z from "zod";
import { Position } from "../../domain/log/recovery.ts";
import { RequestId } from "../../domain/log/subscriber.ts";
import { sendMessage, sendMessages } from "../aws/queues.ts";
import { lazy } from "../runtime/caches.ts";
import { setting } from "../runtime/env.ts";
import { rangesMax } from "../store/log/subscribers.ts";
import { batchCalls } from "../table/table.ts";

/** Posts a large room's entire backlog, whose newest item is `gathered`. */
export const PostJob = z.object({ streamId: z.string(), gathered: z.string() });
export type PostJob = z.infer<typeof PostJob>;

/** Sends one connection its missed frames, from the position stored in its subscription. */
export const ResumeJob = z.object({
  streamId: z.string(),
  connectionId: z.string(),
  /** Revision of the subscription. A later revision has its own job. */
  revision: z.number(),
  /** The request, until `subscribed` has been sent. */
  asked: z
    .object({
      since: Position.optional(),
      requestId: RequestId.optional(),
      /** The log's newest frame; absent if the subscription has its first live frame. */
      head: z.number().int().optional(),
    })
    .optional(),
});
export type ResumeJob = z.infer<typeof ResumeJob>;

/** Frames pending changes of a stream's sums, unless this backlog item has been framed by then. */
export const SumsJob = z.object({
  streamId: z.string(),
  gathered: z.string(),
});
export type SumsJob = z.infer<typeof SumsJob>;

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

/**
 * A queue message. `posts` is FIFO: one message per group is in flight, and equal ids are
 * deduplicated.
 */
export type Message =
  | { queue: "posts"; job: PostJob; group: string; id: string }
  | { queue: "sums"; job: SumsJob; delaySeconds: number }
  | { queue: "resumes"; job: ResumeJob; delaySeconds: number };

/** Queues work for other functions. */
export type Jobs = {
  /**
   * Asks `realtime/post` to post a room. One job per stream runs at a time, in order. Repeating a
   * call has no effect.
   */
  queuePost(job: PostJob): Promise<void>;
  /** Asks `realtime/post` to continue where a call stopped because of its time limit. */
  queueRemainder(streamId: string, now: Date): Promise<void>;
  /** Asks `realtime/post-sums` to frame pending sums, now or after a delay in seconds. */
  queueSums(job: SumsJob, delaySeconds?: number): Promise<void>;
  /** Asks `realtime/resume` to continue with a connection, now or after a delay in seconds. */
  queueResume(job: ResumeJob, delaySeconds?: number): Promise<void>;
};

/** Creates the jobs of one environment. `send` uses SQS by default. */
export function createJobs(send: (message: Message) => Promise<void> = createSender()): Jobs {
  const queuePost = (job: PostJob) => {
    const { streamId, gathered } = job;
    return send({ queue: "posts", job, group: streamId, id: `${streamId}-${gathered}` });
  };
  return {
    queuePost,
    // The time alone is not unique: two environments may start in the same millisecond.
    queueRemainder: (streamId, now) =>
      queuePost({ streamId, gathered: `rest-${now.toISOString()}-${randomUUID()}` }),
    queueSums: (job, delaySeconds = 0) => send({ queue: "sums", job, delaySeconds }),
    queueResume: (job, delaySeconds = 0) => send({ queue: "resumes", job, delaySeconds }),
  };
}

/** The jobs of this process. */
export const ownJobs = lazy(() => createJobs());

function createSender(): (message: Message) => Promise<void> {
  const sendResuming = createBatcher();
  return (message) => {
    if (message.queue === "resumes") return sendResuming(message);
    if (message.queue === "sums") {
      const { job: body, delaySeconds } = message;
      return sendMessage(setting("SUMS_QUEUE_URL"), { body, delaySeconds });
    }
    const { job: body, group, id: deduplicationId } = message;
    return sendMessage(setting("POSTS_QUEUE_URL"), { body, fifo: { group, deduplicationId } });
  };
}

type ResumeMessage = Extract<Message, { queue: "resumes" }>;

/**
 * Sends all messages of one event-loop iteration together, as when many clients reconnect at once.
 * Each message succeeds or fails independently.
 */
function createBatcher(): (message: ResumeMessage) => Promise<void> {
  const send = batchCalls(async (all: readonly ResumeMessage[]) => {
    const messages = all.map(({ job: body, delaySeconds }) => ({ body, delaySeconds }));
    const sendings = sendMessages(setting("RESUMES_QUEUE_URL"), messages);
    return new Map(all.map((message, at) => [message, sendings[at]!]));
  });
  return async (message) => (await send(message)).get(message);
}
