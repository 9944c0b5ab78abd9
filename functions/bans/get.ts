import * as z from "zod";
import { BanId } from "../../domain/id.ts";
import { LiveStreamBan, liveStreamBanOf } from "../../domain/streams/ban.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { getBan } from "../../platform/store/streams/bans.ts";
import { getModeratedStream } from "../../platform/store/streams/streams.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream-ban/{id}",
    says: "Read one ban of a live stream, lifted or not",
    tag: "Live Stream Bans",
    caller: "user",
    shape: "envelope",
    path: z.object({ id: BanId }),
    answer: [200, LiveStreamBan],
    refusals: ["ban_not_found", "stream_not_found", "member_blocked", "not_a_moderator"],
    grants: { read: ["BAN", "STREAM"] },
  },
  async ({ path, caller, now }) => {
    const ban = await getBan(path.id);
    await getModeratedStream(ban.liveStreamId, caller, now);
    return liveStreamBanOf(ban, setting("DEFAULT_PICTURE"));
  },
);
