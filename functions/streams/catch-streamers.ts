import * as z from "zod";
import { wholeNumber } from "../../domain/page.ts";
import { StreamUser } from "../../domain/people/user.ts";
import { LiveStream } from "../../domain/streams/stream.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { showStreams } from "../../platform/store/streams/shown.ts";
import { listLive, newestFirst } from "../../platform/store/streams/stream-lists.ts";
import { findStreams } from "../../platform/store/streams/streams.ts";

const Streamer = z.object({ creator: StreamUser, activeLiveStream: LiveStream });

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/catch-streamers",
    says: "List who is live now, the latest to start first",
    tag: "Live Streams",
    caller: "anyone",
    shape: "envelope",
    query: z.object({ limit: wholeNumber(1, 100).default(20) }),
    answer: [200, z.array(Streamer)],
    refusals: [],
    grants: { read: ["STREAM", "USER", "LIST"] },
  },
  async ({ query: { limit } }) => {
    const latest = (await listLive()).sort(newestFirst("startedAt")).slice(0, limit);
    const streams = await findStreams(latest.map(({ streamId }) => streamId));
    const shown = await showStreams(streams);
    return shown.map((stream) => ({ creator: stream.creator, activeLiveStream: stream }));
  },
);
