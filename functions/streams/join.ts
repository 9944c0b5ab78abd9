import { assertLive } from "../../domain/streams/stream.ts";
import { Joined, JoinRequest, joinedOf } from "../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { showStream } from "../../platform/store/streams/shown.ts";
import { getVisibleStream } from "../../platform/store/streams/streams.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/join",
    says: "Join a live stream as a viewer",
    tag: "Live Streams",
    caller: "user",
    shape: "envelope",
    body: JoinRequest,
    answer: [200, Joined],
    refusals: ["stream_not_found", "member_blocked", "stream_not_live"],
    grants: { read: ["STREAM", "USER"] },
  },
  async ({ body, caller, now }) => {
    const stream = await getVisibleStream(body.liveStreamId, caller, now, { consistent: true });
    assertLive(stream);
    return joinedOf(await showStream(stream), caller.userId);
  },
);
