import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { LiveStream } from "../../domain/streams/stream.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { showStream } from "../../platform/store/streams/shown.ts";
import { getVisibleStream } from "../../platform/store/streams/streams.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}",
    says: "Read one live stream",
    tag: "Live Streams",
    caller: "user",
    shape: "envelope",
    path: z.object({ streamId: StreamId }),
    answer: [200, LiveStream],
    refusals: ["stream_not_found", "member_blocked"],
    grants: { read: ["STREAM", "USER"] },
  },
  async ({ path: { streamId }, caller, now }) => {
    const stream = await getVisibleStream(streamId, caller, now, { consistent: true });
    return showStream(stream);
  },
);
