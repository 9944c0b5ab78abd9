import * as z from "zod";
import { MessageId, StreamId } from "../../../domain/id.ts";
import { assertMayDelete, moderatorRefusals } from "../../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { getMessage } from "../../../platform/store/streams/messages.ts";
import { deleteMessage } from "../../../platform/store/streams/pins.ts";
import { existingFirst, getVisibleStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "DELETE /api/v1/live-stream/{streamId}/chat/messages/{messageId}",
    summary: "Delete a chat message: your own, or any as host, moderator or admin",
    tag: "Live Stream Chat",
    caller: "user",
    path: z.object({ streamId: StreamId, messageId: MessageId }),
    answer: [204, z.void()],
    cost: { read: 7, write: 50 },
    refusals: ["stream_not_found", "message_not_found", ...moderatorRefusals],
    grants: { read: ["STREAM"], write: ["STREAM", "CHAT"] },
  },
  async ({ path: { streamId, messageId }, caller, now }) => {
    const [stream, message] = await existingFirst(
      getVisibleStream(streamId, caller, now, { consistent: true }),
      getMessage(streamId, messageId, now),
    );
    assertMayDelete(stream, message, caller);
    await deleteMessage(stream, message, caller.userId, now);
  },
);
