import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { sendAt } from "../aws/queues.ts";
import { imagesOf } from "../lambda/consumer.ts";
import { setting } from "../runtime/env.ts";
import { applyChannel } from "../store/streams/channels.ts";
import { readKey } from "../table/keys.ts";

/** A message of the queue `moments`: apply a channel's settings to its host's open streams. */
export const ChannelChange = z.object({ channelOf: z.string() });

/** Applies a channel's settings to its host's open streams. */
export const applyChannelChange = ({ channelOf }: z.infer<typeof ChannelChange>, now: Date) =>
  applyChannel(channelOf, now);

/**
 * Queues every change of a channel. The call that makes the change applies it at once; this covers
 * calls that were interrupted.
 */
export async function queueChannelChanges(
  records: readonly DynamoDBRecord[],
  now: Date,
): Promise<void> {
  for (const image of imagesOf(records, "channel")) {
    const { owner: channelOf } = readKey(image);
    await sendAt(setting("MOMENTS_QUEUE_URL"), { channelOf }, { at: now, now });
  }
}
