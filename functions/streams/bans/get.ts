import * as z from "zod";
import { BanId } from "../../../domain/id.ts";
import { LiveStreamBan, liveStreamBanOf } from "../../../domain/streams/ban.ts";
import { moderatorRefusals } from "../../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { getBan } from "../../../platform/store/streams/bans.ts";
import { assertMayManageBan } from "../../../platform/store/streams/channel-bans.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream-ban/{id}",
    summary: "Get a ban of a live stream, active or lifted",
    tag: "Live Stream Bans",
    caller: "user",
    path: z.object({ id: BanId }),
    answer: [200, LiveStreamBan],
    cost: { read: 6, kilobytes: 6 },
    refusals: ["ban_not_found", "stream_not_found", ...moderatorRefusals],
    grants: { read: ["BAN", "STREAM"] },
  },
  async ({ path, caller, now }) => {
    const ban = await getBan(path.id, now);
    await assertMayManageBan(ban, caller, now);
    return liveStreamBanOf(ban, setting("DEFAULT_PICTURE"));
  },
);
