import * as z from "zod";
import { GiftSent, Superlike } from "../money/gift-event.ts";
import { StreamUser } from "../people/user.ts";
import { ChatMessage } from "../streams/chat.ts";
import { BanAction } from "../streams/member.ts";
import { StreamStatus } from "../streams/stream.ts";
import { Timestamp } from "../text.ts";

/**
 * The gifts of a stream so far: their quantity (Count × receivers) and price. In a log they may be
 * negative for a moment, when a refund comes before its gift.
 */
export const Totals = z.object({ count: z.number().int(), credits: z.number().int() });
export type Totals = z.infer<typeof Totals>;

const ids = { id: z.string(), streamId: z.string() };

/** The data of every event, by its type: what `data` holds in a frame. */
export const eventData = {
  "chat.message": ChatMessage.meta({
    description: "A chat message, as HTTP answers it; a deleted one has lost its text",
  }),
  "chat.deleted": z
    .object({ messageId: z.string(), streamId: z.string() })
    .meta({ description: "A chat message was deleted" }),
  "chat.pinned": z
    .object({ messageId: z.string(), streamId: z.string() })
    .meta({ description: "A chat message was pinned; the one before it is no longer pinned" }),
  "chat.unpinned": z
    .object({ messageId: z.string(), streamId: z.string() })
    .meta({ description: "No chat message is pinned any more" }),
  "gift.sent": GiftSent.meta({
    description: "A gift; totals are those of the stream with this gift",
  }),
  "gift.refunded": z
    .object({ ...ids, credits: z.number().int(), refundedAt: Timestamp, totals: Totals })
    .meta({ description: "A gift was refunded; totals are those without it" }),
  "superlike.sent": Superlike.meta({ description: "A superlike, as HTTP answers it" }),
  "combo.ended": z
    .object({
      comboId: z.string(),
      sender: StreamUser,
      giftType: GiftSent.shape.giftType,
      count: z.number().int(),
      credits: z.number().int(),
    })
    .meta({ description: "A sender's row of the same gift is over: nothing followed for 5 s" }),
  "stream.started": z
    .object({ streamId: z.string(), status: StreamStatus, startedAt: Timestamp.nullable() })
    .meta({ description: "The stream went live" }),
  "stream.ended": z
    .object({ streamId: z.string(), status: StreamStatus, endedAt: Timestamp.nullable() })
    .meta({ description: "The stream is over: nothing but moderation follows" }),
  "member.banned": z
    .object({
      streamId: z.string(),
      banId: z.string(),
      targetUserId: z.string(),
      actionType: BanAction,
      endsAt: Timestamp.nullable(),
    })
    .meta({ description: "A user was blocked (BLOCK) or muted (CHAT_ONLY)" }),
  "member.unbanned": z
    .object({
      streamId: z.string(),
      banId: z.string(),
      targetUserId: z.string(),
      actionType: BanAction,
    })
    .meta({ description: "A ban was lifted" }),
  "settings.changed": z
    .object({
      streamId: z.string(),
      slowModeSeconds: z.number().int(),
      followersOnly: z.boolean(),
      giftsEnabled: z.boolean(),
      moderators: z.array(z.string()),
    })
    .meta({ description: "The rules of the chat changed; these hold now" }),
} as const satisfies Record<string, z.ZodObject>;

export type EventType = keyof typeof eventData;

/** One event of a stream; its totals are corrected when it gets its place in a frame. */
export type StreamEvent = {
  [Type in EventType]: {
    type: Type;
    /** When it happened, ISO 8601, by the clock of the function that wrote the record. */
    at: string;
    data: z.infer<(typeof eventData)[Type]>;
  };
}[EventType];

/**
 * What one record of the table's stream means to a log. `id` is made from the item alone, so that
 * the same record has the same id however often it comes and whatever comes with it.
 */
export type LogRecord = {
  id: string;
  /** The request id of the call that wrote the item: for whoever searches, not for viewers. */
  correlationId?: string;
  /** When the table made the record: seconds since 1970, the one clock of a log. */
  createdAt: number;
  events: readonly StreamEvent[];
  /** Only chat may be thinned out, and only where the post rate is reached. */
  lane: "chat" | "always";
  /** Who sent a chat message: thinning is even over senders. */
  senderId?: string;
  /** What the record adds to the stream's totals; negative for a refund. */
  adds?: Totals;
  /** The user whom it blocks. */
  blocks?: string;
  /** The message whose text it takes away, and when that was written (ISO 8601). */
  deletes?: { messageId: string; createdAt: string };
  /** The Tencent side's room that began or ended, when, and by whose call if by one. */
  room?: { kind: "created" | "destroyed"; roomId: string; at: string; operator?: string };
};
