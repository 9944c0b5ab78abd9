import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import { moderatorRefusals } from "../../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { getModeratedStream } from "../../../platform/store/streams/stream-access.ts";
import { changeStream } from "../../../platform/store/streams/stream-changes.ts";

export const { contract, handler } = endpoint(
  {
    route: "DELETE /api/v1/live-stream/{streamId}/chat/pin",
    summary: "Unpin the pinned message of a stream's chat, if any",
    tag: "Live Stream Chat",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    answer: [204, z.void()],
    cost: { read: 6, write: 35 },
    refusals: ["stream_not_found", ...moderatorRefusals],
    grants: { read: ["STREAM"], write: ["STREAM"] },
  },
  async ({ path, caller, now }) => {
    const stream = await getModeratedStream(path.streamId, caller, now);
    const act = { action: "chat.unpinned", actorId: caller.userId, targetId: null } as const;
    const decide = ({ pinned }: typeof stream) => (pinned == null ? undefined : { pinned: null });
    await changeStream(stream, decide, now, act);
  },
);
