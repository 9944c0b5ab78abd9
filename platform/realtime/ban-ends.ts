import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { bansOf, isBlocked, Member, storedBan } from "../../domain/streams/member.ts";
import { Timestamp } from "../../domain/text.ts";
import { sendAt } from "../aws/queues.ts";
import { readEach } from "../lambda/consumer.ts";
import type { Poster } from "../push/gateway.ts";
import { endSubscription } from "../push/post.ts";
import { setting } from "../runtime/env.ts";
import { findConnection } from "../store/log/connections.ts";
import { findSubscriber } from "../store/log/subscribers.ts";
import { showChannelBan } from "../store/streams/channel-bans.ts";
import {
  type BanTarget,
  changeMember,
  findChannelMember,
  memberActions,
  memberKey,
} from "../store/streams/members.ts";
import { findStream } from "../store/streams/streams.ts";
import { getItem, unmarshallItem } from "../table/items.ts";
import { readKey } from "../table/keys.ts";
import { forEachSocket } from "./user-sockets.ts";

/*
 * Every decision on a ban compares its end with the clock, so a ban ends without a timer. The timer
 * only changes the member's item: viewers get the event that this change causes.
 */

/**
 * A message of the queue `moments` about a ban in a stream or in a host's channel; a channel's ban
 * is first copied to its live streams. `banId` and `endsAt` are null if a ban was lifted and none
 * begins.
 */
export const BanEnd = z.object({
  streamId: z.string().optional(),
  hostId: z.string().optional(),
  userId: z.string(),
  banId: z.string().nullable(),
  endsAt: Timestamp.nullable(),
  /** Set once the ban is in all of its streams, so that only its end is left to handle. */
  isShown: z.boolean().optional(),
});
type BanEnd = z.infer<typeof BanEnd>;

/**
 * The longest time until a ban's end for which there is a timer: a timer costs a message every 15
 * minutes, and Tencent's applications write permanent bans as 136 years. A later end has no event.
 */
const timedMillisecondsMax = 15 * 24 * 3_600_000;

/** Queues the bans that these records begin or lift. */
export async function queueBanEnds(records: readonly DynamoDBRecord[], now: Date): Promise<void> {
  for (const banEnd of readEach(records, banEndIn))
    if (banEnd.hostId !== undefined) await queue(banEnd, now, now);
    else await startBanTimer({ ...banEnd, isShown: true }, now);
}

/** The bans that a record begins or lifts; a mute may begin under a block. */
function banEndIn({ dynamodb }: DynamoDBRecord): BanEnd[] {
  const [image, old] = [unmarshallItem(dynamodb?.NewImage), unmarshallItem(dynamodb?.OldImage)];
  if (image === undefined) return [];
  const { kind, owner } = readKey(image);
  if (kind !== "member" && kind !== "channel_member") return [];
  const { userId, ban } = Member.parse(image);
  const was = old && Member.parse(old).ban;
  // A mute that remains after a block has its timer already: a channel only shows it again.
  const begun = isAmong(was, ban?.id) ? undefined : ban;
  const changed = ban?.id === was?.id ? [] : [begun];
  if (ban?.mute && !isAmong(was, ban.mute.id)) changed.push(ban.mute);
  return changed.map((one) => ({
    userId,
    banId: one?.id ?? null,
    endsAt: one?.endsAt ?? null,
    [kind === "channel_member" ? "hostId" : "streamId"]: owner,
  }));
}

/** Whether this is a member's ban, or the mute under it. */
const isAmong = (ban: Member["ban"], banId: string | null | undefined) =>
  [ban?.id, ban?.mute?.id].includes(banId ?? "");

const queue = (banEnd: BanEnd, at: Date, now: Date) =>
  sendAt(setting("MOMENTS_QUEUE_URL"), banEnd, { at, now });

async function startBanTimer(banEnd: BanEnd, now: Date): Promise<void> {
  if (banEnd.endsAt === null) return;
  const at = new Date(banEnd.endsAt);
  if (at.getTime() - now.getTime() <= timedMillisecondsMax) await queue(banEnd, at, now);
}

/**
 * Removes an expired ban from its member, unless it has been replaced; if a block and a mute apply
 * together, only the expired one is removed. Restarts the timer if the ban has not expired yet, and
 * stops it if the ban was lifted. The first and the last message about a channel's ban also copy it
 * to the channel's live streams, whose event of it ends the user's subscriptions; those to streams
 * that are not live yet are ended here.
 */
export async function endBan(poster: Poster, banEnd: BanEnd, now: Date): Promise<void> {
  const { streamId, hostId, userId, banId, endsAt, isShown = false } = banEnd;
  const place: BanTarget = streamId === undefined ? { hostId: hostId! } : { streamId };
  const isOver = endsAt !== null && endsAt <= now.toISOString();
  if (isShown && !isOver) {
    const member = await getItem(Member, memberKey(place, userId), { consistent: true });
    if (isAmong(member?.ban, banId)) await startBanTimer(banEnd, now);
    return;
  }
  if (isOver)
    await changeMember(place, userId, (member) =>
      isAmong(member?.ban, banId)
        ? memberActions(place, userId, member, storedBan(bansOf(member, now)), now)
        : [],
    );
  if (hostId !== undefined) {
    // Before the copy, which then includes streams that go live in between.
    await endWaiting(poster, hostId, userId, now);
    await showChannelBan(hostId, userId);
  }
  if (!isOver) await startBanTimer({ ...banEnd, isShown: true }, now);
}

/** Ends the subscriptions of a user whom a channel blocks to its streams that are not live. */
async function endWaiting(poster: Poster, hostId: string, userId: string, now: Date) {
  const member = await findChannelMember(hostId, userId);
  if (!isBlocked(member, now)) return;
  await forEachSocket(userId, now, { rechecksBans: true }, async (connectionId) => {
    const { streams = [] } = (await findConnection(connectionId)) ?? {};
    for (const streamId of streams) {
      const stream = await findStream(streamId, { consistent: true });
      if (stream?.hostId !== hostId || stream.status === "active") continue;
      const subscriber = await findSubscriber(streamId, connectionId);
      if (subscriber !== undefined) await endSubscription({ poster }, subscriber);
    }
  });
}
