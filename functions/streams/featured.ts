import { LiveStream } from "../../domain/streams/live-stream.ts";
import { isListed } from "../../domain/streams/stream.ts";
import { rowsOf } from "../../domain/text.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { cached } from "../../platform/runtime/cached.ts";
import { listMostViewed } from "../../platform/store/log/most-watched.ts";
import { showStreams } from "../../platform/store/streams/display-names.ts";
import { findStreams } from "../../platform/store/streams/streams.ts";

const shownMax = 10;

/** More than shown: rooms that 0.2.0 listed as live are in the list even if they are hidden. */
const readMax = 30;

const listFeatured = cached(5_000, async (now) =>
  showStreams(
    (await findStreams(await listMostViewed(readMax, now))).filter(isListed).slice(0, shownMax),
  ),
);

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/featured",
    summary: "List the ten live streams with the most viewers",
    tag: "Live Streams",
    caller: "anyone",
    answer: [200, rowsOf(LiveStream)],
    cacheControl: "public, max-age=5",
    cost: { read: 200, kilobytes: 260 },
    grants: { read: ["STREAM", "USER", "LIST", "SUB"] },
  },
  ({ now }) => listFeatured(now),
);
