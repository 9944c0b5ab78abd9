import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { LiveStream } from "../../domain/streams/live-stream.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { assertMayHost, endStream } from "../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { changeShown } from "../../platform/store/streams/display-names.ts";
import { getStreamWithoutPass } from "../../platform/store/streams/stream-access.ts";
import { streamReplay } from "../../platform/store/streams/stream-replay.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/end",
    summary: "End a live stream",
    tag: "Live Streams",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    answer: [200, LiveStream],
    replay: streamReplay,
    cost: { read: 48, write: 63, kilobytes: 70 },
    refusals: ["stream_not_found", "member_blocked", "stream_not_yours", "stream_not_live"],
    grants: { read: ["STREAM", "USER"], write: ["STREAM", "USER", "LIST", "CROWD"] },
  },
  async ({ path, caller, now, idempotentReply }) => {
    const { stream } = await getStreamWithoutPass(path.streamId, caller, now, { consistent: true });
    assertMayHost(stream, caller);
    const decide = (current: Stream) => endStream(current, now, caller.userId);
    return changeShown(stream, decide, now, idempotentReply);
  },
);
