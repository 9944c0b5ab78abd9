import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { WatchStatistics, watchStatisticsOf } from "../../domain/streams/watch-time.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { cameBefore, countRowsOf, listWatching } from "../../platform/store/log/viewers.ts";
import { findPeak, listVisits } from "../../platform/store/log/watch-times.ts";
import { getVisibleStream } from "../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/participant/stream/{streamId}/statistics",
    summary: "Get the viewer count and watch time of a stream, of at most 10,000 past viewers",
    tag: "Live Streams",
    caller: "user",
    isBare: true,
    path: z.object({ streamId: StreamId }),
    answer: [200, WatchStatistics],
    cost: { read: 70, kilobytes: 1 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM", "SUB"] },
  },
  async ({ path: { streamId }, caller, now }) => {
    const count = countRowsOf(caller.userId, now);
    const [{ endedAt }, past, watching, peak] = await Promise.all([
      getVisibleStream(streamId, caller, now),
      listVisits(streamId, now, count),
      listWatching(streamId, now, count),
      findPeak(streamId),
    ]);
    return watchStatisticsOf(streamId, past, cameBefore(endedAt, watching), peak, now);
  },
);
