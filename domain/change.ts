import * as z from "zod";
import { type LogRecord, ShownGiftType, type StreamEvent } from "./event.ts";
import { Member } from "./member.ts";
import { snapshotOf } from "./person.ts";
import { Stream } from "./stream.ts";
import { summaryOf, UserSummary } from "./user.ts";

/** A change of one item of a stream, as the table's stream tells it: both images, nothing else. */
export type Change = {
  kind: "message" | "gift" | "stream" | "member";
  streamId: string;
  /** When the table made the record, in seconds since 1970. */
  createdAt: number;
  old?: Record<string, unknown> | undefined;
  new?: Record<string, unknown> | undefined;
};

/** A user as items keep them: whole, or without what can be worked out (domain/person.ts). */
const Sender = z.union([
  UserSummary,
  z.object({
    userId: z.string(),
    username: z.string(),
    name: z.string(),
    surname: z.string(),
    picture: z.string(),
    createdAt: z.string(),
    updatedAt: z.string(),
  }),
]);
type Sender = z.infer<typeof Sender>;

const Message = z.object({
  id: z.string(),
  streamId: z.string(),
  content: z.string().optional(),
  sender: Sender.optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  replyTo: z.unknown().optional(),
  deletedAt: z.string().nullish(),
  revision: z.number(),
});

const Gift = z.object({
  id: z.string(),
  kind: z.enum(["gift", "superlike"]),
  streamId: z.string(),
  sender: Sender,
  receivers: z.array(Sender),
  giftType: ShownGiftType.optional(),
  count: z.number(),
  combo: z.number().optional(),
  comboId: z.string().optional(),
  price: z.number(),
  createdAt: z.string(),
  refundedAt: z.string().nullish(),
  /** Written when the combo whose last gift this is has ended. */
  comboEnded: z
    .object({ count: z.number(), credits: z.number(), at: z.string().optional() })
    .nullish(),
  revision: z.number(),
});
type Gift = z.infer<typeof Gift>;

const Pinned = z.object({ pinned: z.object({ messageId: z.string() }).nullish() });

/** What a stage shows of a user who has no picture. */
type Pictures = { defaultPicture: string };

/**
 * Reads what a change of an item means to the stream's log: nothing (undefined), or one record with its
 * events. The record's id is the item's id, the kind of change and its own revision, never the batch or
 * a sequence number: a retry comes in other company and a shard may be split (design.md 6).
 * Throws when an image does not fit its kind.
 */
export function recordOf(change: Change, pictures: Pictures): LogRecord | undefined {
  if (change.new === undefined) return undefined;
  if (change.kind === "message") return messageRecord(change, pictures);
  if (change.kind === "gift") return giftRecord(change, pictures);
  return change.kind === "member" ? memberRecord(change) : streamRecord(change);
}

function messageRecord({ old, new: image, createdAt }: Change, pictures: Pictures) {
  const message = Message.parse(image);
  const { id, streamId, deletedAt } = message;
  if (old !== undefined && deletedAt == null) return undefined;
  if (old !== undefined && Message.parse(old).deletedAt != null) return undefined;
  if (deletedAt != null) {
    const event = { messageId: id, streamId };
    const deleted: LogRecord = {
      ...always(`message:${id}:deleted`, createdAt, [
        { type: "chat.deleted", at: deletedAt, data: event },
      ]),
      deletes: { messageId: id, createdAt: message.createdAt },
    };
    return deleted;
  }
  if (message.sender === undefined) throw new Error(`The message ${id} has no sender`);
  const sender = summaryIn(message.sender, pictures);
  const { content = "", updatedAt, replyTo } = message;
  const data = { _id: id, streamId, content, sender, createdAt: message.createdAt, updatedAt };
  const record: LogRecord = {
    id: `message:${id}`,
    createdAt,
    lane: "chat",
    senderId: sender._id,
    events: [
      {
        type: "chat.message",
        at: message.createdAt,
        data: replyTo === undefined ? data : { ...data, replyTo },
      },
    ],
  };
  return record;
}

function giftRecord({ old, new: image, createdAt }: Change, pictures: Pictures) {
  // A further receiver's share is money only: the gift itself is what viewers see.
  if (image?.kind === "share") return undefined;
  const gift = Gift.parse(image);
  const before = old === undefined ? undefined : Gift.parse(old);
  const quantity = gift.count * gift.receivers.length;
  if (before === undefined && gift.kind === "superlike")
    return superlikeOf(gift, createdAt, pictures);
  if (before === undefined) {
    const event: StreamEvent = {
      type: "gift.sent",
      at: gift.createdAt,
      data: giftIn(gift, pictures),
    };
    const adds = { count: quantity, credits: gift.price };
    return { ...always(`gift:${gift.id}`, createdAt, [event]), adds };
  }
  if (gift.refundedAt != null && before.refundedAt == null) {
    const { id, streamId, price: credits, refundedAt } = gift;
    const event: StreamEvent = {
      type: "gift.refunded",
      at: refundedAt,
      data: { id, streamId, credits, refundedAt },
    };
    const adds = { count: -quantity, credits: -credits };
    return { ...always(`gift:${id}:refunded`, createdAt, [event]), adds };
  }
  if (gift.comboEnded != null && before.comboEnded == null)
    return comboOf(gift, createdAt, pictures);
  return undefined;
}

