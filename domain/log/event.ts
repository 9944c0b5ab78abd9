import * as z from "zod";
import { Moment } from "../audience/moment.ts";
import { shownId, shownUserId } from "../id.ts";
import { GiftSent, Superlike } from "../money/gift-item.ts";
import { type StreamRole, StreamUser } from "../people/user.ts";
import { ChatMessage, withoutContent } from "../streams/chat.ts";
import { BanAction } from "../streams/member.ts";
import { moderatorsMax, StreamStatus, type TrainSettings } from "../streams/stream.ts";
import { rowsOf, Timestamp } from "../text.ts";
import type { LogMoment, Sums } from "./sums.ts";

/**
 * The totals of a stream's gifts: quantity (Count × receivers) and price. In a log they may be
 * negative briefly, if a refund arrives before its gift.
 */
export const Totals = z.object({ count: z.number().int(), credits: z.number().int() });
export type Totals = z.infer<typeof Totals>;

const ids = { id: shownId, streamId: shownId };

/** The `data` field of every event in a frame, by event type. */
export const eventData = {
  "chat.message": ChatMessage.meta({
    description: "A chat message, as in the HTTP API; a deleted message has no text",
  }),
  "chat.deleted": z
    .object({ messageId: shownId, streamId: shownId })
    .meta({ description: "A chat message was deleted" }),
  "chat.pinned": z
    .object({ messageId: shownId, streamId: shownId, message: ChatMessage.nullable() })
    .meta({
      description:
        "A chat message was pinned, replacing the previous pin. `message` is null for " +
        "pins made by an earlier version of Ovation",
    }),
  "chat.unpinned": z
    .object({ messageId: shownId, streamId: shownId })
    .meta({ description: "The pinned chat message was unpinned" }),
  "gift.sent": GiftSent.meta({
    description: "A gift was sent; the stream's `totals` include it",
  }),
  "gift.refunded": z
    .object({ ...ids, credits: z.number().int(), refundedAt: Timestamp, totals: Totals })
    .meta({ description: "A gift was refunded; the stream's `totals` no longer include it" }),
  "superlike.sent": Superlike.meta({ description: "A superlike, as in the HTTP API" }),
  "combo.ended": z
    .object({
      comboId: shownId,
      sender: StreamUser,
      giftType: GiftSent.shape.giftType,
      count: z.number().int(),
      credits: z.number().int(),
    })
    .meta({ description: "A sender's combo of one gift type ended: no further gift for 5 s" }),
  "stream.started": z
    .object({ streamId: shownId, status: StreamStatus, startedAt: Timestamp.nullable() })
    .meta({ description: "The stream went live" }),
  "stream.ended": z
    .object({ streamId: shownId, status: StreamStatus, endedAt: Timestamp.nullable() })
    .meta({
      description:
        "The stream ended; after messages and gifts sent at that moment, only combo.ended, " +
        "moment.ended, refunds, moderation and settings can follow",
    }),
  "member.banned": z
    .object({
      streamId: shownId,
      banId: shownId,
      targetUserId: shownUserId,
      actionType: BanAction,
      endsAt: Timestamp.nullable(),
    })
    .meta({ description: "A user was blocked (BLOCK) or muted (CHAT_ONLY)" }),
  "member.unbanned": z
    .object({
      streamId: shownId,
      banId: shownId,
      targetUserId: shownUserId,
      actionType: BanAction,
    })
    .meta({ description: "A ban was lifted" }),
  "settings.changed": z
    .object({
      streamId: shownId,
      slowModeSeconds: z.number().int(),
      followersOnly: z.boolean(),
      giftsEnabled: z.boolean(),
      moderators: rowsOf(shownUserId, moderatorsMax),
    })
    .meta({ description: "The chat settings changed to these" }),
  "moment.started": Moment.meta({ description: "A poll, goal or hype train started" }),
  "moment.changed": Moment.meta({
    description: "A goal was reached (once per goal), or a hype train reached a level",
  }),
  "moment.ended": Moment.meta({
    description: "A poll, goal or hype train ended with its result, or was cancelled",
  }),
} as const satisfies Record<string, z.ZodObject>;

