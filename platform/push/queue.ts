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

let client: SQSClient | undefined;

/**
 * Asks `realtime/post` to post a room. The queue keeps the order of one stream and has one of its
 * messages in flight (FIFO, group = stream); asking twice for the same is asking once.
 */
export const queuePosting = (posting: Posting): Promise<void> =>
  send(posting, posting.streamId, `${posting.streamId}-${posting.gathered}`);

/** Asks for a long replay; one connection's replays keep their order among themselves only. */
export const queueReplay = (replaying: Replaying): Promise<void> => {
  const { connectionId, revision, from } = replaying;
  const name = connectionId.replace(/[^\w-]/g, "");
  return send(replaying, `replay-${name}`, `${name}-${revision}-${from}`);
};

async function send(job: object, group: string, id: string): Promise<void> {
  client ??= openClient(SQSClient);
  await client.send(
    new SendMessageCommand({
      QueueUrl: setting("POSTS_QUEUE_URL"),
      MessageBody: JSON.stringify(job),
      MessageGroupId: group,
      MessageDeduplicationId: id,
    }),
  );
}
