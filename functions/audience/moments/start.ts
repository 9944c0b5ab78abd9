import * as z from "zod";
import { Moment, momentOf, NewMoment } from "../../../domain/audience/moment.ts";
import { StreamId } from "../../../domain/id.ts";
import { moderatorRefusals } from "../../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { startMoment } from "../../../platform/store/audience/moments.ts";
import { getModeratedStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/moments",
    summary: "Start a poll or goal in a live stream",
    tag: "Likes and Moments",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    body: NewMoment,
    answer: [201, Moment],
    cost: { read: 10, write: 60, kilobytes: 8 },
    refusals: ["stream_not_found", ...moderatorRefusals, "stream_not_live", "too_many_moments"],
    grants: { read: ["STREAM", "USER"], write: ["STREAM", "TRACE"] },
  },
  async ({ path: { streamId }, body, caller, now, idempotentReply }) => {
    const stream = await getModeratedStream(streamId, caller, now);
    const picture = setting("DEFAULT_PICTURE");
    return startMoment(stream, body, caller, (moment) =>
      idempotentReply(momentOf(moment, picture)),
    );
  },
);
