import * as z from "zod";
import { assertOptions, NewVote, VoteItem } from "../../../domain/audience/vote.ts";
import { MomentId, StreamId } from "../../../domain/id.ts";
import { refuse } from "../../../domain/refusal.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setDeadline } from "../../../platform/runtime/deadline.ts";
import { getMomentToVote } from "../../../platform/store/audience/moments.ts";
import { recordVote } from "../../../platform/store/audience/votes.ts";
import { existingFirst, getCrowdedStream } from "../../../platform/store/streams/stream-access.ts";

/** A vote not committed by then is refused, so that a poll can tell when all votes have arrived. */
const certainMilliseconds = 2_000;

export const { contract, handler } = endpoint(
  {
    route: "PUT /api/v1/live-stream/{streamId}/moments/{momentId}/vote",
    summary: "Vote in a poll; a new vote replaces the previous one",
    tag: "Likes and Moments",
    caller: "user",
    path: z.object({ streamId: StreamId, momentId: MomentId }),
    body: NewVote,
    answer: [200, z.object({ momentId: MomentId, options: VoteItem.shape.options })],
    rate: "votes",
    cost: { read: 8, write: 4, kilobytes: 1 },
    refusals: [
      "stream_not_found",
      "moment_not_found",
      "member_blocked",
      "pass_required",
      "not_a_poll",
      "moment_over",
    ],
    grants: { read: ["STREAM", "CROWD"], write: ["CROWD", "TRACE"] },
  },
  async ({ path: { streamId, momentId }, body: { options }, caller, now }) => {
    setDeadline(certainMilliseconds);
    const [stream, moment] = await existingFirst(
      getCrowdedStream(streamId, caller, now),
      getMomentToVote({ streamId, id: momentId, userId: caller.userId }, now),
    );
    if (moment.kind !== "poll") refuse("not_a_poll");
    assertOptions(moment, options);
    // A poll ends with its stream.
    if (stream.status !== "active") refuse("moment_over");
    await recordVote(moment, caller.userId, options, now);
    return { momentId, options };
  },
);
