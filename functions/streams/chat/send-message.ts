import * as z from "zod";
import { MessageId, StreamId } from "../../../domain/id.ts";
import { Content, chatMessageOf, SentMessage } from "../../../domain/streams/chat.ts";
import { makeMessage } from "../../../domain/streams/chat-rules.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { admissionRefusals, admitToChat } from "../../../platform/store/streams/chat-admission.ts";
import {
  recordMessage,
  sentReplay,
  takeNumber,
} from "../../../platform/store/streams/sent-messages.ts";
import { noteTrace } from "../../../platform/store/streams/traces.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/chat/messages",
    summary: "Send a message to the chat of a live stream",
    tag: "Live Stream Chat",
    caller: "user",
    isBare: true,
    path: z.object({ streamId: StreamId }),
    body: z.object({ content: Content, replyTo: MessageId.nullish() }),
    answer: [201, SentMessage],
    replay: sentReplay,
    rate: "chat",
    cost: { read: 7, write: 10, kilobytes: 5 },
    refusals: ["stream_not_found", "message_not_found", ...admissionRefusals],
    grants: {
      read: ["STREAM", "USER"],
      write: ["STREAM", "SENDER", "CHAT", "TRACE"],
    },
  },
  async ({ path: { streamId }, body, now, idempotentReply, ...call }) => {
    const { stream, sender } = await admitToChat(streamId, body, call, now);
    const [n] = await Promise.all([takeNumber(streamId), noteTrace(sender, streamId, now)]);
    const message = makeMessage(body, { stream, sender, n, now });
    const reply = idempotentReply(chatMessageOf(message, setting("DEFAULT_PICTURE")));
    return recordMessage(message, reply);
  },
);
