import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import { pageQuery } from "../../../domain/page.ts";
import { chatMessageOf, History, historyOf } from "../../../domain/streams/chat.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { listMessages } from "../../../platform/store/streams/messages.ts";
import { getVisibleStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/chat/messages",
    summary: "Read the chat history of a live stream, newest first",
    tag: "Live Stream Chat",
    caller: "user",
    shape: "bare",
    path: z.object({ streamId: StreamId }),
    query: pageQuery(30),
    answer: [200, History],
    cost: { read: 55, kilobytes: 500 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM", "CHAT"], write: ["STREAM", "CHAT"] },
  },
  async ({ path: { streamId }, query: { page, limit }, caller, now }) => {
    const [, { messages, total }] = await Promise.all([
      getVisibleStream(streamId, caller, now),
      listMessages(streamId, page, limit, now),
    ]);
    const shown = messages.map((message) => chatMessageOf(message, setting("DEFAULT_PICTURE")));
    return historyOf(shown, page, limit, total);
  },
);
