import { InvitedQuery, sortInvited } from "../../domain/streams/invited.ts";
import { LiveStream } from "../../domain/streams/live-stream.ts";
import { rowsOf } from "../../domain/text.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { showStreams } from "../../platform/store/streams/display-names.ts";
import { listInvited } from "../../platform/store/streams/stream-lists.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/guest-streams",
    summary: "List the streams among my newest 100 guest invitations",
    tag: "Live Streams",
    caller: "user",
    shape: "envelope",
    query: InvitedQuery,
    answer: [200, rowsOf(LiveStream)],
    cost: { read: 290, kilobytes: 260 },
    refusals: [],
    grants: { read: ["STREAM", "USER", "ESCROW"] },
  },
  async ({ query, caller }) => showStreams(sortInvited(await listInvited(caller.userId), query)),
);
