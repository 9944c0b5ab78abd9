import * as z from "zod";
import { Pagination, pageOf } from "../../../domain/page.ts";
import { BanQuery, LiveStreamBan, liveStreamBanOf } from "../../../domain/streams/ban.ts";
import { moderatorRefusals } from "../../../domain/streams/stream-lifecycle.ts";
import { rowsOf } from "../../../domain/text.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { findBans, listBans } from "../../../platform/store/streams/bans.ts";
import { seesChannelBans } from "../../../platform/store/streams/channel-bans.ts";
import { getModeratedStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream-ban",
    summary:
      "List the newest 1,000 bans of my streams, newest first, or those of one that I moderate",
    tag: "Live Stream Bans",
    caller: "user",
    query: BanQuery,
    answer: [200, z.object({ list: rowsOf(LiveStreamBan), pagination: Pagination })],
    cost: { read: 175, kilobytes: 550 },
    refusals: ["stream_not_found", ...moderatorRefusals],
    grants: { read: ["STREAM", "USER", "BAN"] },
  },
  async ({ query, caller, now }) => {
    const { liveStreamId } = query;
    const stream = liveStreamId && (await getModeratedStream(liveStreamId, caller, now));
    const seesAll = !stream || (await seesChannelBans(stream, caller));
    const listed = await listBans(stream ? stream.hostId : caller.userId, query, now);
    const seen = seesAll ? listed : listed.filter(({ scope }) => scope !== "channel");
    const { list, pagination } = pageOf(seen, query.page, query.limit);
    const bans = await findBans(list.map(({ banId }) => banId));
    return {
      list: bans.map((ban) => liveStreamBanOf(ban, setting("DEFAULT_PICTURE"))),
      pagination,
    };
  },
);
