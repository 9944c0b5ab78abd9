import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod";
import { Position } from "../../domain/log/position.ts";
import { openClient } from "../aws-client.ts";
import { setting } from "../env.ts";
import { lazy } from "../lazy.ts";

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

/** A message of a queue. Of `posts` one of a group is in flight, and two of one id are one. */
export type Message =
  | { queue: "posts"; job: Posting; group: string; id: string }
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
  /** Asks `realtime/resume` to go on with a connection, now or so many seconds later. */
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
    queueRemainder: (streamId, now) =>
      queuePosting({ streamId, gathered: `rest-${now.toISOString()}` }),
    queueResuming: (job, delaySeconds = 0) => send({ queue: "resumes", job, delaySeconds }),
  };
}

/** The way to the queues of this process. */
export const ownJobs = lazy(() => createJobs());

function createSender(): (message: Message) => Promise<void> {
  const client = openClient(SQSClient);
  const sendResuming = createTogether(client);
  return async (message) => {
    if (message.queue === "resumes") return sendResuming(message);
    await client.send(
      new SendMessageCommand({
        QueueUrl: setting("POSTS_QUEUE_URL"),
        MessageBody: JSON.stringify(message.job),
        MessageGroupId: message.group,
        MessageDeduplicationId: message.id,
      }),
    );
  };
}

/** Messages of one request, by SQS; each is far from a tenth of what a request may have. */
const requestMessagesMax = 10;

type ResumeMessage = Extract<Message, { queue: "resumes" }>;
type Waiting = { message: ResumeMessage; sent: PromiseWithResolvers<void> };

/**
 * Sends what is to be resumed in one turn of the event loop, as when many come back at once, ten in
 * a request. Each message is taken, or rejected, by itself.
 */
function createTogether(client: SQSClient): (message: ResumeMessage) => Promise<void> {
  let waiting: Waiting[] = [];
  const flush = () => {
    const all = waiting;
    waiting = [];
    for (let at = 0; at < all.length; at += requestMessagesMax)
      void sendTogether(client, all.slice(at, at + requestMessagesMax));
  };
  return (message) => {
    const sent = Promise.withResolvers<void>();
    waiting.push({ message, sent });
    if (waiting.length === 1) process.nextTick(flush);
    return sent.promise;
  };
}

/** Never rejects: whoever waits for a message is told. */
async function sendTogether(client: SQSClient, part: readonly Waiting[]): Promise<void> {
  const Entries = part.map(({ message: { job, delaySeconds } }, at) => ({
    Id: String(at),
    MessageBody: JSON.stringify(job),
    DelaySeconds: delaySeconds,
  }));
  try {
    const QueueUrl = setting("RESUMES_QUEUE_URL");
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    for (const [at, { sent }] of part.entries()) {
      const failure = Failed.find(({ Id }) => Id === String(at));
      if (failure === undefined) sent.resolve();
      else sent.reject(new Error(`SQS did not take a message: ${failure.Code}`));
    }
  } catch (error) {
    for (const { sent } of part) sent.reject(error);
  }
}
