import type { Ban } from "../../../domain/streams/ban.ts";
import { mayModerateChannel } from "../../../domain/streams/channel.ts";
import { shownBanOf } from "../../../domain/streams/member.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { isOver } from "../../../domain/streams/stream-lifecycle.ts";
import type { Caller } from "../../auth/caller.ts";
import { waitForAll } from "../../runtime/deadline.ts";
import { logFault } from "../../runtime/log.ts";
import { updateIf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { findChannel, getModeratedChannel } from "./channels.ts";
import { findChannelMember } from "./members.ts";
import { getModeratedStream } from "./stream-access.ts";
import { listLiveOf } from "./stream-lists.ts";
import { getStream } from "./streams.ts";

/**
 * The stream in a new ban, for a caller who may make it; a channel's ban requires a moderator of
 * the channel, whether they moderate this stream or not. Refuses with `stream_not_found`,
 * `member_blocked` and `not_a_moderator`.
 */
export async function getStreamToBanFrom(
  { scope, liveStreamId }: Pick<Ban, "scope" | "liveStreamId">,
  caller: Caller,
  now: Date,
): Promise<Stream> {
  if (scope === "stream") return getModeratedStream(liveStreamId, caller, now);
  const stream = await getStream(liveStreamId, { consistent: true });
  await getModeratedChannel(stream.hostId, caller, now);
  return stream;
}

/**
 * Refuses a caller who may not read or lift a ban, with `stream_not_found`, `member_blocked` or
 * `not_a_moderator`. A channel's ban outlives its stream.
 */
export async function assertMayManageBan(ban: Ban, caller: Caller, now: Date): Promise<void> {
  if (ban.scope === "channel") await getModeratedChannel(ban.hostId, caller, now);
  else await getModeratedStream(ban.liveStreamId, caller, now);
}

/**
 * Whether a moderator of a stream may read the bans of its channel. A stream that is over keeps its
 * moderators, even those who no longer moderate the channel.
 */
export const seesChannelBans = async (stream: Stream, caller: Caller): Promise<boolean> =>
  !isOver(stream) || mayModerateChannel(await findChannel(stream.hostId), caller);

/**
 * Shows a change of a channel's ban in the host's live streams; a ban in one stream needs no copy.
 * Failures here do not fail the call, since the consumer of the table's stream repeats this.
 */
export async function showBan({ scope, hostId, target }: Ban): Promise<void> {
  if (scope !== "channel") return;
  try {
    await showChannelBan(hostId, target.userId);
  } catch (error) {
    logFault("A channel's ban could not be shown", error);
  }
}

/**
 * Copies a channel's ban, or its end, into the member of each live stream of the host: the event of
 * the stream is made from that change. It may run late, twice or concurrently: a copy has the
 * revision of its original, and an older copy never replaces a newer one. These copies only show
 * bans; they do not enforce them.
 */
export async function showChannelBan(hostId: string, userId: string): Promise<void> {
  const member = await findChannelMember(hostId, userId);
  if (member?.revision === undefined) return;
  const { revision, ban, lifted = null } = member;
  const live = await listLiveOf(hostId, { consistent: true });
  await waitForAll(
    live.map(({ streamId }) =>
      updateIf({
        Key: key.member(streamId, userId),
        UpdateExpression: "SET userId = :user, channel = :channel",
        ConditionExpression: "attribute_not_exists(channel) OR channel.revision < :revision",
        ExpressionAttributeValues: {
          ":user": userId,
          ":channel": { revision, ban: shownBanOf(ban), lifted },
          ":revision": revision,
        },
      }),
    ),
  );
}
