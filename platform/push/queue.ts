import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod";
import { openClient } from "../aws-client.ts";
import { setting } from "../env.ts";

/** Post a large room: all records that have gathered, the newest of them under this id. */
export const Posting = z.object({ streamId: z.string(), gathered: z.string() });
export type Posting = z.infer<typeof Posting>;

/** Send one connection the frames that it has missed: so many that the room must not wait. */
export const Replaying = z.object({
  streamId: z.string(),
  connectionId: z.string(),
  /** Of the subscription: a later one has a replay of its own. */
  revision: z.number(),
  from: z.number().int(),
  to: z.number().int(),
});
export type Replaying = z.infer<typeof Replaying>;

/** What the queue brings to `realtime/post`. */
export const PostJob = z.union([Replaying, Posting]);
export type PostJob = z.infer<typeof PostJob>;

/** A message of the queue `posts`: one of a group is in flight, and two of one id are one. */
export type Message = { job: object; group: string; id: string };

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
export const queuePosting = (posting: Posting): Promise<void> =>
  queue().send({
    job: posting,
    group: posting.streamId,
    id: `${posting.streamId}-${posting.gathered}`,
  });

/** Asks for a long replay; one connection's replays keep their order among themselves only. */
export const queueReplay = (replaying: Replaying): Promise<void> => {
  const { connectionId, revision, from } = replaying;
  const name = connectionId.replace(/[^\w-]/g, "");
  return queue().send({
    job: replaying,
    group: `replay-${name}`,
    id: `${name}-${revision}-${from}`,
  });
};

function createQueue(): Queue {
  const client = openClient(SQSClient);
  return {
    async send({ job, group, id }) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: setting("POSTS_QUEUE_URL"),
          MessageBody: JSON.stringify(job),
          MessageGroupId: group,
          MessageDeduplicationId: id,
        }),
      );
    },
  };
}
