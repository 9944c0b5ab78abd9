import * as z from "zod";
import { GiftId, isOverlay, UserId } from "../id.ts";
import { refuse } from "../refusal.ts";
import { Timestamp } from "../text.ts";
import { isHost, type Stream } from "./stream.ts";

export const BanAction = z.enum(["BLOCK", "CHAT_ONLY"]);
export type BanAction = z.infer<typeof BanAction>;

/** BLOCK forbids the whole stream, CHAT_ONLY only chat messages. */
const OneBan = z.object({
  id: z.string(),
  actionType: BanAction,
  /** Null: until it is lifted. */
  endsAt: Timestamp.nullable(),
  /** Who banned, and why: for the moderation log. */
  by: UserId.optional(),
  reason: z.string().nullish(),
  /** The names at the time of the ban, by which users are shown while they are muted. */
  names: z.object({ name: z.string(), surname: z.string() }).optional(),
});

/** A ban. A block may include a mute that may end later; the mute has the block's names. */
const MemberBan = OneBan.extend({ mute: OneBan.omit({ names: true }).optional() });

/** The public part of a ban: without its reason and names. */
const ShownBan = MemberBan.pick({ id: true, actionType: true, endsAt: true });
export const shownBanOf = (ban: Member["ban"]) => (ban == null ? null : ShownBan.parse(ban));

/** The pass of a member of a paid stream: the charge that paid for it, and when. */
const Pass = z.object({ giftId: GiftId, at: Timestamp });

/**
 * One user's item in a stream. It is never deleted: its `revision` begins with the time and grows,
 * so that no two of its changes ever have the same event id.
 */
export const Member = z.object({
  userId: UserId,
  revision: z.number().int().optional(),
  /** The ban made in this stream, if any; it may have expired. */
  ban: MemberBan.nullish(),
  /** In a channel: the last ban that was removed, for streams that still have to show its end. */
  lifted: ShownBan.nullish(),
  /** In a stream: what it has shown of a channel's ban, and the revision of the channel's item. */
  channel: z
    .object({ revision: z.number().int(), ban: ShownBan.nullish(), lifted: ShownBan.nullish() })
    .nullish(),
  /** In a paid stream: what admits the user. Changes of bans leave it unchanged. */
  pass: Pass.optional(),
  /** Credits contributed before the stream began, when last, and when they were returned. */
  contributed: z.number().int().min(1).optional(),
  contributedAt: Timestamp.optional(),
  returnedAt: Timestamp.optional(),
  /** Whether the contributions are a deleted user's, so that they grant no access. */
  isFormer: z.literal(true).optional(),
  /**
   * The ban from the host's channel, read together with the stream's own and never stored with it.
   */
  channelBan: MemberBan.nullish(),
});
export type Member = z.infer<typeof Member>;

/**
 * The state that admits the next message of one user in a stream. It is separate from the member
 * item, which only bans change, so that a room's messages do not all write to one key of the table.
 */
export const Sender = z.object({
  userId: UserId,
  /** A copy of the member's ban, changed with it: the write that admits a message checks it. */
  ban: MemberBan.nullish(),
  /** The last admitted message, from which slow mode and the message rate count. */
  lastMessageAt: Timestamp.optional(),
  /** The call with an Idempotency-Key that slow mode admitted last, which may be repeated. */
  lastCall: z.string().optional(),
  /** The second (since 1970) of the last message, and the number of messages admitted in it. */
  second: z.number().optional(),
  sent: z.number().optional(),
});
export type Sender = z.infer<typeof Sender>;

/** A user who can be banned, from a stream and from its host's channel. */
type Bannable = Pick<Member, "ban" | "channelBan">;
type MemberBan = z.infer<typeof MemberBan>;

const inForce = (ban: MemberBan | null | undefined, now: Date): MemberBan | undefined =>
  ban == null || (ban.endsAt !== null && ban.endsAt <= now.toISOString()) ? undefined : ban;

