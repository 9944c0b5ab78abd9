import {
  endOfBan,
  LiveStreamBan,
  liveStreamBanOf,
  makeBan,
  NewBan,
} from "../../../domain/streams/ban.ts";
import { moderatorRefusals } from "../../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { getProfile } from "../../../platform/store/people/users.ts";
import { recordBan } from "../../../platform/store/streams/bans.ts";
import { getStreamToBanFrom, showBan } from "../../../platform/store/streams/channel-bans.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream-ban",
    summary: "Block or mute a user in a live stream or a whole channel",
    tag: "Live Stream Bans",
    caller: "user",
    body: NewBan,
    answer: [200, LiveStreamBan],
    cost: { read: 8, write: 50, kilobytes: 6 },
    refusals: [
      "stream_not_found",
      "user_not_found",
      ...moderatorRefusals,
      "ban_of_host",
      "ban_exists",
    ],
    grants: { read: ["STREAM", "USER"], write: ["STREAM", "USER", "BAN", "SENDER", "TRACE"] },
  },
  async ({ body, caller, now, newId, idempotentReply }) => {
    const target = await getProfile(body.targetUserId);
    const stream = await getStreamToBanFrom(body, caller, now);
    const endsAt = endOfBan(body, now);
    const ban = makeBan(body, { id: newId(), stream, target, by: caller.userId, now, endsAt });
    const reply = idempotentReply(liveStreamBanOf(ban, setting("DEFAULT_PICTURE")));
    await recordBan(stream, ban, now, reply);
    await showBan(ban);
    return reply.answer;
  },
);
