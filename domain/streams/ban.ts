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

/** A ban as stored: it is kept when it is lifted (`deletedAt`). */
export const Ban = z.object({
  id: BanId,
  liveStreamId: StreamId,
  /** The host of the stream, whose list has the ban. */
  hostId: UserId,
  target: Person,
  actionType: BanAction,
  reason: z.string().nullable(),
  /** Null: until it is lifted. */
  endsAt: Timestamp.nullable(),
  createdBy: UserId,
  deletedAt: Timestamp.nullable(),
  deletedBy: UserId.nullable(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Ban = z.infer<typeof Ban>;

/** A new ban; `endsAt` (ISO 8601) is for one that ends by itself. */
export function makeBan(
  { actionType, reason }: { actionType: BanAction; reason?: string | null | undefined },
  context: { id: string; stream: Stream; target: Person; by: string; now: Date; endsAt?: string },
): Ban {
  const { id, stream, target, by, now, endsAt = null } = context;
  const at = now.toISOString();
  return {
    id,
    liveStreamId: stream.id,
    hostId: stream.hostId,
    target: personOf(withRole(stream, target)),
    actionType,
    reason: reason || null,
    endsAt,
    createdBy: by,
    deletedAt: null,
    deletedBy: null,
    createdAt: at,
    updatedAt: at,
  };
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

/** A ban in the list of its host: enough to choose it by before it is read. */
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

/** Which bans to list; `targetUser` is an id or a username. */
export const BanQuery = pageQuery(10).extend({
  targetUserId: UserId.optional(),
  targetUser: text(1, 100).optional(),
  liveStreamId: StreamId.optional(),
  actionType: BanAction.optional(),
  dateFrom: moment.optional(),
  dateTo: momentEnd.optional(),
});
export type BanFilter = Omit<z.output<typeof BanQuery>, "page" | "limit">;

/** Whether a ban is in force and passes the filter. */
export function isListed(ban: ListedBan, filter: BanFilter): boolean {
  const { targetUser, dateFrom, dateTo } = filter;
  const isSame = (name: "targetUserId" | "liveStreamId" | "actionType") =>
    filter[name] === undefined || filter[name] === ban[name];
  const names = [ban.targetUserId, ban.username.toLowerCase()];
  return (
    ban.deletedAt === null &&
    isSame("targetUserId") &&
    isSame("liveStreamId") &&
    isSame("actionType") &&
    (targetUser === undefined ||
      names.includes(targetUser) ||
      names.includes(targetUser.toLowerCase())) &&
    (dateFrom === undefined || ban.createdAt >= dateFrom) &&
    (dateTo === undefined || ban.createdAt <= dateTo)
  );
}

/** A user has at most one ban from a stream at a time, and its host none. */
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
 * The revision of a member after a change: larger than any before it, even where the item is made
 * anew, since it begins with the time in milliseconds.
 */
export const nextRevision = (member: Member | undefined, now: Date) =>
  Math.max((member?.revision ?? 0) + 1, now.getTime());
