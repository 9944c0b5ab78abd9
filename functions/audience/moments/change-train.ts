import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import { isSameTrain, TrainSettings, trainOf } from "../../../domain/streams/stream.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { revisionOf } from "../../../platform/http/envelope.ts";
import { getHostedStream } from "../../../platform/store/streams/stream-access.ts";
import { changeStream } from "../../../platform/store/streams/stream-changes.ts";

/**
 * The stream's log takes the settings from the stream's item, and cancels an open train when trains
 * are disabled.
 */
export const { contract, handler } = endpoint(
  {
    route: "PUT /api/v1/live-stream/{streamId}/train",
    summary: "Set a stream's hype train settings; disabling cancels the open train",
    tag: "Likes and Moments",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    body: TrainSettings,
    answer: [200, TrainSettings],
    hasRevisions: true,
    cost: { read: 40, write: 85, kilobytes: 1 },
    refusals: ["stream_not_found", "member_blocked", "pass_required", "stream_not_yours"],
    grants: { read: ["STREAM"], write: ["STREAM"] },
  },
  async ({ path: { streamId }, body: train, caller, now, assertRevision, showRevision }) => {
    const stream = await getHostedStream(streamId, caller, now);
    const act = { action: "settings.changed", actorId: caller.userId, targetId: null } as const;
    const decide = (current: typeof stream) => {
      assertRevision(revisionOf(trainOf(current)));
      return isSameTrain(trainOf(current), train) ? undefined : { train };
    };
    const changed = trainOf(await changeStream(stream, decide, now, act));
    showRevision(revisionOf(changed));
    return changed;
  },
);
