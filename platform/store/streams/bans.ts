import { refuse } from "../../../domain/refusal.ts";
import { assertBannable, Ban, nextRevision } from "../../../domain/streams/ban.ts";
import type { Member } from "../../../domain/streams/member.ts";
import { namesAtBan } from "../../../domain/streams/shown.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { decideAgain, overtaken } from "../../table/conflicts.ts";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { record } from "../../table/record.ts";
import type { Action } from "../../table/transact.ts";
import { actAction } from "./moderation.ts";
import { findMember } from "./streams.ts";

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
    const held = { id, actionType, endsAt, by, reason, names };
    return [memberAction(stream.id, ban.target.userId, member, held, now), ...banActions(ban)];
  });
}

/** Lifts a ban: the member is free again if this is the ban that they have. */
export async function liftBan(ban: Ban, by: string, now: Date): Promise<Ban> {
  const at = now.toISOString();
  const lifted: Ban = { ...ban, deletedAt: at, deletedBy: by, updatedAt: at };
  await changeMember(ban.liveStreamId, ban.target.userId, (member) => [
    ...(member?.ban?.id === ban.id
      ? [memberAction(ban.liveStreamId, ban.target.userId, member, undefined, now)]
      : []),
    ...banActions(lifted),
  ]);
  return lifted;
}

/**
 * Changes a member; `decide` decides again when it was changed in between; no actions: so it is.
 */
export async function changeMember(
  streamId: string,
  userId: string,
  decide: (member: Member | undefined) => Action[],
): Promise<void> {
  await decideAgain(async () => {
    const member = await findMember(streamId, userId, { consistent: true });
    const actions = decide(member);
    const failed = actions.length === 0 ? undefined : await record(actions);
    if (failed?.has("ban")) refuse("ban_lifted");
    return failed === undefined ? undefined : overtaken;
  });
}

/**
 * Sets or takes the member's ban under their revision, which admissions of messages leave alone.
 */
export function memberAction(
  streamId: string,
  userId: string,
  member: Member | undefined,
  ban: Member["ban"],
  now: Date,
): Action {
  const isSame =
    member?.revision === undefined ? "attribute_not_exists(revision)" : "revision = :was";
  const values = { ":user": userId, ":revision": nextRevision(member, now) };
  const set = "SET userId = :user, revision = :revision";
  return {
    label: "member",
    Update: {
      Key: key.member(streamId, userId),
      UpdateExpression: ban == null ? `${set} REMOVE ban` : `${set}, ban = :ban`,
      ConditionExpression: isSame,
      ExpressionAttributeValues: {
        ...values,
        ...(ban != null && { ":ban": ban }),
        ...(member?.revision !== undefined && { ":was": member.revision }),
      },
    },
  };
}

/** The ban itself, its place in the list of its host, and the note in the log of moderation. */
export function banActions(ban: Ban): Action[] {
  const { id: banId, liveStreamId, target, actionType, createdAt, deletedAt } = ban;
  const listed = { banId, liveStreamId, actionType, createdAt, deletedAt };
  const { userId: targetUserId, username } = target;
  const isLifted = deletedAt !== null;
  const by = isLifted ? (ban.deletedBy ?? ban.createdBy) : ban.createdBy;
  const act = { actorId: by, targetId: targetUserId, at: ban.updatedAt } as const;
  return [
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
      ...act,
      action: isLifted ? "member.unbanned" : "member.banned",
      reason: isLifted ? null : ban.reason,
    }),
    {
      Put: {
        Item: { ...key.hostedBan(ban.hostId, banId), ...listed, targetUserId, username },
      },
    },
  ];
}
