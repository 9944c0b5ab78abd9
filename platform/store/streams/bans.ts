import { refuse } from "../../../domain/refusal.ts";
import {
  assertBannable,
  Ban,
  type BanFilter,
  isListed,
  ListedBan,
} from "../../../domain/streams/ban.ts";
import { namesAtBan } from "../../../domain/streams/shown.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { getItem, listItems } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { read } from "../../table/table.ts";
import type { Action } from "../../table/transact.ts";
import { changeMember, memberActions } from "./members.ts";
import { actAction } from "./moderation.ts";

/** The ban with this id, lifted or not. */
export async function findBan(banId: string): Promise<Ban | undefined> {
  return getItem(Ban, key.ban(banId), { consistent: true });
}

/** The ban; refuses with `ban_not_found`. */
export const getBan = async (banId: string): Promise<Ban> =>
  (await findBan(banId)) ?? refuse("ban_not_found", { banId });

/**
 * Records a ban in the member and in its own items, all or nothing. Refuses with `ban_of_host` and
 * `ban_exists`; decided again when the member was changed in between.
 */
export async function recordBan(stream: Stream, ban: Ban, now: Date): Promise<void> {
  await changeMember(stream.id, ban.target.userId, (member) => {
    assertBannable(stream, ban.target.userId, member, now);
    const { id, actionType, endsAt, createdBy: by, reason } = ban;
    const names = namesAtBan(ban.target, member, now);
    const active = { id, actionType, endsAt, by, reason, names };
    return [
      ...memberActions(stream.id, ban.target.userId, member, active, now),
      ...banActions(ban),
    ];
  });
}

/** Lifts a ban; the member is free if this is the ban that they have. */
export async function liftBan(ban: Ban, by: string, now: Date): Promise<Ban> {
  const at = now.toISOString();
  const lifted: Ban = { ...ban, deletedAt: at, deletedBy: by, updatedAt: at };
  await changeMember(ban.liveStreamId, ban.target.userId, (member) => [
    ...(member?.ban?.id === ban.id
      ? memberActions(ban.liveStreamId, ban.target.userId, member, undefined, now)
      : []),
    ...banActions(lifted),
  ]);
  return lifted;
}

/** The ban itself, its place in the list of its host, and its entry in the log of moderation. */
export function banActions(ban: Ban): Action[] {
  const { id: banId, liveStreamId, target, actionType, createdAt, deletedAt } = ban;
  const { userId: targetUserId, username } = target;
  const isLifted = deletedAt !== null;
  return [
    { Put: { Item: { ...key.tracedBan(targetUserId, banId), banId } } },
    {
      label: "ban",
      Put: {
        Item: { ...key.ban(banId), ...ban },
        // A ban is lifted once; a new one is not there yet.
        ConditionExpression: "attribute_not_exists(PK) OR deletedAt = :null",
        ExpressionAttributeValues: { ":null": null },
      },
    },
    actAction(liveStreamId, {
      actorId: isLifted ? (ban.deletedBy ?? ban.createdBy) : ban.createdBy,
      targetId: targetUserId,
      at: ban.updatedAt,
      action: isLifted ? "member.unbanned" : "member.banned",
      reason: isLifted ? null : ban.reason,
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
        },
      },
    },
  ];
}

/** How many bans of a host's streams a list looks at: the newest. */
const lookMax = 1_000;

/** The bans of a host's streams that pass the filter and are not lifted, newest first. */
export async function listBans(hostId: string, filter: BanFilter): Promise<ListedBan[]> {
  const walk = { limit: lookMax, newestFirst: true, consistent: true };
  const items = await queryItems(key.hostedBan(hostId, ""), prefix.hostedBans, walk);
  return items.map((item) => read(ListedBan, item)).filter((ban) => isListed(ban, filter));
}

/** Bans by their ids, in that order. */
export const findBans = (banIds: readonly string[]): Promise<Ban[]> =>
  listItems(
    Ban,
    banIds.map((banId) => key.ban(banId)),
  );
