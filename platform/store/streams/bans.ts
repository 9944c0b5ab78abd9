import { refuse } from "../../../domain/refusal.ts";
import {
  assertBannable,
  Ban,
  type BanFilter,
  banAsOf,
  isListed,
  ListedBan,
} from "../../../domain/streams/ban.ts";
import { namesAtBan } from "../../../domain/streams/display-names.ts";
import { bansOf, storedBan } from "../../../domain/streams/member.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { getItem, listItems, parseItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import type { Action, Reply } from "../../table/transact.ts";
import { type BanTarget, changeMember, memberActions } from "./members.ts";
import { actAction } from "./moderation.ts";

/** The ban with this id in its current state, over or not. */
export async function findBan(banId: string, now: Date): Promise<Ban | undefined> {
  const ban = await getItem(Ban, key.ban(banId), { consistent: true });
  return ban && banAsOf(ban, now);
}

/** The ban; refuses with `ban_not_found`. */
export const getBan = async (banId: string, now: Date): Promise<Ban> =>
  (await findBan(banId, now)) ?? refuse("ban_not_found", { banId });

/** Where a ban applies. */
export const banTargetOf = ({ scope, liveStreamId: streamId, hostId }: Ban): BanTarget =>
  scope === "channel" ? { hostId } : { streamId };

/**
 * Records a ban in the member and in its own items, with the reply to its call, in one transaction.
 * Refuses with `ban_of_host` and `ban_exists`; repeated if the member changed in between.
 */
export async function recordBan(
  stream: Stream,
  ban: Ban,
  now: Date,
  reply?: Reply<unknown>,
): Promise<void> {
  const place = banTargetOf(ban);
  await changeMember(place, ban.target.userId, (member) => {
    assertBannable(stream, ban.target.userId, member, now);
    const { id, actionType, endsAt, createdBy: by, reason } = ban;
    const names = namesAtBan(ban.target, member, now);
    const active = { id, actionType, endsAt, by, reason, names };
    return [
      ...memberActions(place, ban.target.userId, member, active, now),
      ...banActions(ban),
      ...(reply?.remember ?? []),
    ];
  });
}

/**
 * Lifts a ban, and removes it from the member if it is one of their current ones. Refuses with
 * `ban_lifted` if it was lifted already or has expired.
 */
export async function liftBan(ban: Ban, by: string, now: Date): Promise<Ban> {
  if (ban.deletedAt !== null) refuse("ban_lifted", { banId: ban.id });
  const at = now.toISOString();
  const lifted: Ban = { ...ban, deletedAt: at, deletedBy: by, updatedAt: at };
  const place = banTargetOf(ban);
  await changeMember(place, ban.target.userId, (member) => {
    const bans = bansOf(member, now);
    const left = storedBan({ ...bans, [ban.actionType]: undefined });
    return [
      ...(bans[ban.actionType]?.id === ban.id
        ? memberActions(place, ban.target.userId, member, left, now)
        : []),
      ...liftActions(ban.hostId, ban.id, by, now, "ban"),
      unbanAction(ban.liveStreamId, ban.target.userId, ban, by, now),
    ];
  });
  return lifted;
}

/**
 * Marks a ban as lifted, once, and removes it from its host's list, which has only bans in force.
 * Writes no other fields of the ban, since the names in it may be erased at any time.
 */
export function liftActions(
  hostId: string,
  banId: string,
  by: string,
  now: Date,
  label?: string,
): Action[] {
  const at = now.toISOString();
  return [
    {
      ...(label !== undefined && { label }),
      Update: {
        Key: key.ban(banId),
        UpdateExpression: "SET deletedAt = :at, deletedBy = :by, updatedAt = :at",
        ConditionExpression: "deletedAt = :null",
        ExpressionAttributeValues: { ":at": at, ":by": by, ":null": null },
      },
    },
    { Delete: { Key: key.hostedBan(hostId, banId) } },
  ];
}

/** The entry of a lifted ban in the moderation log. */
export const unbanAction = (
  streamId: string,
  targetId: string,
  { actionType, endsAt }: Pick<Ban, "actionType" | "endsAt">,
  by: string,
  now: Date,
): Action =>
  actAction(streamId, {
    actorId: by,
    targetId,
    at: now.toISOString(),
    action: "member.unbanned",
    reason: null,
    ban: { actionType, endsAt },
  });

/** How long a host's list keeps an entry after its ban has expired: longer than clocks differ. */
const listedSeconds = 3600;

/**
 * A new ban with its trace, its entry in the moderation log, and its entry in its host's list. The
 * table's TTL removes the last of these after the ban has expired.
 */
export function banActions(ban: Ban): Action[] {
  const { id: banId, liveStreamId, target, actionType, reason, scope } = ban;
  const { createdAt, deletedAt, endsAt } = ban;
  const { userId: targetUserId, username } = target;
  return [
    { Put: { Item: { ...key.tracedBan(targetUserId, banId), banId } } },
    {
      Put: {
        Item: { ...key.ban(banId), ...ban },
        ConditionExpression: "attribute_not_exists(PK)",
      },
    },
    actAction(liveStreamId, {
      actorId: ban.createdBy,
      targetId: targetUserId,
      at: createdAt,
      action: "member.banned",
      reason,
      ban: { actionType, endsAt },
    }),
    {
      Put: {
        Item: {
          ...key.hostedBan(ban.hostId, banId),
          banId,
          liveStreamId,
          targetUserId,
          username,
          actionType,
          createdAt,
          deletedAt,
          endsAt,
          scope,
          ...(endsAt !== null && { expiresAt: secondsOf(endsAt) + listedSeconds }),
        },
      },
    },
  ];
}

const secondsOf = (at: string) => Math.floor(Date.parse(at) / 1000);

/** The most bans of a host's streams that a list reads: the newest of those in force. */
const scanMax = 1_000;

/** The bans of a host's streams that match the filter and are in force, newest first. */
export async function listBans(hostId: string, filter: BanFilter, now: Date): Promise<ListedBan[]> {
  const walk = { limit: scanMax, newestFirst: true, consistent: true };
  const items = await queryItems(key.hostedBan(hostId, ""), prefix.hostedBans, walk);
  return items
    .map((item) => parseItem(ListedBan, item))
    .filter((ban) => isListed(ban, filter, now));
}

/** Bans by their ids, in that order. */
export async function findBans(banIds: readonly string[]): Promise<Ban[]> {
  const keys = banIds.map((banId) => key.ban(banId));
  const bans = await listItems(Ban, keys);
  // A ban that was just made may be missing.
  return bans.length < keys.length ? listItems(Ban, keys, { consistent: true }) : bans;
}
