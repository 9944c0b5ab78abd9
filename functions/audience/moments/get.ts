import * as z from "zod";
import { momentAt, OwnMoment } from "../../../domain/audience/moment.ts";
import { MomentId, StreamId } from "../../../domain/id.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { readState, showMoment } from "../../../platform/store/audience/log-state.ts";
import { getMoment } from "../../../platform/store/audience/moments.ts";
import { findVote } from "../../../platform/store/audience/votes.ts";
import { existingFirst, getPublicStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/moments/{momentId}",
    summary: "Get a poll, goal or hype train, with the caller's own vote",
    tag: "Likes and Moments",
    caller: "optional",
    path: z.object({ streamId: StreamId, momentId: MomentId }),
    answer: [200, OwnMoment],
    cost: { read: 8, kilobytes: 8 },
    refusals: ["stream_not_found", "moment_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM", "CROWD"] },
  },
  async ({ path: { streamId, momentId }, caller, now }) => {
    const [, moment, state, vote] = await existingFirst(
      getPublicStream(streamId, caller, now),
      getMoment(streamId, momentId),
      readState(streamId),
      caller === undefined ? undefined : findVote(momentId, caller.userId),
    );
    const own = vote === undefined ? null : { options: vote.options };
    return { ...showMoment(momentAt(moment, now), state), own };
  },
);
