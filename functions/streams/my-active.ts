import { LiveStream } from "../../domain/streams/live-stream.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { showStream } from "../../platform/store/streams/display-names.ts";
import { listLiveOf } from "../../platform/store/streams/stream-lists.ts";
import { findStream } from "../../platform/store/streams/streams.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/my-active-stream",
    summary: "Get my most recently started live stream, or null",
    tag: "Live Streams",
    caller: "optional",
    answer: [200, LiveStream.nullable()],
    cost: { read: 55, kilobytes: 70 },
    grants: { read: ["STREAM", "USER"] },
  },
  async ({ caller }) => {
    if (caller === undefined) return null;
    // The newest may just have ended: the list is read before it, and eventually consistent.
    for (const { streamId } of await listLiveOf(caller.userId)) {
      const stream = await findStream(streamId, { consistent: true });
      if (stream?.status === "active") return showStream(stream);
    }
    return null;
  },
);
