import {
  addsToTotals,
  Gift,
  giftSentOf,
  refundedCredits,
  superlikeBy,
} from "../money/gift-item.ts";
import { summaryOf } from "../people/user.ts";
import { chatMessageOf, Message, pinnedMessageOf } from "../streams/chat.ts";
import { Stream } from "../streams/stream.ts";
import {
  likeRecord,
  memberRecord,
  momentRecord,
  trainsChangeOf,
  voteRecord,
} from "./audience-change.ts";
import { alwaysShown, type ItemChange, type LogRecord, type StreamEvent } from "./event.ts";

/**
 * Translates the change of an item into a record of the stream's log with its events, or undefined
 * if viewers do not see it. The record's id consists of the item's id, the kind of change and
 * the item's revision, never of the batch or a sequence number, because a retry may come in another
 * batch and a shard may split (docs/frames.md F15). Throws if an image does not fit its kind.
 */
export function recordOf(change: ItemChange, defaultPicture: string): LogRecord | undefined {
  return change.new === undefined ? undefined : readers[change.kind](change, defaultPicture);
}

/** The reader of each kind of item; the compiler requires one for each. */
const readers: Record<
  ItemChange["kind"],
  (change: ItemChange, defaultPicture: string) => LogRecord | undefined
> = {
  message: messageRecord,
  gift: giftRecord,
  member: memberRecord,
  stream: streamRecord,
  moment: momentRecord,
  like: likeRecord,
  vote: voteRecord,
};

/** The kinds of items whose changes appear in a log. */
export const changeKinds = Object.keys(readers) as readonly ItemChange["kind"][];

/** Whether changes of this kind of item appear in a log. */
export const isChangeKind = (kind: string): kind is ItemChange["kind"] =>
  Object.hasOwn(readers, kind);

function messageRecord(change: ItemChange, defaultPicture: string): LogRecord | undefined {
  const { streamId, createdAt, old } = change;
  // A number that was reserved but never used has no message.
  if (change.new?.isEmpty === true) return undefined;
  const message = Message.parse(change.new);
  const { id: messageId, deletedAt: at, createdAt: writtenAt, sender } = message;
  if (at !== undefined) {
    if (old !== undefined && Message.parse(old).deletedAt !== undefined) return undefined;
    const event: StreamEvent = { type: "chat.deleted", at, data: { messageId, streamId } };
    const pins = message.pins?.map(({ revision, at }) => ({
      recordId: recordIdOfStream(streamId, revision),
      at,
    }));
    const deletes = { messageId, createdAt: writtenAt, ...(pins && { pins }) };
    return {
      ...alwaysShown(`${messageIdPrefix}${messageId}:deleted`, createdAt, [event]),
      deletes,
    };
  }
  if (old !== undefined) return undefined;
  const data = chatMessageOf(message, defaultPicture);
  const events: StreamEvent[] = [{ type: "chat.message", at: writtenAt, data }];
  const id = recordIdOfMessage(messageId);
  const { userId: senderId, role } = sender;
  return { id, createdAt, lane: "chat", senderId, ...(role && { senderRole: role }), events };
}

const messageIdPrefix = "message:";

/** The id of a message's record, which identifies the frame that contains its text. */
export const recordIdOfMessage = (messageId: string) => `${messageIdPrefix}${messageId}`;

function giftRecord(change: ItemChange, defaultPicture: string): LogRecord | undefined {
  // Shares of further receivers and proceeds of hosts are items next to gifts, but are not shown;
  // neither are passes.
  if (change.new?.kind === "share" || change.new?.kind === "proceeds") return undefined;
  const { createdAt, old } = change;
  const gift = Gift.parse(change.new);
  if (gift.kind === "pass") return undefined;
  const { id, streamId, price, createdAt: at, sender, refundedAt, comboEnded } = gift;
  const adds = addsToTotals(gift);
  const by = sender.userId;
  const moved = { id, by, totals: adds, at, credits: refundedCredits(gift), gifts: adds.count };
  if (old === undefined && gift.kind === "superlike") {
    const data = superlikeBy(sender, { streamId, price, now: new Date(at) }, defaultPicture);
    const events: StreamEvent[] = [{ type: "superlike.sent", at, data }];
    return { ...alwaysShown(`gift:${id}`, createdAt, events), gift: moved };
  }
  if (old === undefined) {
    const data = giftSentOf(gift, adds, defaultPicture);
    const events: StreamEvent[] = [{ type: "gift.sent", at, data }];
    return { ...alwaysShown(`gift:${id}`, createdAt, events), gift: moved };
  }
  const before = Gift.parse(old);
  if (refundedAt !== undefined && before.refundedAt === undefined) {
    const data = { id, streamId, credits: refundedCredits(gift), refundedAt, totals: adds };
    const events: StreamEvent[] = [{ type: "gift.refunded", at: refundedAt, data }];
    const removed = {
      totals: { count: 0 - adds.count, credits: 0 - adds.credits },
      id,
      by,
      at,
      undoneAt: refundedAt,
      credits: 0 - moved.credits,
      gifts: 0 - moved.gifts,
    };
    return { ...alwaysShown(`gift:${id}:refunded`, createdAt, events), gift: removed };
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

const endStatuses = new Set(["ended", "expired", "cancelled_by_host", "cancelled_by_guest"]);

/** A change of a stream may have several effects: one record with several events. */
function streamRecord(
  { old, new: image, createdAt }: ItemChange,
  defaultPicture: string,
): LogRecord | undefined {
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
    events.push({ type: "chat.pinned", at, data: pinDataOf(now, pinned, defaultPicture) });
  if (pinned === undefined && pinnedBefore !== undefined)
    events.push({ type: "chat.unpinned", at, data: { messageId: pinnedBefore, streamId } });
  if (endStatuses.has(status) && before !== undefined && !endStatuses.has(before.status))
    events.push({ type: "stream.ended", at, data: { streamId, status, endedAt } });
  const [room, trains] = [roomChangeOf(now, events), trainsChangeOf(before, now)];
  if (events.length === 0 && trains === undefined) return undefined;
  const record = alwaysShown(recordIdOfStream(streamId, now.revision), createdAt, events);
  return { ...record, ...(room && { room }), ...(trains && { trains }) };
}

/** A pin is always a separate change, so a deletion finds its event by the id of its record. */
const recordIdOfStream = (streamId: string, revision: number) => `stream:${streamId}:${revision}`;

function pinDataOf(stream: Stream, messageId: string, defaultPicture: string) {
  const message = pinnedMessageOf(stream);
  const shown = message === undefined ? null : chatMessageOf(message, defaultPicture);
  return { messageId, streamId: stream.id, message: shown };
}

/** What the events of a stream mean for its room in the Tencent API. */
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

/** The rules that viewers see, as text to compare. Only moderators see blocked words. */
const settingsOf = (stream: Stream) =>
  JSON.stringify([
    stream.slowModeSeconds,
    stream.followersOnly,
    stream.giftsEnabled,
    stream.moderators,
  ]);
