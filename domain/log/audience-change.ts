import { LikeItem } from "../audience/likes.ts";
import { type Moment, MomentItem, momentOf, sumOfResult, zeroOf } from "../audience/moment.ts";
import { addedVotes, VoteItem } from "../audience/vote.ts";
import { Member } from "../streams/member.ts";
import { isSameTrain, type Stream, trainOf } from "../streams/stream.ts";
import {
  alwaysShown,
  type ItemChange,
  type LogRecord,
  type StreamEvent,
  type TrainsChange,
} from "./event.ts";
import { type LogMoment, likesSum, type Sums } from "./sums.ts";

/**
 * A moment begins with its item, and ends with its result or a cancellation. Other changes only
 * update the log's copy, for example when a moment was ended by hand and is being counted.
 */
export function momentRecord(change: ItemChange, defaultPicture: string): LogRecord | undefined {
  const { old, new: image, createdAt } = change;
  const item = MomentItem.parse(image);
  const before = old === undefined ? undefined : MomentItem.parse(old);
  if (before?.revision === item.revision) return undefined;
  const { id, kind, startedAt, status, result } = item;
  const data = momentOf(item, defaultPicture);
  const open = logMomentOf(item, data);
  // The log shows trains itself; only their ends come from items.
  const isKnown = status === "open" || item.isCancelledByLog === true;
  if (kind === "train" && isKnown) return undefined;
  const isOver = status === "cancelled" || result !== undefined;
  if (isOver) {
    const wasOver = before?.status === "cancelled" || before?.result !== undefined;
    if (wasOver) return undefined;
    const at = item.endedAt ?? startedAt;
    return {
      ...alwaysShown(`moment:${id}:ended`, createdAt, [{ type: "moment.ended", at, data }]),
      moment: { ...open, over: createdAt },
      ...(result !== undefined && { final: sumOfResult(result, item) }),
    };
  }
  const final = zeroOf(item);
  if (before !== undefined)
    return { ...addOnly(`moment:${id}:${item.revision}`, createdAt), moment: open, final };
  const events: StreamEvent[] = [{ type: "moment.started", at: startedAt, data }];
  return { ...alwaysShown(`moment:${id}:started`, createdAt, events), moment: open, final };
}

/** The log's copy of a moment; for a goal, with the data of the event that shows it as reached. */
export function logMomentOf(item: MomentItem, shown?: Moment): LogMoment {
  const { id, kind, of, target, startedAt, endedAt, endsAt, train, level = 0 } = item;
  const moment = { id, kind, startedAt, endsAt: endedAt ?? endsAt };
  if (train !== undefined) return { ...moment, train: { ...train, level } };
  if (kind !== "goal") return moment;
  const isEnded = endedAt !== null && { isEnded: true as const };
  return { ...moment, ...isEnded, of, target, ...(shown && { shown }) };
}

/** What a user's taps add to the stream's likes and to the goals open at that time. */
export function likeRecord({ old, new: image, createdAt }: ItemChange): LogRecord | undefined {
  const is = LikeItem.parse(image);
  const was = old === undefined ? undefined : LikeItem.parse(old);
  const added = is.likes - (was?.likes ?? 0);
  if (is.change === was?.change || added === 0) return undefined;
  const goals = Object.entries(is.goals ?? {}).map(([id, likes]): [string, number] => [
    id,
    likes - (was?.goals?.[id] ?? 0),
  ]);
  const adds: Sums = { [likesSum]: added, ...Object.fromEntries(goals.filter(([, n]) => n !== 0)) };
  const { userId, likes, at, change } = is;
  return { ...addOnly(change, createdAt), adds, at, liker: { userId, likes, at } };
}

/** What a new or changed vote adds and subtracts, by option. */
export function voteRecord({ old, new: image, createdAt }: ItemChange): LogRecord | undefined {
  const is = VoteItem.parse(image);
  const was = old === undefined ? undefined : VoteItem.parse(old);
  if (is.change === was?.change) return undefined;
  const adds: Sums = { [is.momentId]: addedVotes(is.options, was?.options) };
  return { ...addOnly(is.change, createdAt), adds };
}

/** A record without events, which only changes sums. Its id is as short as possible. */
const addOnly = (id: string, createdAt: number): LogRecord => ({
  id,
  createdAt,
  lane: "always" as const,
  events: [],
});

/**
 * A member's item changes when a ban in the stream begins or ends. The record's id contains the
 * ban's id, which is never reused: lifting a ban and banning again are different events. The item
 * also changes when the stream takes over a ban of the host's channel: then the record's id
 * contains the revision that the ban has there.
 */
