import * as z from "zod";
import { rowsLimit } from "../../domain/page.ts";
import { StreamUser } from "../../domain/people/user.ts";
import { LiveStream } from "../../domain/streams/live-stream.ts";
import { isListed } from "../../domain/streams/stream.ts";
import { rowsOf } from "../../domain/text.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { cached } from "../../platform/runtime/cached.ts";
import { showStreams } from "../../platform/store/streams/display-names.ts";
import { listLive, newestFirst } from "../../platform/store/streams/stream-lists.ts";
import { findStreams } from "../../platform/store/streams/streams.ts";

const shownMax = 100;

/** As many as a caller may request, so that one cached list serves every limit. */
const listStreamers = cached(5_000, async () => {
  const latest = (await listLive()).sort(newestFirst("startedAt")).slice(0, shownMax);
  const found = await findStreams(latest.map(({ streamId }) => streamId));
  const streams = await showStreams(found.filter(isListed));
  return streams.map((stream) => ({ creator: stream.creator, activeLiveStream: stream }));
});

const Streamer = z.object({ creator: StreamUser, activeLiveStream: LiveStream });

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/catch-streamers",
    summary: "List the streams that are live now, most recently started first",
    tag: "Live Streams",
    caller: "anyone",
    query: z.object({ limit: rowsLimit(shownMax, 20) }),
    answer: [200, rowsOf(Streamer)],
    cacheControl: "public, max-age=5",
    cost: { read: 220, kilobytes: 340 },
    grants: { read: ["STREAM", "USER", "LIST"] },
  },
  async ({ query: { limit }, now }) => (await listStreamers(now)).slice(0, limit),
);