function superlikeOf(gift: Gift, createdAt: number, { defaultPicture }: Pictures): LogRecord {
  const { id, streamId, price, sender } = gift;
  const senderSnapshot =
    "userId" in sender
      ? snapshotOf(sender, defaultPicture)
      : { ...snapshotOfSummary(sender), profilePhoto: sender.profilePhoto.url };
  const data = {
    streamId,
    senderId: senderSnapshot._id,
    senderSnapshot,
    price,
    timestamp: gift.createdAt,
  };
  return always(`gift:${id}`, createdAt, [{ type: "superlike.sent", at: gift.createdAt, data }]);
}

function comboOf(gift: Gift, createdAt: number, pictures: Pictures): LogRecord | undefined {
  if (gift.giftType === undefined || gift.comboEnded == null) return undefined;
  const { count, credits, at = gift.createdAt } = gift.comboEnded;
  const comboId = gift.comboId ?? gift.id;
  const sender = summaryIn(gift.sender, pictures);
  const data = { comboId, sender, giftType: gift.giftType, count, credits };
  return always(`combo:${comboId}`, createdAt, [{ type: "combo.ended", at, data }]);
}

function giftIn(gift: Gift, pictures: Pictures) {
  const { id, streamId, giftType, count, combo = 1 } = gift;
  if (giftType === undefined) throw new Error(`The gift ${id} has no gift type`);
  const sender = summaryIn(gift.sender, pictures);
  const receivers = gift.receivers.map((receiver) => summaryIn(receiver, pictures));
  return { id, streamId, giftType, count, combo, sender, receivers };
}

/** A ban is told by its own id, which never comes again: lifting and banning anew are other events. */
function memberRecord({ streamId, old, new: image, createdAt }: Change): LogRecord | undefined {
  const member = Member.parse(image);
  const before = old === undefined ? undefined : Member.parse(old).ban;
  const ban = member.ban;
  if (ban?.id === before?.id) return undefined;
  const { userId: targetUserId } = member;
  const at = new Date(createdAt * 1000).toISOString();
  if (ban == null) {
    const { id: banId, actionType } = before!;
    const data = { streamId, banId, targetUserId, actionType };
    return always(`ban:${banId}:lifted`, createdAt, [{ type: "member.unbanned", at, data }]);
  }
  const { id: banId, actionType, endsAt } = ban;
  const data = { streamId, banId, targetUserId, actionType, endsAt };
  const record = always(`ban:${banId}`, createdAt, [{ type: "member.banned", at, data }]);
  return actionType === "BLOCK" ? { ...record, blocks: targetUserId } : record;
}

const ends = new Set(["ended", "expired", "cancelled_by_host", "cancelled_by_guest"]);

/** One change of a stream may mean several things: they are one record with several events. */
function streamRecord({ old, new: image, createdAt }: Change): LogRecord | undefined {
  if (old === undefined && image?.status !== "active") return undefined;
  const now = Stream.parse(image);
  const before = old === undefined ? undefined : Stream.parse(old);
  if (before?.revision === now.revision) return undefined;
  const { id: streamId, updatedAt: at, status, startedAt, endedAt } = now;
  const events: StreamEvent[] = [];
  if (status === "active" && before?.status !== "active")
    events.push({ type: "stream.started", at, data: { streamId, status, startedAt } });
  if (before !== undefined && settingsOf(before) !== settingsOf(now)) {
    const { slowModeSeconds, followersOnly, giftsEnabled, moderators } = now;
    const data = { streamId, slowModeSeconds, followersOnly, giftsEnabled, moderators };
    events.push({ type: "settings.changed", at, data });
  }
  const pinned = Pinned.parse(image).pinned?.messageId;
  const pinnedBefore = old && Pinned.parse(old).pinned?.messageId;
  if (pinned !== undefined && pinned !== pinnedBefore)
    events.push({ type: "chat.pinned", at, data: { messageId: pinned, streamId } });
  if (pinned === undefined && pinnedBefore !== undefined)
    events.push({ type: "chat.unpinned", at, data: { messageId: pinnedBefore, streamId } });
  if (ends.has(status) && before !== undefined && !ends.has(before.status))
    events.push({ type: "stream.ended", at, data: { streamId, status, endedAt } });
  if (events.length === 0) return undefined;
  return always(`stream:${streamId}:${now.revision}`, createdAt, events);
}

/** The rules that viewers are told of, in one spelling. The blocked words stay with the moderators. */
const settingsOf = (stream: Stream) =>
  JSON.stringify([
    stream.slowModeSeconds,
    stream.followersOnly,
    stream.giftsEnabled,
    stream.moderators,
  ]);

const always = (id: string, createdAt: number, events: StreamEvent[]): LogRecord => ({
  id,
  createdAt,
  lane: "always",
  events,
});

function summaryIn(sender: Sender, { defaultPicture }: Pictures): UserSummary {
  return "userId" in sender ? summaryOf(sender, defaultPicture) : sender;
}

function snapshotOfSummary({ _id, username, name, surname }: UserSummary) {
  return { _id, username, name, surname };
}
