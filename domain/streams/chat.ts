import * as z from "zod";
import { MessageId, StreamId } from "../id.ts";
import { Person, personOf, personOfSummary, shortPerson } from "../people/person.ts";
import { StreamUser, summaryOf } from "../people/user.ts";
import { refuse } from "../refusal.ts";
import { Timestamp, text } from "../text.ts";
import { blockedWordIn } from "./blocked-words.ts";
import { activeBan, type Member } from "./member.ts";
import { shownIn } from "./shown.ts";
import type { Stream } from "./stream.ts";
import { assertMayModerate } from "./stream-lifecycle.ts";

/** What a chat message may hold, in code points after trimming. */
export const Content = text(1, 500).meta({ example: "Herkese selam! Yayın çok güzel." });

/**
 * What an item of a message says. `n` is its number in the stream: 1, 2, 3 … in the order of
 * sending. A deleted message keeps its number and loses its content.
 */
export const MessageItem = z.object({
  id: MessageId,
  streamId: StreamId,
  n: z.number().int(),
  content: z.string().optional(),
  sender: Person,
  createdAt: Timestamp,
  /** Absent while the message is as it was sent. */
  updatedAt: Timestamp.optional(),
  replyTo: MessageId.optional(),
  deletedAt: Timestamp.optional(),
  revision: z.number().int(),
});

/** A message, read from its item. */
export const Message = MessageItem.transform((item) => ({
  ...item,
  updatedAt: item.updatedAt ?? item.createdAt,
}));
export type Message = z.infer<typeof Message>;

/** The message as its item has it: short, since pages of a chat are read by their bytes. */
export function itemOfMessage({
  updatedAt,
  sender,
  ...message
}: Message): z.input<typeof MessageItem> {
  const isChanged = updatedAt !== message.createdAt;
  return { ...message, sender: shortPerson(sender), ...(isChanged && { updatedAt }) };
}

/** A message as HTTP and the frames show it. */
export const ChatMessage = z
  .object({
    _id: MessageId,
    streamId: StreamId,
    content: z.string(),
    sender: StreamUser,
    createdAt: Timestamp,
    updatedAt: Timestamp,
    replyTo: MessageId.optional(),
  })
  .meta({ id: "ChatMessage" });

/** The answer to sending; where the message has been deleted since, a repeated call is told so. */
export const SentMessage = ChatMessage.extend({
  deleted: z.literal(true).optional().meta({
    description: "Only when an Idempotency-Key repeats a call whose message was deleted since",
  }),
}).meta({ id: "SentMessage" });
export type SentMessage = z.infer<typeof SentMessage>;

/** What an Idempotency-Key remembers of a message: all but its text, which may be deleted later. */
export const withoutText = (answer: SentMessage): SentMessage => ({ ...answer, content: "" });

/** The message that was answered so, with the text that the key does not remember. */
export function messageAnswered(
  { _id: id, sender, ...shown }: SentMessage,
  content: string,
): Message {
  const { streamId, createdAt, updatedAt, replyTo } = shown;
  const { role } = sender;
  return {
    id,
    streamId,
    n: numberInId(id),
    content,
    sender: { ...personOfSummary(sender), ...(role && { role }) },
    createdAt,
    updatedAt,
    revision: 1,
    ...(replyTo !== undefined && { replyTo }),
  };
}

/**
 * The answer to a repeated call: as before, or without the text where it has been deleted since.
 */
export const repeatedAnswer = (answer: SentMessage, message: Message | undefined): SentMessage =>
  message === undefined
    ? { ...answer, content: "", deleted: true }
    : { ...answer, content: message.content ?? "" };

/** The message as the API and its event show it. */
export function chatMessageOf(
  message: Message,
  defaultPicture: string,
): z.infer<typeof ChatMessage> {
  const { id, streamId, content = "", sender, createdAt, updatedAt, replyTo } = message;
  return {
    _id: id,
    streamId,
    content,
    sender: summaryOf(sender, defaultPicture),
    createdAt,
    updatedAt,
    ...(replyTo !== undefined && { replyTo }),
  };
}

