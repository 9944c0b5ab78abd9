import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { startTimer } from "../aws/queues.ts";
import { setting } from "../runtime/env.ts";
import { applyChannel } from "../store/streams/channels.ts";
import { imagesOf } from "../table/images.ts";
import { readKey } from "../table/keys.ts";

/** A message of the queue `moments`: a host's open streams are to take in the channel's settings. */
export const ChannelChange = z.object({ channelOf: z.string() });

/** Has the streams take them in. */
export const followChannel = ({ channelOf }: z.infer<typeof ChannelChange>, now: Date) =>
  applyChannel(channelOf, now);

/**
 * Asks for that after every change of a channel. The call that changes it does the same at once;
 * this is for one that ended in between.
 */
export async function queueChannelChanges(
  records: readonly DynamoDBRecord[],
  now: Date,
): Promise<void> {
  for (const image of imagesOf(records, "channel")) {
    const { owner: channelOf } = readKey(image);
    await startTimer(setting("MOMENTS_QUEUE_URL"), { channelOf }, { at: now, now });
  }
}
