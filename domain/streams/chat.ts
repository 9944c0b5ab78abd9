import * as z from "zod";
import { MessageId, StreamId } from "../id.ts";
import { Person, personOfSummary, shortPerson } from "../people/person.ts";
import { StreamUser, summaryOf } from "../people/user.ts";
import { shownText, Timestamp, text } from "../text.ts";
import type { Stream } from "./stream.ts";

/** The text of a chat message, in code points after trimming. */
export const Content = text(1, 500).meta({ example: "Herkese selam! Yayın çok güzel." });

/**
 * The fields of a message's item. `n` is its number in the stream: 1, 2, 3 … in the order of
 * sending. A deleted message keeps its number and loses its content.
 */
export const MessageItem = z.object({
  id: MessageId,
  streamId: StreamId,
  n: z.number().int(),
  content: shownText(500).optional(),
  sender: Person,
  createdAt: Timestamp,
  /** Absent until the message changes. */
  updatedAt: Timestamp.optional(),
  replyTo: MessageId.optional(),
  deletedAt: Timestamp.optional(),
  revision: z.number().int(),
  /** When it was pinned, by the stream's revisions: the frames of those times contain its text. */
  pins: z.array(z.object({ revision: z.number().int(), at: Timestamp })).optional(),
});

/** A message, read from its item. */
export const Message = MessageItem.transform((item) => ({
  ...item,
  updatedAt: item.updatedAt ?? item.createdAt,
}));
export type Message = z.infer<typeof Message>;

/**
 * The pinned message of a stream; undefined where an earlier
 * version pinned it by its id alone.
 */
export const pinnedMessageOf = ({ pinned }: Pick<Stream, "pinned">): Message | undefined =>
  pinned?.message === undefined ? undefined : Message.parse(pinned.message);

/** The message as stored: short, since reading pages of a chat costs by the byte. */
export function itemOfMessage({
  updatedAt,
  sender,
  ...message
}: Message): z.input<typeof MessageItem> {
  const isChanged = updatedAt !== message.createdAt;
  return { ...message, sender: shortPerson(sender), ...(isChanged && { updatedAt }) };
}

/** A message as HTTP and frames show it. */
export const ChatMessage = z
  .object({
    _id: MessageId,
    streamId: StreamId,
    content: shownText(500),
    sender: StreamUser,
    createdAt: Timestamp,
    updatedAt: Timestamp,
    replyTo: MessageId.optional(),
    deleted: z
      .literal(true)
      .optional()
      .meta({
        description:
          "The message has been deleted since, so `content` is empty. Only in stored " +
          "frames, webhook deliveries and replayed responses (Idempotency-Key)",
      }),
  })
  .meta({ id: "ChatMessage" });

/** A message in a kept frame or delivery that was deleted since, without its content. */
export const withoutContent = <Shown extends object>(message: Shown) => ({
  ...message,
  content: "",
  deleted: true as const,
});

/**
 * The response to sending; to a repeated call, it shows whether the message was deleted since.
 */
export const SentMessage = ChatMessage;
export type SentMessage = z.infer<typeof SentMessage>;

/**
 * What an Idempotency-Key remembers of a message: everything except its text, which may be deleted
 * later.
 */
export const withoutText = (answer: SentMessage): SentMessage => ({ ...answer, content: "" });

/** The fields of a shown message: add a new field here and to both schemas. */
const shownFields = ({
  streamId,
  createdAt,
  updatedAt,
  replyTo,
}: Pick<Message, "streamId" | "createdAt" | "updatedAt" | "replyTo">) => ({
  streamId,
  createdAt,
  updatedAt,
  ...(replyTo !== undefined && { replyTo }),
});

/** The message of a remembered response, with the text that the key does not remember. */
export function messageAnswered(
  { _id: id, sender, ...shown }: SentMessage,
  content: string,
  defaultPicture: string,
): Message {
  const { role } = sender;
  return {
    id,
    ...shownFields(shown),
    n: numberInId(id),
    content,
    sender: { ...personOfSummary(sender, defaultPicture), ...(role && { role }) },
    revision: 1,
  };
}

/**
 * The response to a repeated call: as before, or without the text if it was deleted since.
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
  const { id, content = "", sender } = message;
  return {
    _id: id,
    content,
    sender: summaryOf(sender, defaultPicture),
    ...shownFields(message),
  };
}

/**
 * The id of the message with number `n`, in ObjectId form: the time in seconds (4 bytes), a hash of
 * the stream (4 bytes) and the number (4 bytes). So a message is found by its id without an index,
 * and ids are unique within a stream.
 */
export function messageIdOf(streamId: string, n: number, now: Date): string {
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
  return hex(Math.floor(now.getTime() / 1000)) + hex(hash(streamId)) + hex(n);
}

/** The number in the id of a message, even if there is no such message. */
export const numberInId = (messageId: string) => Number.parseInt(messageId.slice(16), 16);

/** FNV-1a, 32 bits (RFC 9923). */
function hash(value: string): number {
  let state = 0x811c9dc5;
  for (const char of value) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193);
  return state;
}
