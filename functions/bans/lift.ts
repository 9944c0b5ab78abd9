import * as z from "zod";
import { BanId } from "../../domain/id.ts";
import { LiveStreamBan, liveStreamBanOf } from "../../domain/streams/ban.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { getBan, liftBan } from "../../platform/store/streams/bans.ts";
import { getModeratedStream } from "../../platform/store/streams/streams.ts";

export const { contract, handler } = endpoint(
  {
    route: "DELETE /api/v1/live-stream-ban/{id}",
    says: "Lift a ban; what it was stays readable",
    tag: "Live Stream Bans",
    caller: "user",
    shape: "envelope",
    path: z.object({ id: BanId }),
    answer: [200, LiveStreamBan],
    refusals: [
      "ban_not_found",
      "stream_not_found",
      "member_blocked",
      "not_a_moderator",
      "ban_lifted",
    ],
    grants: { read: ["BAN", "STREAM"], write: ["BAN", "STREAM", "USER", "SENDER", "TRACE"] },
  },
  async ({ path, caller, now }) => {
    const ban = await getBan(path.id);
    await getModeratedStream(ban.liveStreamId, caller, now);
    const lifted = await liftBan(ban, caller.userId, now);
    return liveStreamBanOf(lifted, setting("DEFAULT_PICTURE"));
  },
);
