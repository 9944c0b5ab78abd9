import { Streams, StreamsQuery } from "../../domain/streams/stream-page.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listStreamsOf } from "../../platform/store/streams/stream-lists.ts";
import { showListed } from "../../platform/store/streams/stream-pages.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/funded",
    summary: "List the planned streams that I funded: of my newest 100, or a page",
    tag: "Live Streams",
    caller: "user",
    query: StreamsQuery,
    answer: [200, Streams],
    cost: { read: 280, kilobytes: 260 },
    grants: { read: ["STREAM", "USER", "ESCROW"] },
  },
  async ({ query, caller }) =>
    showListed(
      query,
      (walk) => listStreamsOf(caller.userId, "funded", walk),
      (streams) => streams.filter(({ status }) => status === "scheduled"),
    ),
);
