import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { Epoch } from "../../domain/log/recovery.ts";
import { wholeNumber } from "../../domain/page.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { FrameRange, readRange } from "../../platform/realtime/frame-range.ts";
import {
  assertStillVisible,
  getVisibleStream,
} from "../../platform/store/streams/stream-access.ts";

const AfterFrame = wholeNumber(0, 999_999_999).meta({
  description: "Return frames after this number; default: only new frames",
});
const WaitSeconds = wholeNumber(0, 20).meta({
  description: "Seconds to wait if there is no frame yet",
});

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/events",
    summary: "Get a live stream's frames after a position, with an optional long poll",
    tag: "Live Streams",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    query: z.object({
      epoch: Epoch.optional(),
      after: AfterFrame.optional(),
      wait: WaitSeconds.default(0),
    }),
    answer: [200, FrameRange],
    rate: "polls",
    cost: { read: 110, kilobytes: 300 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM", "FRAMES"], write: ["STREAM"] },
    timeoutSeconds: 28,
  },
  async ({ path: { streamId }, query: { epoch, after, wait: waitSeconds }, caller, now }) => {
    const stream = await getVisibleStream(streamId, caller, now, { consistent: true });
    const range = await readRange(streamId, { epoch, after, waitSeconds, caller }, now);
    // Callers who were blocked or lost their pass while they waited get none of the new frames.
    if (waitSeconds > 0) await assertStillVisible(stream, caller, new Date());
    return range;
  },
);
