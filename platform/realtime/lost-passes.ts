import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { isFree, Member } from "../../domain/streams/member.ts";
import { Stream } from "../../domain/streams/stream.ts";
import { sendAt } from "../aws/queues.ts";
import { readEach } from "../lambda/consumer.ts";
import type { Poster } from "../push/gateway.ts";
import { endSubscription } from "../push/post.ts";
import { setting } from "../runtime/env.ts";
import { findSubscriber } from "../store/log/subscribers.ts";
import { isStillAdmitted } from "../store/streams/members.ts";
import { unmarshallItem } from "../table/items.ts";
import { readKey } from "../table/keys.ts";
import { forEachSocket } from "./user-sockets.ts";

/** A message of the queue `moments`: a user may have lost access to a paid stream. */
export const LostPass = z.object({ passOf: z.string(), streamId: z.string() });
type LostPass = z.infer<typeof LostPass>;

/** Queues the access that these records take away: refunded passes and moderators' roles. */
export async function queueLostPasses(
  records: readonly DynamoDBRecord[],
  now: Date,
): Promise<void> {
  for (const lost of readEach(records, lostIn))
    await sendAt(setting("MOMENTS_QUEUE_URL"), lost, { at: now, now });
}

function lostIn({ dynamodb }: DynamoDBRecord): LostPass[] {
  const [image, old] = [unmarshallItem(dynamodb?.NewImage), unmarshallItem(dynamodb?.OldImage)];
  if (image === undefined || old === undefined) return [];
  const { kind, owner: streamId } = readKey(image);
  if (kind === "member") {
    const { userId, pass } = Member.parse(image);
    const isLost = pass === undefined && Member.parse(old).pass !== undefined;
    return isLost ? [{ passOf: userId, streamId }] : [];
  }
  if (kind !== "stream" || isFree(Stream.parse(image))) return [];
  const { moderators } = Stream.parse(image);
  return Stream.parse(old)
    .moderators.filter((userId) => !moderators.includes(userId))
    .map((passOf) => ({ passOf, streamId }));
}

/**
 * Ends the user's subscriptions to the stream if they no longer have access. A subscription written
 * at the same moment is checked again when it is confirmed, so one of the two checks sees the
 * change.
 */
export async function endLostPass(
  poster: Poster,
  { passOf, streamId }: LostPass,
  now: Date,
): Promise<void> {
  if (await isStillAdmitted(streamId, passOf)) return;
  await forEachSocket(passOf, now, { recheck: streamId }, async (connectionId) => {
    const subscriber = await findSubscriber(streamId, connectionId);
    if (subscriber?.isPaid) await endSubscription({ poster }, subscriber, "pass");
  });
}
