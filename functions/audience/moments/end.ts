import * as z from "zod";
import { Moment } from "../../../domain/audience/moment.ts";
import { MomentId, StreamId } from "../../../domain/id.ts";
import { moderatorRefusals } from "../../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { readNewestState, showMoment } from "../../../platform/store/audience/log-state.ts";
import { finishMoment, getMoment } from "../../../platform/store/audience/moments.ts";
import {
  existingFirst,
  getModeratedStream,
} from "../../../platform/store/streams/stream-access.ts";

/** The result is counted when no earlier call can write any more; `moment.ended` contains it. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/moments/{momentId}/end",
    summary: "End a poll or goal now",
    tag: "Likes and Moments",
    caller: "user",
    path: z.object({ streamId: StreamId, momentId: MomentId }),
    answer: [200, Moment],
    cost: { read: 24, write: 40, kilobytes: 8 },
    refusals: ["stream_not_found", "moment_not_found", ...moderatorRefusals, "moment_over"],
    grants: { read: ["STREAM", "FRAMES"], write: ["STREAM", "CROWD"] },
  },
  async ({ path: { streamId, momentId: id }, caller, now, idempotentReply }) => {
    await existingFirst(getModeratedStream(streamId, caller, now), getMoment(streamId, id));
    const state = await readNewestState(streamId);
    const ending = () => ({ status: "ended" as const, endedAt: new Date() });
    return finishMoment({ streamId, id }, ending, (moment) =>
      idempotentReply(showMoment(moment, state)),
    );
  },
);
