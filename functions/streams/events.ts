import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { Epoch } from "../../domain/log/recovery.ts";
import { wholeNumber } from "../../domain/page.ts";
import { assertNotBlocked } from "../../domain/streams/member.ts";
import { isFree } from "../../domain/streams/pass.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { cacheControlOf, FrameRange, readRange } from "../../platform/realtime/frame-range.ts";
import { findMember } from "../../platform/store/streams/members.ts";
import { getVisibleStream } from "../../platform/store/streams/stream-access.ts";

/** The same frames as on the WebSocket, for clients that cannot keep one open. */
const AfterFrame = wholeNumber(0, 999_999_999).meta({
  description: "Frames after this number; default: the newest, so what is still to come",
});
const WaitSeconds = wholeNumber(0, 20).meta({
  description: "Seconds to wait for the next frame where there is none yet",
});

const reading = { consistent: true };

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/events",
    summary: "Read the frames of a live stream after a position, waiting for the next if asked to",
    tag: "Live Streams",
    caller: "user",
    shape: "envelope",
    path: z.object({ streamId: StreamId }),
    query: z.object({
      epoch: Epoch.optional(),
      after: AfterFrame.optional(),
      wait: WaitSeconds.default(0),
    }),
    answer: [200, FrameRange],
    cacheControl: cacheControlOf,
    rate: "polls",
    cost: { read: 110, kilobytes: 300 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM", "FRAMES"], write: ["STREAM"] },
    timeoutSeconds: 28,
  },
  async ({ path: { streamId }, query: { epoch, after, wait: waitSeconds }, caller, now }) => {
    const stream = await getVisibleStream(streamId, caller, now, reading);
    const range = await readRange(streamId, { epoch, after, waitSeconds, caller }, now);
    // Who was blocked, or lost their pass, while they waited gets nothing of what came meanwhile.
    if (waitSeconds > 0 && isFree(stream))
      assertNotBlocked(await findMember(streamId, caller.userId, reading), new Date());
    else if (waitSeconds > 0) await getVisibleStream(streamId, caller, new Date(), reading);
    return range;
  },
);
