import * as z from "zod";
import {
  assertMayChat,
  assertNoBlockedWord,
  ChatMessage,
  Content,
  chatMessageOf,
  chatRulesOf,
  makeMessage,
} from "../../domain/chat.ts";
import { MessageId, StreamId } from "../../domain/id.ts";
import { assertLive } from "../../domain/stream.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { admitMessage } from "../../platform/store/admission.ts";
import { getMessage, recordMessage, takeNumber } from "../../platform/store/messages.ts";
import { findMember, getStream } from "../../platform/store/streams.ts";
import { getCallerProfile } from "../../platform/store/users.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/chat/messages",
    says: "Send a message to the chat of a live stream",
    tag: "Live Stream Chat",
    caller: "user",
    shape: "bare",
    path: z.object({ streamId: StreamId }),
    body: z.object({ content: Content, replyTo: MessageId.optional() }),
    answer: [201, ChatMessage],
    refusals: [
      "stream_not_found",
      "message_not_found",
      "member_blocked",
      "member_muted",
      "word_blocked",
      "followers_only",
      "stream_not_live",
      "slow_mode",
    ],
    grants: { read: ["STREAM", "USER"], write: ["STREAM", "USER"] },
  },
  async ({ path: { streamId }, body, caller, now, once }) => {
    const [stream, sender] = await Promise.all([
      getStream(streamId, { consistent: true }),
      getCallerProfile(caller, now),
    ]);
    if (body.replyTo !== undefined) await getMessage(streamId, body.replyTo);
    // Of two reasons the caller hears the one about themselves; a live stream is told by the admission.
    if (stream.status !== "active")
      assertMayChat(await findMember(streamId, caller.userId, { consistent: true }), now);
    assertLive(stream);
    assertNoBlockedWord(body.content, stream);
    const rules = chatRulesOf(stream, caller.userId, setting("REQUESTS_PER_SECOND"));
    await admitMessage(streamId, caller.userId, rules, now);
    const message = makeMessage(body, { stream, sender, n: await takeNumber(streamId), now });
    const reply = once(chatMessageOf(message, setting("DEFAULT_PICTURE")));
    await recordMessage(message, reply);
    return reply.answer;
  },
);
