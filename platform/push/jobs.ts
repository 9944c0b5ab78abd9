import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod";
import { Position } from "../../domain/log/position.ts";
import { openClient } from "../aws-client.ts";
import { setting } from "../env.ts";

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

/** The way to the queues: SQS, or what a test puts there. */
export type Queue = { send(message: Message): Promise<void> };

let current: Queue | undefined;

function queue(): Queue {
  current ??= createQueue();
  return current;
}

/** Puts another way to the queues in its place: for tests. */
export function useQueue(other: Queue | undefined): void {
  current = other;
}

/**
 * Asks `realtime/post` to post a room. The queue keeps the order of one stream and has one of its
 * messages in flight (FIFO, group = stream); asking twice for the same is asking once.
 */
export function queuePosting(job: Posting): Promise<void> {
  const { streamId, gathered } = job;
  return queue().send({ queue: "posts", job, group: streamId, id: `${streamId}-${gathered}` });
}

/** Asks `realtime/resume` to go on with a connection, now or so many seconds later. */
export const queueResuming = (job: Resuming, delaySeconds = 0): Promise<void> =>
  queue().send({ queue: "resumes", job, delaySeconds });

function createQueue(): Queue {
  const client = openClient(SQSClient);
  return {
    async send(message) {
      await client.send(
        new SendMessageCommand({
          MessageBody: JSON.stringify(message.job),
          ...(message.queue === "posts"
            ? {
                QueueUrl: setting("POSTS_QUEUE_URL"),
                MessageGroupId: message.group,
                MessageDeduplicationId: message.id,
              }
            : {
                QueueUrl: setting("RESUMES_QUEUE_URL"),
                DelaySeconds: message.delaySeconds,
              }),
        }),
      );
    },
  };
}
