import { addsToTotals, giftSentOf, refundedCredits, superlikeBy } from "../money/gift-event.ts";
import { Gift } from "../money/gift-item.ts";
import { summaryOf } from "../people/user.ts";
import { chatMessageOf, Message } from "../streams/chat.ts";
import { Member } from "../streams/member.ts";
import { Stream } from "../streams/stream.ts";
import type { LogRecord, StreamEvent } from "./event.ts";

/**
 * A change of one item of a stream, as the table's stream reports it: both images, nothing else.
 */
export type ItemChange = {
  kind: "message" | "gift" | "stream" | "member";
  streamId: string;
  /** When the table made the record, in seconds since 1970. */
  createdAt: number;
  old?: Record<string, unknown> | undefined;
  new?: Record<string, unknown> | undefined;
};

/**
 * Reads what the change of an item means to the stream's log: nothing (undefined), or one record
 * with its events. The record's id consists of the item's id, the kind of change and its own
 * revision, never of the batch or a sequence number: a retry comes in other company and a shard may
 * be split (docs/frames.md F15). Throws when an image does not fit its kind.
 */
export function recordOf(change: ItemChange, defaultPicture: string): LogRecord | undefined {
  return change.new === undefined ? undefined : readers[change.kind](change, defaultPicture);
}

/** The reader of each kind: a kind without a reader does not compile. */
const readers: Record<
  ItemChange["kind"],
  (change: ItemChange, defaultPicture: string) => LogRecord | undefined
> = {
  message: messageRecord,
  gift: giftRecord,
  member: memberRecord,
  stream: streamRecord,
};

/** The kinds of items whose changes a log shows. */
export const changeKinds = Object.keys(readers) as readonly ItemChange["kind"][];

/** Whether a log shows changes of this kind of item. */
export const isChangeKind = (kind: string): kind is ItemChange["kind"] =>
  Object.hasOwn(readers, kind);

function messageRecord(change: ItemChange, defaultPicture: string): LogRecord | undefined {
  const { streamId, createdAt, old } = change;
  // A number that a call left empty never had a message.
  if (change.new?.isEmpty === true) return undefined;
  const message = Message.parse(change.new);
  const { id: messageId, deletedAt: at, createdAt: writtenAt, sender } = message;
  if (at !== undefined) {
    if (old !== undefined && Message.parse(old).deletedAt !== undefined) return undefined;
    const event: StreamEvent = { type: "chat.deleted", at, data: { messageId, streamId } };
    const deletes = { messageId, createdAt: writtenAt };
    return {
      ...alwaysShown(`${messageIdPrefix}${messageId}:deleted`, createdAt, [event]),
      deletes,
    };
  }
  if (old !== undefined) return undefined;
  const data = chatMessageOf(message, defaultPicture);
  const events: StreamEvent[] = [{ type: "chat.message", at: writtenAt, data }];
  const id = recordIdOfMessage(messageId);
  return { id, createdAt, lane: "chat", senderId: sender.userId, events };
}

const messageIdPrefix = "message:";

/** The id of the record that showed a message: by it the frame that holds its text is found. */
export const recordIdOfMessage = (messageId: string) => `${messageIdPrefix}${messageId}`;

function giftRecord(change: ItemChange, defaultPicture: string): LogRecord | undefined {
  // The shares of further receivers lie beside their gift and are not shown.
  if (change.new?.kind === "share") return undefined;
  const { createdAt, old } = change;
  const gift = Gift.parse(change.new);
  const { id, streamId, price, createdAt: at, sender, refundedAt, comboEnded } = gift;
  const adds = addsToTotals(gift);
  if (old === undefined && gift.kind === "superlike") {
    const data = superlikeBy(sender, { streamId, price, now: new Date(at) }, defaultPicture);
    return alwaysShown(`gift:${id}`, createdAt, [{ type: "superlike.sent", at, data }]);
  }
  if (old === undefined) {
    const data = giftSentOf(gift, adds, defaultPicture);
    return { ...alwaysShown(`gift:${id}`, createdAt, [{ type: "gift.sent", at, data }]), adds };
  }
  const before = Gift.parse(old);
  if (refundedAt !== undefined && before.refundedAt === undefined) {
    const data = { id, streamId, credits: refundedCredits(gift), refundedAt, totals: adds };
    const events: StreamEvent[] = [{ type: "gift.refunded", at: refundedAt, data }];
    const removed = { count: 0 - adds.count, credits: 0 - adds.credits };
    return { ...alwaysShown(`gift:${id}:refunded`, createdAt, events), adds: removed };
  }
  if (comboEnded === undefined || before.comboEnded !== undefined) return undefined;
  if (gift.giftType === undefined) throw new Error(`The gift ${id} has no type`);
  const { count, credits } = comboEnded;
  const data = {
    comboId: gift.comboId,
    sender: summaryOf(sender, defaultPicture),
    giftType: gift.giftType,
    count,
    credits,
  };
  const event: StreamEvent = { type: "combo.ended", at: comboEnded.at, data };
  return alwaysShown(`combo:${gift.comboId}`, createdAt, [event]);
}

