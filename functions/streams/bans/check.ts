import * as z from "zod";
import { StreamId, UserId } from "../../../domain/id.ts";
import { LiveStreamBan, liveStreamBanOf } from "../../../domain/streams/ban.ts";
import { activeBan } from "../../../domain/streams/member.ts";
import { moderatorRefusals } from "../../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { getProfile } from "../../../platform/store/people/users.ts";
import { findBan } from "../../../platform/store/streams/bans.ts";
import { seesChannelBans } from "../../../platform/store/streams/channel-bans.ts";
import { findMember } from "../../../platform/store/streams/members.ts";
import { getModeratedStream } from "../../../platform/store/streams/stream-access.ts";
import { getStream } from "../../../platform/store/streams/streams.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream-ban/check/{targetUserId}",
    summary: "Check whether a user is banned from a live stream; users may check themselves",
    tag: "Live Stream Bans",
    caller: "user",
    path: z.object({ targetUserId: UserId }),
    query: z.object({ liveStreamId: StreamId }),
    answer: [200, z.object({ isBanned: z.boolean(), ban: LiveStreamBan.nullable() })],
    cost: { read: 35, kilobytes: 1 },
    refusals: ["stream_not_found", "user_not_found", ...moderatorRefusals],
    grants: { read: ["STREAM", "USER", "BAN"] },
  },
  async ({ path: { targetUserId }, query: { liveStreamId }, caller, now }) => {
    const isOwn = targetUserId === caller.userId;
    const [member] = await Promise.all([
      findMember(liveStreamId, targetUserId, { consistent: true }),
      isOwn ? getStream(liveStreamId) : getProfile(targetUserId),
    ]);
    const stream = isOwn ? undefined : await getModeratedStream(liveStreamId, caller, now);
    const seesAll = stream === undefined || (await seesChannelBans(stream, caller));
    const active = activeBan(seesAll ? member : member && { ban: member.ban }, now);
    const ban = active && (await findBan(active.id, now));
    if (ban === undefined) return { isBanned: active !== undefined, ban: null };
    return { isBanned: true, ban: liveStreamBanOf(ban, setting("DEFAULT_PICTURE")) };
  },
);