/** A member's block and mute, in a stream or in a channel. */
type Bans = { [Action in BanAction]?: MemberBan | undefined };

/** The bans of a member's own item that are in force. */
export function bansOf(member: Pick<Member, "ban"> | undefined, now: Date): Bans {
  if (member?.ban == null) return {};
  const { mute, ...own } = member.ban;
  const muted = mute && { ...mute, ...(own.names && { names: own.names }) };
  const all = [own, muted].flatMap((ban) => inForce(ban, now) ?? []);
  return Object.fromEntries(all.map((ban) => [ban.actionType, ban]));
}

/** The bans as a member's item stores them. */
export function storedBan({ BLOCK, CHAT_ONLY }: Bans): Member["ban"] {
  if (BLOCK === undefined || CHAT_ONLY === undefined) return BLOCK ?? CHAT_ONLY;
  const { names: _, ...mute } = CHAT_ONLY;
  return { ...BLOCK, mute };
}

/**
 * The ban in force, if any. Of two, the stricter one applies: BLOCK, or of the same kind the one
 * that ends later.
 */
export function activeBan(member: Bannable | undefined, now: Date): MemberBan | undefined {
  const { BLOCK, CHAT_ONLY } = bansOf(member, now);
  const own = BLOCK ?? CHAT_ONLY;
  const channel = inForce(member?.channelBan, now);
  return own && channel ? stricterOf(channel, own) : (own ?? channel);
}

/** The stricter of two bans, the first if they are equal. */
export function stricterOf(one: MemberBan, other: MemberBan): MemberBan {
  if (one.actionType !== other.actionType) return one.actionType === "BLOCK" ? one : other;
  return one.endsAt === null || (other.endsAt !== null && one.endsAt >= other.endsAt) ? one : other;
}

/** Whether the user is currently blocked from the whole stream. */
export const isBlocked = (member: Member | undefined, now: Date) =>
  activeBan(member, now)?.actionType === "BLOCK";

/** Refuses a blocked user, who may neither act nor read in the stream. */
export function assertNotBlocked(member: Member | undefined, now: Date): void {
  if (isBlocked(member, now)) refuse("member_blocked");
}

/** The user who requests access. */
type Asking = { userId: string; roles?: readonly string[] | undefined };

/** Whether the stream is free: then every user who is not blocked has access. */
export const isFree = ({ price }: Pick<Stream, "price">) => price === null;

/** Whether a paid stream always admits the user: its host, guests, admins and overlays. */
const alwaysHasAccess = (stream: Stream, { userId, roles = [] }: Asking) =>
  isHost(stream, userId) ||
  stream.guests.includes(userId) ||
  roles.includes("admin") ||
  isOverlay(userId);

/**
 * Whether a user's access depends on something that they can lose: a pass or a moderator's role.
 */
export const hasRevocableAccess = (stream: Stream, asking: Asking) =>
  !isFree(stream) && !alwaysHasAccess(stream, asking);

/** Whether a user contributed at least the price to a stream that took place. */
const hasFunded = ({ price, funding }: Stream, member: Member | undefined) =>
  price !== null &&
  funding?.outcome === "host" &&
  member?.isFormer !== true &&
  (member?.contributed ?? 0) >= price;

/** Whether a user has access to a stream's content; bans are checked separately. */
export const isAdmitted = (stream: Stream, member: Member | undefined, asking: Asking): boolean =>
  !hasRevocableAccess(stream, asking) ||
  stream.moderators.includes(asking.userId) ||
  member?.pass !== undefined ||
  hasFunded(stream, member);

/** Refuses a user without access with `pass_required`. */
export function assertAdmitted(stream: Stream, member: Member | undefined, asking: Asking): void {
  if (!isAdmitted(stream, member, asking)) refuse("pass_required");
}

/**
 * The revision of a member after a change: larger than any before it, even if the item is created
 * again, since it begins with the time in milliseconds.
 */
export const nextRevision = (member: Member | undefined, now: Date) =>
  Math.max((member?.revision ?? 0) + 1, now.getTime());
