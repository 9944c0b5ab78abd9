import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import * as z from "zod";
import { setting } from "../env.ts";

/** One message of the queue to `realtime/post`: post a stream's log up to a frame. */
export const Posting = z.object({ streamId: z.string(), upTo: z.number().int() });
export type Posting = z.infer<typeof Posting>;

let client: SQSClient | undefined;

/**
 * Asks `realtime/post` to post a room. The queue keeps the order of one stream and has one of its
 * messages in flight (FIFO, group = stream); asking twice for one frame is asking once.
 */
export async function queuePosting(streamId: string, upTo: number): Promise<void> {
  client ??= new SQSClient({ requestHandler: { connectionTimeout: 1000, requestTimeout: 5000 } });
  await client.send(
    new SendMessageCommand({
      QueueUrl: setting("POSTS_QUEUE_URL"),
      MessageBody: JSON.stringify({ streamId, upTo } satisfies Posting),
      MessageGroupId: streamId,
      MessageDeduplicationId: `${streamId}-${upTo}`,
    }),
  );
}