export type EventType = keyof typeof eventData;

/** One event of a stream; its totals are corrected when it is added to a frame. */
export type StreamEvent = {
  [Type in EventType]: {
    type: Type;
    /** When it happened (ISO 8601), by the clock of the function that wrote the item. */
    at: string;
    data: z.infer<(typeof eventData)[Type]>;
  };
}[EventType];

/**
 * A message whose text is deleted, its creation time (ISO 8601), and the records that pinned it
 * with their times, because their events contain the text too.
 */
export const Deletion = z.object({
  messageId: z.string(),
  createdAt: z.string(),
  pins: z.array(z.object({ recordId: z.string(), at: z.string() })).optional(),
});
export type Deletion = z.infer<typeof Deletion>;

/** The message that an event shows, which `chat.pinned` nests. */
export function messageIn({ type, data }: { type: string; data: object }): object | undefined {
  if (type === "chat.message") return data;
  const { message } = data as { message?: object | null };
  return type === "chat.pinned" ? (message ?? undefined) : undefined;
}

/** The event data of a message that was deleted since, without its content. */
export function dataWithoutText<Data extends object>({
  type,
  data,
}: {
  type: string;
  data: Data;
}): Data {
  const message = messageIn({ type, data });
  if (message === undefined) return data;
  return message === data ? withoutContent(data) : { ...data, message: withoutContent(message) };
}

/**
 * What one record of the table's stream means for a log. `id` is derived from the item alone, so it
 * is the same regardless of how often, or in which batch, the record arrives.
 */
export type LogRecord = {
  id: string;
  /** The request id of the call that wrote the item, for searching logs. Never shown to viewers. */
  correlationId?: string;
  /** When the table made the record, in seconds since 1970. A log uses no other clock. */
  createdAt: number;
  events: readonly StreamEvent[];
  /** Only `chat` may be thinned out, and only when the post rate is reached. */
  lane: "chat" | "always";
  /** The sender of a chat message: thinning treats all senders equally. */
  senderId?: string;
  /** The sender's role in the stream, if any: thinning drops their messages last. */
  senderRole?: StreamRole;
  /** What the record adds to the sums. A record that only changes sums has no events. */
  adds?: Sums;
  /** When the likes were given (ISO 8601): the time at which they may have reached a goal. */
  at?: string;
  /**
   * The credits of a gift, superlike or refund (negative), its sender, and when it was sent and
   * refunded.
   */
  gift?: {
    id: string;
    by: string;
    totals: Totals;
    at: string;
    undoneAt?: string;
    credits: number;
    gifts: number;
  };
  /** The stream's new train settings; without settings no more trains start. */
  trains?: TrainsChange;
  /** The moment that the record opens, changes or closes, with its sum at the beginning or end. */
  moment?: LogMoment;
  final?: Sums[string];
  /**
   * A user's likes after this record, and when they reached that number: for the list of top
   * likers.
   */
  liker?: { userId: string; likes: number; at: string };
  /** The user that the record blocks. */
  blocks?: string;
  /** The message whose text the record deletes. */
  deletes?: Deletion;
  /** The Tencent room that was created or destroyed, when, and by which operator, if any. */
  room?: { kind: "created" | "destroyed"; roomId: string; at: string; operator?: string };
};

/** New train settings. `endedAt`: when the stream, and with it its train, ended. */
export type TrainsChange = {
  streamId: string;
  revision: number;
  at: string;
  settings?: TrainSettings;
  endedAt?: string;
};

/**
 * A change of one item of a stream, as the table's stream reports it, with both images.
 */
export type ItemChange = {
  kind: "message" | "gift" | "stream" | "member" | "moment" | "like" | "vote";
  streamId: string;
  /** When the table made the record, in seconds since 1970. */
  createdAt: number;
  old?: Record<string, unknown> | undefined;
  new?: Record<string, unknown> | undefined;
};

/** A record that is never thinned out. */
export const alwaysShown = (id: string, createdAt: number, events: StreamEvent[]): LogRecord => ({
  id,
  createdAt,
  lane: "always",
  events,
});
