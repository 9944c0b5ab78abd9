import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import { ChatSettings, chatSettingsOf } from "../../../domain/streams/chat-settings.ts";
import { moderatorRefusals } from "../../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { revisionOf } from "../../../platform/http/envelope.ts";
import { getModeratedStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/chat-settings",
    summary: "Get a stream's chat settings",
    tag: "Live Stream Chat",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    answer: [200, ChatSettings],
    hasRevisions: true,
    cost: { read: 30, kilobytes: 35 },
    refusals: ["stream_not_found", ...moderatorRefusals],
    grants: { read: ["STREAM"] },
  },
  async ({ path, caller, now, showRevision }) => {
    const stream = await getModeratedStream(path.streamId, caller, now);
    const settings = chatSettingsOf(stream);
    showRevision(revisionOf(settings));
    return settings;
  },
);