/**
 * A record of a ban has the ban's own id, which never comes again: lifting and banning anew are
 * different events.
 */
function memberRecord({ streamId, old, new: image, createdAt }: ItemChange): LogRecord | undefined {
  const member = Member.parse(image);
  const before = old === undefined ? undefined : Member.parse(old).ban;
  const ban = member.ban;
  if (ban?.id === before?.id) return undefined;
  const { userId: targetUserId } = member;
  const at = new Date(createdAt * 1000).toISOString();
  if (ban == null) {
    const { id: banId, actionType } = before!;
    const data = { streamId, banId, targetUserId, actionType };
    return alwaysShown(`ban:${banId}:lifted`, createdAt, [{ type: "member.unbanned", at, data }]);
  }
  const { id: banId, actionType, endsAt } = ban;
  const data = { streamId, banId, targetUserId, actionType, endsAt };
  const record = alwaysShown(`ban:${banId}`, createdAt, [{ type: "member.banned", at, data }]);
  return actionType === "BLOCK" ? { ...record, blocks: targetUserId } : record;
}

const endStatuses = new Set(["ended", "expired", "cancelled_by_host", "cancelled_by_guest"]);

/** One change of a stream may mean several things: they are one record with several events. */
function streamRecord({ old, new: image, createdAt }: ItemChange): LogRecord | undefined {
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
  const pinned = now.pinned?.messageId;
  const pinnedBefore = before?.pinned?.messageId;
  if (pinned !== undefined && pinned !== pinnedBefore)
    events.push({ type: "chat.pinned", at, data: { messageId: pinned, streamId } });
  if (pinned === undefined && pinnedBefore !== undefined)
    events.push({ type: "chat.unpinned", at, data: { messageId: pinnedBefore, streamId } });
  if (endStatuses.has(status) && before !== undefined && !endStatuses.has(before.status))
    events.push({ type: "stream.ended", at, data: { streamId, status, endedAt } });
  if (events.length === 0) return undefined;
  const record = alwaysShown(`stream:${streamId}:${now.revision}`, createdAt, events);
  const room = roomChangeOf(now, events);
  return room === undefined ? record : { ...record, room };
}

/** What the events of a stream mean to the room that it is on the Tencent side. */
function roomChangeOf(
  { roomId, room = {} }: Stream,
  events: readonly StreamEvent[],
): LogRecord["room"] {
  const change = events.find(({ type }) => type === "stream.started" || type === "stream.ended");
  if (roomId === null || change === undefined) return undefined;
  const isEnd = change.type === "stream.ended";
  const operator = isEnd ? room.destroyedBy : room.createdBy;
  return {
    kind: isEnd ? "destroyed" : "created",
    roomId,
    at: change.at,
    ...(typeof operator === "string" && { operator }),
  };
}

/** The rules that viewers are shown, as text to compare. Blocked words are for moderators alone. */
const settingsOf = (stream: Stream) =>
  JSON.stringify([
    stream.slowModeSeconds,
    stream.followersOnly,
    stream.giftsEnabled,
    stream.moderators,
  ]);

/** A record that is never thinned out. */
const alwaysShown = (id: string, createdAt: number, events: StreamEvent[]): LogRecord => ({
  id,
  createdAt,
  lane: "always",
  events,
});
