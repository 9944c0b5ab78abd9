import * as z from "zod";
import { BanId } from "../../../domain/id.ts";
import { LiveStreamBan, liveStreamBanOf } from "../../../domain/streams/ban.ts";
import { moderatorRefusals } from "../../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { getBan, liftBan } from "../../../platform/store/streams/bans.ts";
import { assertMayManageBan, showBan } from "../../../platform/store/streams/channel-bans.ts";

export const { contract, handler } = endpoint(
  {
    route: "DELETE /api/v1/live-stream-ban/{id}",
    summary: "Lift a ban; its record stays readable",
    tag: "Live Stream Bans",
    caller: "user",
    path: z.object({ id: BanId }),
    answer: [200, LiveStreamBan],
    cost: { read: 7, write: 15, kilobytes: 6 },
    refusals: ["ban_not_found", "stream_not_found", ...moderatorRefusals, "ban_lifted"],
    grants: { read: ["BAN", "STREAM", "USER"], write: ["BAN", "STREAM", "USER", "SENDER"] },
  },
  async ({ path, caller, now }) => {
    const ban = await getBan(path.id, now);
    await assertMayManageBan(ban, caller, now);
    const lifted = await liftBan(ban, caller.userId, now);
    await showBan(lifted);
    return liveStreamBanOf(lifted, setting("DEFAULT_PICTURE"));
  },
);
