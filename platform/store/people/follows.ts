import {
  FollowCounts,
  type FollowState,
  followUserOf,
  Relation,
} from "../../../domain/people/follow.ts";
import { refuse } from "../../../domain/refusal.ts";
import { setting } from "../../runtime/env.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem, getItems, getRawItem, keyText, parseItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { type Action, commitTransaction, type Reply } from "../../table/transact.ts";
import { findProfiles } from "./users.ts";

/** The numbers of followers and followed users; zeros for a user without an item. */
export async function findFollowCounts(userId: string): Promise<FollowCounts> {
  return parseItem(FollowCounts, (await getRawItem(key.followCounts(userId))) ?? {});
}

/** The relation of a follower to a user, read consistently; undefined if there is none. */
export async function findRelation(
  followerId: string,
  followedId: string,
): Promise<Relation | undefined> {
  return getItem(Relation, key.following(followerId, followedId), { consistent: true });
}

/**
 * Makes one user follow another: both lists, both counts and the reply in one transaction. Returns
 * whether they did before, in which case nothing is written, not even the reply. Refuses with
 * `user_not_found` if one of them has deleted the account since: nothing would erase the relation.
 */
export async function recordFollow(relation: Relation, reply?: Reply<unknown>): Promise<boolean> {
  const { relationId, followerId, followedId, at } = relation;
  const actions = [
    ...[followerId, followedId].map((userId) => isHere(userId, at)),
    {
      label: "relation",
      Put: {
        Item: { ...key.following(followerId, followedId), ...relation },
        ConditionExpression: "attribute_not_exists(PK)",
      },
    },
    { Put: { Item: { ...key.follower(followedId, relationId), ...relation } } },
    ...countActions(relation, 1),
  ];
  const failed = await commitTransaction(actions, reply);
  for (const userId of [followedId, followerId])
    if (failed?.has(userLabel(userId))) refuse("user_not_found", { userId });
  return failed !== undefined;
}

const userLabel = (userId: string) => `user:${userId}`;

/**
 * Checks that the user, who was known at this time, has not deleted the account since. Checks the
 * erasure, which outlasts every call that began before it and is smaller than a profile.
 */
const isHere = (userId: string, at: string): Action => ({
  label: userLabel(userId),
  ConditionCheck: {
    Key: key.erasure(userId),
    ConditionExpression: "attribute_not_exists(PK) OR #at < :at",
    ExpressionAttributeNames: { "#at": "at" },
    ExpressionAttributeValues: { ":at": at },
  },
});

/** Ends a relation; returns whether there was one. Tries again if it was replaced meanwhile. */
export async function removeFollow(followerId: string, followedId: string): Promise<boolean> {
  return retryOnConflict(async () => {
    const relation = await findRelation(followerId, followedId);
    if (relation === undefined) return false;
    const failed = await commitTransaction([
      {
        label: "relation",
        Delete: {
          Key: key.following(followerId, followedId),
          ConditionExpression: "relationId = :id",
          ExpressionAttributeValues: { ":id": relation.relationId },
        },
      },
      { Delete: { Key: key.follower(followedId, relation.relationId) } },
      ...countActions(relation, -1),
    ]);
    return failed === undefined ? true : conflicted;
  });
}

function countActions({ followerId, followedId }: Relation, by: 1 | -1): Action[] {
  const addTo = (userId: string, name: string): Action => ({
    Update: {
      Key: key.followCounts(userId),
      UpdateExpression: `ADD ${name} :by`,
      ExpressionAttributeValues: { ":by": by },
    },
  });
  return [addTo(followedId, "followersCount"), addTo(followerId, "followingCount")];
}

/** The followers of a user, latest first, after the relation `after`. */
export async function listFollowers(
  userId: string,
  limit: number,
  after: string | undefined,
): Promise<Relation[]> {
  const items = await queryItems(key.follower(userId, ""), prefix.followers, {
    limit,
    newestFirst: true,
    ...(after !== undefined && { after: key.follower(userId, after).SK }),
  });
  return items.map((item) => parseItem(Relation, item));
}

/** The users whom a user follows, sorted by id, after the user `after`. */
export async function listFollowing(
  userId: string,
  limit: number,
  after: string | undefined,
): Promise<Relation[]> {
  const items = await queryItems(key.following(userId, ""), prefix.following, {
    limit,
    ...(after !== undefined && { after: key.following(userId, after).SK }),
  });
  return items.map((item) => parseItem(Relation, item));
}

/** The follow counts of each of these users, and whether the caller follows them. */
export async function findFollowStates(
  userIds: readonly string[],
  callerId: string,
): Promise<(userId: string) => FollowState> {
  const distinct = [...new Set(userIds)];
  const found = await getItems(
    distinct.flatMap((id) => [key.followCounts(id), key.following(callerId, id)]),
  );
  return (userId) => ({
    ...parseItem(FollowCounts, found.get(keyText(key.followCounts(userId))) ?? {}),
    isFollowing: found.has(keyText(key.following(callerId, userId))),
  });
}

/** The known users among these, in this order, as lists show them to the caller. */
export async function listFollowUsers(userIds: readonly string[], callerId: string) {
  const [profiles, stateOf] = await Promise.all([
    findProfiles(userIds),
    findFollowStates(userIds, callerId),
  ]);
  const picture = setting("DEFAULT_PICTURE");
  const known = userIds.flatMap((userId) => profiles.get(userId) ?? []);
  return known.map((user) => followUserOf(user, stateOf(user.userId), picture));
}
