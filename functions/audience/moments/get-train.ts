import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import { TrainSettings, trainOf } from "../../../domain/streams/stream.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { revisionOf } from "../../../platform/http/envelope.ts";
import { getHostedStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/train",
    summary: "Get a stream's hype train settings",
    tag: "Likes and Moments",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    answer: [200, TrainSettings],
    hasRevisions: true,
    cost: { read: 30, kilobytes: 1 },
    refusals: ["stream_not_found", "member_blocked", "pass_required", "stream_not_yours"],
    grants: { read: ["STREAM"] },
  },
  async ({ path: { streamId }, caller, now, showRevision }) => {
    const train = trainOf(await getHostedStream(streamId, caller, now));
    showRevision(revisionOf(train));
    return train;
  },
);