export function memberRecord(change: ItemChange): LogRecord | undefined {
  const { streamId, old, new: image, createdAt } = change;
  const member = Member.parse(image);
  const before = old === undefined ? undefined : Member.parse(old);
  const context = { streamId, targetUserId: member.userId, createdAt };
  const { ban, channel } = member;
  const at = member.revision ?? createdAt * 1000;
  const ended = endedMute(before?.ban, ban, at);
  if (ban?.id !== before?.ban?.id) {
    // A mute that remains after a block is not a new ban: viewers know it already.
    const isEnd = ban == null || ban.id === before?.ban?.mute?.id;
    const id = isEnd ? `ban:${before!.ban!.id}:lifted` : `ban:${ban.id}`;
    // A second ban replaces the first one, unless that has expired.
    const isOver = isEnd || isPast(before?.ban, at);
    return banRecord(id, { over: isOver ? [before?.ban, ended] : [ended], ban, at }, context);
  }
  // A mute that begins under a block has its own event, since the event of its end names it.
  const begun = ban?.mute?.id === before?.ban?.mute?.id ? undefined : ban?.mute;
  if (begun !== undefined)
    return banRecord(`ban:${begun.id}`, { over: [ended], ban: begun, at }, context);
  if (ended != null)
    return banRecord(`ban:${ended.id}:lifted`, { over: [ended], ban: null, at }, context);
  const shown = before?.channel?.ban;
  if (channel == null || channel.revision === before?.channel?.revision) return undefined;
  if (channel.ban != null && channel.ban.id === shown?.id) return undefined;
  // A stream that went live after the ban has not shown it, but it does show the ban's end.
  const over = shown ?? (channel.ban == null ? channel.lifted : null);
  const id = `ban:${streamId}:${member.userId}:${channel.revision}`;
  return banRecord(id, { over: [over], ban: channel.ban, at: channel.revision }, context);
}

type MemberBan = Member["ban"];

/** The mute under a block that a change ends, unless another mute replaces it before its end. */
function endedMute(was: MemberBan, is: MemberBan, at: number): MemberBan {
  const mute = was?.mute;
  const left = is?.actionType === "CHAT_ONLY" ? is : is?.mute;
  const isEnded = left === undefined || (left.id !== mute?.id && isPast(mute, at));
  return isEnded ? mute : undefined;
}

/** Whether a ban had expired at this time, in milliseconds since 1970. */
const isPast = (ban: MemberBan, at: number): boolean =>
  ban?.endsAt != null && ban.endsAt <= new Date(at).toISOString();

/**
 * The record of a ban that begins, of bans that end, or of both, the ends first. `at` is the time
 * of the change in milliseconds since 1970. If an earlier ban had expired, its event has the time
 * of expiry.
 */
function banRecord(
  id: string,
  { over, ban, at }: { over: readonly MemberBan[]; ban: MemberBan; at: number },
  context: { streamId: string; targetUserId: string; createdAt: number },
): LogRecord | undefined {
  const { streamId, targetUserId, createdAt } = context;
  const changedAt = new Date(at).toISOString();
  const events: StreamEvent[] = [];
  for (const one of over) {
    if (one == null) continue;
    const { id: banId, actionType, endsAt } = one;
    const data = { streamId, banId, targetUserId, actionType };
    events.push({ type: "member.unbanned", at: isPast(one, at) ? endsAt! : changedAt, data });
  }
  if (ban == null) return events.length === 0 ? undefined : alwaysShown(id, createdAt, events);
  const { id: banId, actionType, endsAt } = ban;
  const data = { streamId, banId, targetUserId, actionType, endsAt };
  events.push({ type: "member.banned", at: changedAt, data });
  const record = alwaysShown(id, createdAt, events);
  return actionType === "BLOCK" ? { ...record, blocks: targetUserId } : record;
}

/**
 * What a change of a stream means for its trains: the stream starts with settings, changes them, or
 * ends. Undefined if it does not affect them.
 */
export function trainsChangeOf(before: Stream | undefined, now: Stream): TrainsChange | undefined {
  const { id: streamId, revision, updatedAt: at, endedAt, status } = now;
  const settings = trainOf(now);
  const wasLive = before?.status === "active";
  const change = { streamId, revision, at };
  if (wasLive && status !== "active")
    return trainOf(before).enabled ? { ...change, endedAt: endedAt ?? at } : undefined;
  if (status !== "active" || (wasLive && isSameTrain(trainOf(before), settings))) return undefined;
  if (settings.enabled) return { ...change, settings };
  return wasLive ? change : undefined;
}
