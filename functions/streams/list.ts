import * as z from "zod";
import { LiveStream } from "../../domain/streams/stream.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { showStreams } from "../../platform/store/streams/shown.ts";
import { listNewest } from "../../platform/store/streams/stream-lists.ts";
import { findStreams } from "../../platform/store/streams/streams.ts";

/** The list has no pages, so it ends at a number instead. */
const shownMax = 100;

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream",
    says: "List the live streams of everybody, newest first: at most the newest 100",
    tag: "Live Streams",
    caller: "user",
    shape: "envelope",
    answer: [200, z.array(LiveStream)],
    refusals: [],
    grants: { read: ["STREAM", "USER", "LIST"] },
  },
  async () => {
    const newest = await listNewest(shownMax);
    const streams = await findStreams(newest.map(({ streamId }) => streamId));
    return showStreams(streams);
  },
);
