import { randomUUID } from "node:crypto";
import * as z from "zod";
import { Position } from "../../domain/log/recovery.ts";
import { sendMessage, sendMessages } from "../aws/queues.ts";
import { setting } from "../runtime/env.ts";
import { lazy } from "../runtime/init.ts";

/** Post a large room: all records that have gathered, the newest of them under this id. */
export const Posting = z.object({ streamId: z.string(), gathered: z.string() });
export type Posting = z.infer<typeof Posting>;

/** Send one connection what it has missed; how far it has come stands with its subscription. */
export const Resuming = z.object({
  streamId: z.string(),
  connectionId: z.string(),
  /** Of the subscription: a later one is resumed by itself. */
  revision: z.number(),
  /** What was asked, until it has been answered. */
  asked: z.object({ since: Position.optional(), requestId: z.string().optional() }).optional(),
});
export type Resuming = z.infer<typeof Resuming>;

/** Frame what was only added to a stream's sums, unless this gathered item has been framed since. */
export const SumsJob = z.object({
  streamId: z.string(),
  gathered: z.string(),
  hasWaited: z.boolean().optional(),
});
export type SumsJob = z.infer<typeof SumsJob>;

/** A message of a queue. Of `posts` one of a group is in flight, and two of one id are one. */
export type Message =
  | { queue: "posts"; job: Posting; group: string; id: string }
  | { queue: "sums"; job: SumsJob; delaySeconds: number }
  | { queue: "resumes"; job: Resuming; delaySeconds: number };

/** Leaves work to another function, by its queue. */
export type Jobs = {
  /**
   * Asks `realtime/post` to post a room. The queue keeps the order of one stream and has one of its
   * messages in flight (FIFO, group = stream); asking twice for the same is asking once.
   */
  queuePosting(job: Posting): Promise<void>;
  /** Asks for the posting of what a call has not come to: it has gone on for long enough. */
  queueRemainder(streamId: string, now: Date): Promise<void>;
  /** Asks `realtime/post-sums` to frame what was added to sums, now or after a delay in seconds. */
  queueSums(job: SumsJob, delaySeconds?: number): Promise<void>;
  /** Asks `realtime/resume` to go on with a connection, now or after a delay in seconds. */
  queueResuming(job: Resuming, delaySeconds?: number): Promise<void>;
};

/** Jobs that are sent by this; `send` has SQS in the product. */
export function createJobs(send: (message: Message) => Promise<void> = createSender()): Jobs {
  const queuePosting = (job: Posting) => {
    const { streamId, gathered } = job;
    return send({ queue: "posts", job, group: streamId, id: `${streamId}-${gathered}` });
  };
  return {
    queuePosting,
    // The time is not enough: two environments that began in the same millisecond both need one.
    queueRemainder: (streamId, now) =>
      queuePosting({ streamId, gathered: `rest-${now.toISOString()}-${randomUUID()}` }),
    queueSums: (job, delaySeconds = 0) => send({ queue: "sums", job, delaySeconds }),
    queueResuming: (job, delaySeconds = 0) => send({ queue: "resumes", job, delaySeconds }),
  };
}

/** The way to the queues of this process. */
export const ownJobs = lazy(() => createJobs());

function createSender(): (message: Message) => Promise<void> {
  const sendResuming = createTogether();
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
 * Sends what is to be resumed in one turn of the event loop, as when many reconnect at once, in as
 * few requests as possible. Each message is taken, or rejected, by itself.
 */
function createTogether(): (message: ResumeMessage) => Promise<void> {
  let waiting: { message: ResumeMessage; sent: PromiseWithResolvers<void> }[] = [];
  const flush = () => {
    const all = waiting;
    waiting = [];
    const messages = all.map(({ message: { job: body, delaySeconds } }) => ({
      body,
      delaySeconds,
    }));
    const sendings = sendMessages(setting("RESUMES_QUEUE_URL"), messages);
    for (const [at, { sent }] of all.entries()) sent.resolve(sendings[at]!);
  };
  return (message) => {
    const sent = Promise.withResolvers<void>();
    waiting.push({ message, sent });
    if (waiting.length === 1) process.nextTick(flush);
    return sent.promise;
  };
}
