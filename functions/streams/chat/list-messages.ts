import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import { chatMessageOf } from "../../../domain/streams/chat.ts";
import { History, HistoryQuery, historyOf } from "../../../domain/streams/history.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { listMessages } from "../../../platform/store/streams/messages.ts";
import { getVisibleStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/chat/messages",
    summary: "List a live stream's chat messages, newest first",
    tag: "Live Stream Chat",
    caller: "user",
    isBare: true,
    path: z.object({ streamId: StreamId }),
    query: HistoryQuery,
    answer: [200, History],
    cost: { read: 55, kilobytes: 500 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM", "CHAT"], write: ["STREAM", "CHAT"] },
  },
  async ({ path: { streamId }, query, caller, now }) => {
    const [, { messages, ...place }] = await Promise.all([
      getVisibleStream(streamId, caller, now),
      listMessages(streamId, query, now),
    ]);
    const shown = messages.map((message) => chatMessageOf(message, setting("DEFAULT_PICTURE")));
    return historyOf(shown, query.limit, place);
  },
);
