import * as z from "zod";
import { BanId, StreamId, UserId } from "../id.ts";
import { dateTime, dateTimeEnd, pageQuery } from "../page.ts";
import { Person, personOf } from "../people/person.ts";
import { StreamUser, summaryOf } from "../people/user.ts";
import { refuse } from "../refusal.ts";
import { shownText, Timestamp, text } from "../text.ts";
import { withRole } from "./display-names.ts";
import { activeBan, BanAction, type Member } from "./member.ts";
import type { Stream } from "./stream.ts";

/** The duration of a ban that expires, in seconds: 10 seconds to 14 days. */
const durations = { min: 10, max: 14 * 24 * 3600 };
const expectedDuration = `expected a whole number from ${durations.min} to ${durations.max}`;

/** Where a ban applies: in one stream, or in all streams of its host. */
const BanScope = z.enum(["stream", "channel"], { error: "expected stream or channel" });
type BanScope = z.infer<typeof BanScope>;

/** The request to ban a user from a stream. */
export const NewBan = z.object({
  targetUserId: UserId,
  liveStreamId: StreamId,
  actionType: BanAction.default("BLOCK"),
  reason: text(0, 500).nullish(),
  durationSeconds: z
    .number({ error: expectedDuration })
    .int(expectedDuration)
    .min(durations.min, expectedDuration)
    .max(durations.max, expectedDuration)
    .nullish()
    .meta({
      description:
        "Seconds until the ban ends automatically; if absent, it holds until it is lifted",
    }),
  scope: BanScope.default("stream").meta({
    description: "`channel`: the ban applies to all current and future streams of this host",
  }),
});

/** When a new ban expires (ISO 8601); null if it does not. */
export const endOfBan = ({ durationSeconds }: z.output<typeof NewBan>, now: Date): string | null =>
  durationSeconds == null ? null : new Date(now.getTime() + durationSeconds * 1000).toISOString();

/** A ban as stored; lifted bans are kept (`deletedAt`). */
export const Ban = z.object({
  id: BanId,
  /** Absent in bans from before channels existed. */
  scope: BanScope.default("stream"),
  liveStreamId: StreamId,
  /** The host of the stream, in whose list the ban is. */
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

/** A new ban; `endsAt` (ISO 8601) is when it expires, if it does. */
export function makeBan(
  request: { actionType: BanAction; reason?: string | null | undefined; scope?: BanScope },
  context: {
    id: string;
    stream: Stream;
    target: Person;
    by: string;
    now: Date;
    endsAt?: string | null;
  },
): Ban {
  const { id, stream, target, by, now, endsAt = null } = context;
  const { actionType, reason, scope = "stream" } = request;
  const at = now.toISOString();
  return {
    id,
    scope,
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

/**
 * A ban at this time. An expired ban counts as ended from its end on; no function has to run to end
 * it.
 */
export function banAsOf(ban: Ban, now: Date): Ban {
  const { endsAt, deletedAt } = ban;
  if (deletedAt !== null || endsAt === null || endsAt > now.toISOString()) return ban;
  return { ...ban, deletedAt: endsAt, updatedAt: endsAt };
}

/** A ban as the Allmine API shows it. */
export const LiveStreamBan = z
  .object({
    _id: BanId,
    targetUserId: UserId,
    targetUser: StreamUser,
    liveStreamId: StreamId,
    actionType: BanAction,
    reason: shownText(500).nullable(),
    createdBy: UserId,
    deletedAt: Timestamp.nullable(),
    deletedBy: UserId.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    endsAt: Timestamp.nullable().meta({
      description:
        "When the ban ends automatically (`deletedAt` is then the same time); null for no end",
    }),
    scope: BanScope,
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
    endsAt: ban.endsAt,
    scope: ban.scope,
  };
}

/** A ban in its host's list: enough fields to filter by before it is read. */
export const ListedBan = z.object({
  banId: BanId,
  liveStreamId: StreamId,
  targetUserId: UserId,
  username: z.string(),
  actionType: BanAction,
  createdAt: Timestamp,
  deletedAt: Timestamp.nullable(),
  endsAt: Timestamp.nullish(),
  scope: BanScope.optional(),
});
export type ListedBan = z.infer<typeof ListedBan>;

/** Which bans to list; `targetUser` is an id or a username. */
export const BanQuery = pageQuery(10).extend({
  targetUserId: UserId.optional(),
  targetUser: text(1, 100)
    .optional()
    .meta({ description: "Only bans of this user, by id or username" }),
  liveStreamId: StreamId.optional(),
  actionType: BanAction.optional().meta({ description: "Only bans of this kind" }),
  dateFrom: dateTime.optional().meta({ description: "Only bans created at or after this time" }),
  dateTo: dateTimeEnd.optional().meta({
    description: "Only bans created at or before this time; a date includes the whole day",
  }),
});
export type BanFilter = Omit<z.output<typeof BanQuery>, "page" | "limit">;

/** Whether a ban is in force and matches the filter. */
export function isListed(ban: ListedBan, filter: BanFilter, now: Date): boolean {
  const { targetUser, dateFrom, dateTo } = filter;
  const isSame = (name: "targetUserId" | "actionType") =>
    filter[name] === undefined || filter[name] === ban[name];
  const isOfStream = filter.liveStreamId === ban.liveStreamId;
  const names = [ban.targetUserId, ban.username.toLowerCase()];
  return (
    ban.deletedAt === null &&
    (ban.endsAt == null || ban.endsAt > now.toISOString()) &&
    isSame("targetUserId") &&
    (ban.scope === "channel" || filter.liveStreamId === undefined || isOfStream) &&
    isSame("actionType") &&
    (targetUser === undefined ||
      names.includes(targetUser) ||
      names.includes(targetUser.toLowerCase())) &&
    (dateFrom === undefined || ban.createdAt >= dateFrom) &&
    (dateTo === undefined || ban.createdAt <= dateTo)
  );
}

/**
 * Refuses a second ban of a user from one stream, or from its host's channel, and any ban of the
 * host.
 */
export function assertBannable(
  stream: Stream,
  target: string,
  member: Member | undefined,
  now: Date,
) {
  if (stream.hostId === target) refuse("ban_of_host");
  if (activeBan(member && { ban: member.ban }, now) !== undefined) refuse("ban_exists");
}
