import * as z from "zod";
import { MessageId, StreamId } from "../../domain/id.ts";
import { Content, chatMessageOf, makeMessage, SentMessage } from "../../domain/streams/chat.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { admissionRefusals, admitToChat } from "../../platform/store/streams/admission.ts";
import {
  recordMessage,
  sentMemory,
  takeNumber,
} from "../../platform/store/streams/sent-messages.ts";
import { noteTrace } from "../../platform/store/streams/traces.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/chat/messages",
    says: "Send a message to the chat of a live stream",
    tag: "Live Stream Chat",
    caller: "user",
    shape: "bare",
    path: z.object({ streamId: StreamId }),
    body: z.object({ content: Content, replyTo: MessageId.nullish() }),
    answer: [201, SentMessage],
    memory: sentMemory,
    rate: "chat",
    refusals: ["stream_not_found", "message_not_found", ...admissionRefusals],
    grants: {
      read: ["STREAM", "USER", "REPLAY"],
      write: ["STREAM", "REPLAY", "SENDER", "CHAT", "TRACE"],
    },
  },
  async ({ path: { streamId }, body, now, once, ...call }) => {
    const { stream, sender } = await admitToChat(streamId, body, call, now);
    const [n] = await Promise.all([takeNumber(streamId), noteTrace(sender, streamId, now)]);
    const message = makeMessage(body, { stream, sender, n, now });
    const reply = once(chatMessageOf(message, setting("DEFAULT_PICTURE")));
    await recordMessage(message, reply);
    return reply.answer;
  },
);
