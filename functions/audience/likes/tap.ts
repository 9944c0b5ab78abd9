import * as z from "zod";
import { Tapped, Taps } from "../../../domain/audience/likes.ts";
import { StreamId } from "../../../domain/id.ts";
import { assertLive } from "../../../domain/streams/stream.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { recordTaps } from "../../../platform/store/audience/likes.ts";
import { getCrowdedStream } from "../../../platform/store/streams/stream-access.ts";

/** Clients send a session's total, not the new taps, so that repeated calls count once. */
export const { contract, handler } = endpoint(
  {
    route: "PUT /api/v1/live-stream/{streamId}/likes",
    summary: "Like a live stream: report how many taps a session has made so far",
    tag: "Likes and Moments",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    body: Taps,
    answer: [200, Tapped],
    rate: "likes",
    cost: { read: 8, write: 4, kilobytes: 1 },
    refusals: ["stream_not_found", "member_blocked", "pass_required", "stream_not_live"],
    grants: { read: ["STREAM", "CROWD"], write: ["CROWD", "TRACE"] },
  },
  async ({ path: { streamId }, body, caller, now }) => {
    const { userId } = caller;
    assertLive(await getCrowdedStream(streamId, caller, now));
    return recordTaps({ streamId, userId }, body, now);
  },
);
