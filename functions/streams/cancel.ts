import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { LiveStream } from "../../domain/streams/live-stream.ts";
import {
  assertMayHost,
  cancelAsGuest,
  cancelStream,
  mayHost,
} from "../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { changeShown } from "../../platform/store/streams/display-names.ts";
import { getStreamWithoutPass } from "../../platform/store/streams/stream-access.ts";
import { streamReplay } from "../../platform/store/streams/stream-replay.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/cancel",
    summary: "Cancel a stream that has not started; guests can cancel a planned stream",
    tag: "Live Streams",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    answer: [200, LiveStream],
    replay: streamReplay,
    cost: { read: 50, write: 55, kilobytes: 70 },
    refusals: ["stream_not_found", "member_blocked", "stream_not_yours", "stream_not_cancellable"],
    grants: {
      read: ["STREAM", "ESCROW", "USER"],
      write: ["STREAM", "ESCROW", "PLANNED", "USER", "LIST"],
    },
  },
  async ({ path, caller, now, idempotentReply }) => {
    const { stream } = await getStreamWithoutPass(path.streamId, caller, now, { consistent: true });
    const isGuest = !mayHost(stream, caller) && stream.guests.includes(caller.userId);
    if (!isGuest) assertMayHost(stream, caller);
    return changeShown(stream, isGuest ? cancelAsGuest : cancelStream, now, idempotentReply);
  },
);
