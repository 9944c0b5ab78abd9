import * as z from "zod";
import { booleanText } from "../../domain/page.ts";
import { LiveStream } from "../../domain/streams/live-stream.ts";
import { isListed, type Stream } from "../../domain/streams/stream.ts";
import { mayModerate } from "../../domain/streams/stream-lifecycle.ts";
import { rowsOf } from "../../domain/text.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { showStreams } from "../../platform/store/streams/display-names.ts";
import { listNewest } from "../../platform/store/streams/stream-lists.ts";
import { findStreams } from "../../platform/store/streams/streams.ts";

/** The list has no pages, so its length is limited. */
const shownMax = 100;

/** With `moderated`, only streams that the caller moderates. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream",
    summary: "List the newest 100 live streams of all hosts, newest first",
    tag: "Live Streams",
    caller: "user",
    shape: "envelope",
    query: z.object({
      moderated: booleanText
        .default(false)
        .meta({ description: "Only streams that the caller moderates" }),
    }),
    answer: [200, rowsOf(LiveStream)],
    cost: { read: 220, kilobytes: 260 },
    refusals: [],
    grants: { read: ["STREAM", "ESCROW", "USER", "LIST"] },
  },
  async ({ query: { moderated }, caller }) => {
    const newest = await listNewest(shownMax);
    const streams = await findStreams(newest.map(({ streamId }) => streamId));
    const isShown = (one: Stream) => (moderated ? mayModerate(one, caller) : isListed(one));
    return showStreams(streams.filter(isShown));
  },
);
