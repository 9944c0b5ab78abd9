import type { DynamoDBRecord } from "aws-lambda";
import { waitForAll } from "../runtime/deadline.ts";
import { queueBanEnds } from "./ban-ends.ts";
import { queueChannelChanges } from "./channel-changes.ts";
import { queueChannelMoves } from "./channel-overlays.ts";
import { queueLostPasses } from "./lost-passes.ts";
import { queueSocketRevocations } from "./revoked-sockets.ts";

/**
 * Queues the follow-up work of these records in `moments`: revoked credentials, bans, changed
 * channels, streams that go live, lost passes.
 */
export async function queueFollowUps(records: readonly DynamoDBRecord[], now: Date): Promise<void> {
  await waitForAll([
    queueSocketRevocations(records, now),
    queueBanEnds(records, now),
    queueChannelChanges(records, now),
    queueChannelMoves(records, now),
    queueLostPasses(records, now),
  ]);
}
