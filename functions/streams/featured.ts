import * as z from "zod";
import { LiveStream } from "../../domain/streams/stream.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { recent } from "../../platform/recent.ts";
import { listMostViewed } from "../../platform/store/streams/most-watched.ts";
import { showStreams } from "../../platform/store/streams/shown.ts";
import { findStreams } from "../../platform/store/streams/streams.ts";

const shownMax = 10;

const listFeatured = recent(5_000, async () =>
  showStreams(await findStreams(await listMostViewed(shownMax))),
);

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/featured",
    says: "List the ten live streams that most people watch now",
    tag: "Live Streams",
    caller: "anyone",
    shape: "envelope",
    answer: [200, z.array(LiveStream)],
    cacheControl: "public, max-age=5",
    refusals: [],
    grants: { read: ["STREAM", "USER", "LIST"] },
  },
  ({ now }) => listFeatured(now),
);
