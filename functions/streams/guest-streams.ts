import { InvitedQuery, sortInvited } from "../../domain/streams/invited.ts";
import { Streams } from "../../domain/streams/stream-page.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listStreamsOf } from "../../platform/store/streams/stream-lists.ts";
import { showListed } from "../../platform/store/streams/stream-pages.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/guest-streams",
    summary: "List the streams to which I am invited: the newest 100, or a page",
    tag: "Live Streams",
    caller: "user",
    query: InvitedQuery,
    answer: [200, Streams],
    cost: { read: 290, kilobytes: 260 },
    grants: { read: ["STREAM", "USER", "ESCROW"] },
  },
  async ({ query, caller }) =>
    showListed(
      query,
      (walk) => listStreamsOf(caller.userId, "guestOf", walk),
      (streams) => sortInvited(streams, query),
    ),
);
