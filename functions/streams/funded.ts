import { LiveStream } from "../../domain/streams/live-stream.ts";
import { rowsOf } from "../../domain/text.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listFunded } from "../../platform/store/money/fundings.ts";
import { showStreams } from "../../platform/store/streams/display-names.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/funded",
    summary: "List the planned streams among my newest 100 contributions",
    tag: "Live Streams",
    caller: "user",
    shape: "envelope",
    answer: [200, rowsOf(LiveStream)],
    cost: { read: 280, kilobytes: 260 },
    refusals: [],
    grants: { read: ["STREAM", "USER", "ESCROW"] },
  },
  async ({ caller }) => {
    const streams = await listFunded(caller.userId);
    return showStreams(streams.filter(({ status }) => status === "scheduled"));
  },
);
