import { booleanText } from "../../domain/page.ts";
import { isListed, type Stream } from "../../domain/streams/stream.ts";
import { mayModerate } from "../../domain/streams/stream-lifecycle.ts";
import { Streams, StreamsQuery } from "../../domain/streams/stream-page.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listModerated } from "../../platform/store/streams/moderated-streams.ts";
import { listNewest, type StreamWalk } from "../../platform/store/streams/stream-lists.ts";
import { showListed } from "../../platform/store/streams/stream-pages.ts";

/** With `moderated`, only streams that the caller moderates. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream",
    summary: "List the streams of all hosts, newest first: the newest 100, or a page",
    tag: "Live Streams",
    caller: "user",
    query: StreamsQuery.extend({
      moderated: booleanText.default(false).meta({
        description:
          "Only streams that the caller moderates. Without `after`, live ones before newer, of the " +
          "caller and 20 hosts who have appointed them; pages have those of all hosts",
      }),
    }),
    answer: [200, Streams],
    cost: { read: 320, kilobytes: 260 },
    grants: { read: ["STREAM", "ESCROW", "USER", "LIST", "TRACE"] },
  },
  async ({ query, caller }) => {
    const isShown = (one: Stream) => (query.moderated ? mayModerate(one, caller) : isListed(one));
    // With a cursor, pages walk through the streams of all hosts and keep those that are shown.
    const listIds = (walk: StreamWalk) =>
      query.moderated && walk.after === undefined ? listModerated(caller, walk) : listNewest(walk);
    return showListed(query, listIds, (streams) => streams.filter(isShown));
  },
);
