import * as z from "zod";
import { MessageId, StreamId } from "../../../domain/id.ts";
import { moderatorRefusals } from "../../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { getMessage } from "../../../platform/store/streams/messages.ts";
import { pinMessage } from "../../../platform/store/streams/pins.ts";
import {
  existingFirst,
  getModeratedStream,
} from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "PUT /api/v1/live-stream/{streamId}/chat/pin",
    summary: "Pin a chat message, replacing the current pin",
    tag: "Live Stream Chat",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    body: z.object({ messageId: MessageId }),
    answer: [200, z.object({ streamId: StreamId, messageId: MessageId })],
    cost: { read: 6, write: 40, kilobytes: 1 },
    refusals: ["stream_not_found", "message_not_found", "pinned_too_often", ...moderatorRefusals],
    grants: { read: ["STREAM"], write: ["STREAM"] },
  },
  async ({ path: { streamId }, body: { messageId }, caller, now }) => {
    const [stream, message] = await existingFirst(
      getModeratedStream(streamId, caller, now),
      getMessage(streamId, messageId, now),
    );
    await pinMessage(stream, message, caller.userId, now);
    return { streamId, messageId };
  },
);
