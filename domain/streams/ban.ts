import * as z from "zod";
import { BanId, StreamId, UserId } from "../id.ts";
import { moment, momentEnd, pageQuery } from "../page.ts";
import { Person, personOf } from "../people/person.ts";
import { StreamUser, summaryOf } from "../people/user.ts";
import { refuse } from "../refusal.ts";
import { Timestamp, text } from "../text.ts";
import { activeBan, BanAction, type Member } from "./member.ts";
import { withRole } from "./shown.ts";
import type { Stream } from "./stream.ts";

/** What somebody asks for when they ban a user from a stream. */
export const NewBan = z.object({
  targetUserId: UserId,
  liveStreamId: StreamId,
  actionType: BanAction.default("BLOCK"),
  reason: text(0, 500).nullish(),
});

/** What is stored of a ban: it is kept when it is lifted (`deletedAt`). */
export const Ban = z.object({
  id: BanId,
  liveStreamId: StreamId,
  /** The host of the stream, in whose list the ban stands. */
  hostId: UserId,
  target: Person,
  actionType: BanAction,
  reason: z.string().nullable(),
  /** Null: it holds until it is lifted. */
  endsAt: Timestamp.nullable(),
  createdBy: UserId,
  deletedAt: Timestamp.nullable(),
  deletedBy: UserId.nullable(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Ban = z.infer<typeof Ban>;

/** A new ban; `endsAt` (ISO 8601) is for those that end by themselves. */
export function makeBan(
  wish: { actionType: BanAction; reason?: string | null | undefined },
  given: { id: string; stream: Stream; target: Person; by: string; now: Date; endsAt?: string },
): Ban {
  const { id, stream, target, by, now, endsAt = null } = given;
  const at = now.toISOString();
  const { actionType, reason } = wish;
  const place = {
    id,
    liveStreamId: stream.id,
    hostId: stream.hostId,
    target: personOf(withRole(stream, target)),
  };
  const said = { actionType, reason: reason || null, endsAt, createdBy: by };
  return { ...place, ...said, deletedAt: null, deletedBy: null, createdAt: at, updatedAt: at };
}

/** A ban as the Allmine API shows it. */
export const LiveStreamBan = z
  .object({
    _id: BanId,
    targetUserId: UserId,
    targetUser: StreamUser,
    liveStreamId: StreamId,
    actionType: BanAction,
    reason: z.string().nullable(),
    createdBy: UserId,
    deletedAt: Timestamp.nullable(),
    deletedBy: UserId.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: "LiveStreamBan" });

/** The ban as the API shows it. */
export function liveStreamBanOf(ban: Ban, defaultPicture: string): z.infer<typeof LiveStreamBan> {
  const { target, actionType, reason, createdBy } = ban;
  return {
    _id: ban.id,
    targetUserId: target.userId,
    targetUser: summaryOf(target, defaultPicture),
    liveStreamId: ban.liveStreamId,
    actionType,
    reason,
    createdBy,
    deletedAt: ban.deletedAt,
    deletedBy: ban.deletedBy,
    createdAt: ban.createdAt,
    updatedAt: ban.updatedAt,
  };
}

/** What the list of a host's bans knows of each, so that it is chosen before it is read. */
export const ListedBan = z.object({
  banId: BanId,
  liveStreamId: StreamId,
  targetUserId: UserId,
  username: z.string(),
  actionType: BanAction,
  createdAt: Timestamp,
  deletedAt: Timestamp.nullable(),
});
export type ListedBan = z.infer<typeof ListedBan>;

/** What bans are listed; `targetUser` is an id or a username. */
export const BanQuery = pageQuery(10).extend({
  targetUserId: UserId.optional(),
  targetUser: text(1, 100).optional(),
  liveStreamId: StreamId.optional(),
  actionType: BanAction.optional(),
  dateFrom: moment.optional(),
  dateTo: momentEnd.optional(),
});
export type BanFilter = Omit<z.output<typeof BanQuery>, "page" | "limit">;

/** Whether a ban is in force and is one of those that were asked for. */
export function isListed(ban: ListedBan, wanted: BanFilter): boolean {
  const { targetUser, dateFrom, dateTo } = wanted;
  const isSame = (name: "targetUserId" | "liveStreamId" | "actionType") =>
    wanted[name] === undefined || wanted[name] === ban[name];
  const isCalled = [ban.targetUserId, ban.username.toLowerCase()];
  return (
    ban.deletedAt === null &&
    isSame("targetUserId") &&
    isSame("liveStreamId") &&
    isSame("actionType") &&
    (targetUser === undefined ||
      isCalled.includes(targetUser) ||
      isCalled.includes(targetUser.toLowerCase())) &&
    (dateFrom === undefined || ban.createdAt >= dateFrom) &&
    (dateTo === undefined || ban.createdAt <= dateTo)
  );
}

/** A user has one ban of a stream at a time, and its host none. */
export function assertBannable(
  stream: Stream,
  target: string,
  member: Member | undefined,
  now: Date,
) {
  if (stream.hostId === target) refuse("ban_of_host");
  if (activeBan(member, now) !== undefined) refuse("ban_exists");
}

/**
 * The revision of a member after a change: larger than any before it, also when the item is new
 * again, since it begins with the time in milliseconds.
 */
export const nextRevision = (member: Member | undefined, now: Date) =>
  Math.max((member?.revision ?? 0) + 1, now.getTime());
