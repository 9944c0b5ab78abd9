import * as z from "zod";
import { MessageId, StreamId } from "../../../domain/id.ts";
import { ChatMessage, chatMessageOf } from "../../../domain/streams/chat.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { getMessage } from "../../../platform/store/streams/messages.ts";
import { existingFirst, getVisibleStream } from "../../../platform/store/streams/stream-access.ts";

/** Reads one message, such as the pinned one, which may be older than the history on a page. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/chat/messages/{messageId}",
    summary: "Get a chat message",
    tag: "Live Stream Chat",
    caller: "user",
    path: z.object({ streamId: StreamId, messageId: MessageId }),
    answer: [200, ChatMessage],
    cost: { read: 10, kilobytes: 10 },
    refusals: ["stream_not_found", "message_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM"] },
  },
  async ({ path: { streamId, messageId }, caller, now }) => {
    const [, message] = await existingFirst(
      getVisibleStream(streamId, caller, now),
      getMessage(streamId, messageId, now),
    );
    return chatMessageOf(message, setting("DEFAULT_PICTURE"));
  },
);
