import { LiveStreamBan, liveStreamBanOf, makeBan, NewBan } from "../../domain/streams/ban.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { getProfile } from "../../platform/store/people/users.ts";
import { recordBan } from "../../platform/store/streams/bans.ts";
import { getModeratedStream } from "../../platform/store/streams/streams.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream-ban",
    says: "Ban a user from a live stream: BLOCK from everything, CHAT_ONLY from chatting",
    tag: "Live Stream Bans",
    caller: "user",
    shape: "envelope",
    body: NewBan,
    answer: [200, LiveStreamBan],
    refusals: [
      "stream_not_found",
      "user_not_found",
      "member_blocked",
      "not_a_moderator",
      "ban_of_host",
      "ban_exists",
    ],
    grants: { read: ["STREAM", "USER"], write: ["STREAM", "USER", "BAN", "SENDER", "TRACE"] },
  },
  async ({ body, caller, now, newId }) => {
    const target = await getProfile(body.targetUserId);
    const stream = await getModeratedStream(body.liveStreamId, caller, now);
    const ban = makeBan(body, { id: newId(), stream, target, by: caller.userId, now });
    await recordBan(stream, ban, now);
    return liveStreamBanOf(ban, setting("DEFAULT_PICTURE"));
  },
);