/**
 * The id of the message with number `n`: of ObjectId form, with the time in seconds (4 bytes), a
 * hash of the stream (4 bytes) and the number (4 bytes). So a message is found by its id without an
 * index, and no two messages of a stream have one id.
 */
export function messageIdOf(streamId: string, n: number, now: Date): string {
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
  return hex(Math.floor(now.getTime() / 1000)) + hex(hash(streamId)) + hex(n);
}

/** The number in the id of a message, whether there is such a message or not. */
export const numberInId = (messageId: string) => Number.parseInt(messageId.slice(16), 16);

/** FNV-1a, 32 bits (RFC 9923). */
function hash(value: string): number {
  let state = 0x811c9dc5;
  for (const char of value) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193);
  return state;
}

/** A message that was admitted as number `n` of its stream. */
export function makeMessage(
  { content, replyTo }: { content: string; replyTo?: string | null | undefined },
  { stream, sender, n, now }: { stream: Stream; sender: Person; n: number; now: Date },
): Message {
  const at = now.toISOString();
  return {
    id: messageIdOf(stream.id, n, now),
    streamId: stream.id,
    n,
    content,
    sender: personOf(shownIn(stream, sender, undefined, now)),
    createdAt: at,
    updatedAt: at,
    revision: 1,
    ...(replyTo != null && { replyTo }),
  };
}

/** A user who is blocked or muted may not chat: the active ban decides. */
export function assertMayChat(member: Pick<Member, "ban"> | undefined, now: Date): void {
  const ban = activeBan(member, now);
  if (ban !== undefined) refuse(ban.actionType === "BLOCK" ? "member_blocked" : "member_muted");
}

/** Authors take back their own messages; the host, moderators and admins anybody's. */
export function assertMayDelete(
  stream: Stream,
  { sender }: Message,
  caller: Parameters<typeof assertMayModerate>[1],
): void {
  if (sender.userId !== caller.userId) assertMayModerate(stream, caller);
}

/** Refuses a text that holds a word which the host has blocked, as a person reads it. */
export function assertNoBlockedWord(content: string, stream: Stream): void {
  const word = blockedWordIn(content, stream.blockedWords);
  if (word !== undefined) refuse("word_blocked", { word });
}

/**
 * Whether the sender must follow the host: in a chat for followers, everybody but host and
 * moderators.
 */
export const needsFollowing = (stream: Stream, userId: string) =>
  stream.followersOnly && stream.hostId !== userId && !stream.moderators.includes(userId);

/** What limits a sender's next message, besides bans. */
export type ChatRules = { slowModeSeconds: number; perSecondMax: number };

/** The rules for one sender: host and moderators are not slowed down. */
export function chatRulesOf(stream: Stream, userId: string, perSecondMax: number): ChatRules {
  const isFree = stream.hostId === userId || stream.moderators.includes(userId);
  return { slowModeSeconds: isFree ? 0 : stream.slowModeSeconds, perSecondMax };
}

/** A page of the history, in the shape that only the chat has. */
export const History = z
  .object({
    messages: z.array(ChatMessage),
    page: z.number(),
    limit: z.number(),
    total: z.number(),
    totalPages: z.number(),
    hasNextPage: z.boolean(),
    hasPreviousPage: z.boolean(),
  })
  .meta({ id: "ChatHistory" });

/** A page of the history with its place among all pages. */
export function historyOf(
  messages: z.infer<typeof ChatMessage>[],
  page: number,
  limit: number,
  total: number,
): z.infer<typeof History> {
  const totalPages = Math.ceil(total / limit);
  return {
    messages,
    page,
    limit,
    total,
    totalPages,
    hasNextPage: page < totalPages,
    hasPreviousPage: page > 1,
  };
}
