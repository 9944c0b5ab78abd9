import { LikeItem } from "../../../domain/audience/likes.ts";
import { VoteItem } from "../../../domain/audience/vote.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem, listItems, type ReadOptions } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { commitTransaction } from "../../table/transact.ts";
import { findRemainder, remainderAction } from "./anonymous-remainder.ts";
import { removeOwn } from "./changes.ts";
import { noteLikers, removeLiker } from "./log-state.ts";
import { findSpentGoals } from "./past-goals.ts";

/** A user's likes in a stream, read consistently. */
const findLike = (streamId: string, userId: string): Promise<LikeItem | undefined> =>
  getItem(LikeItem, key.like(streamId, userId), { consistent: true });

/** A user's likes in these streams. */
export const listLikes = (streamIds: readonly string[], userId: string): Promise<LikeItem[]> =>
  listItems(
    LikeItem,
    streamIds.map((id) => key.like(id, userId)),
  );

/** A user's votes in these polls; a moment of another kind has none. */
export const listVotes = (
  momentIds: readonly string[],
  userId: string,
  reading?: ReadOptions,
): Promise<VoteItem[]> =>
  listItems(
    VoteItem,
    momentIds.map((id) => key.vote(id, userId)),
    reading,
  );

/** Parts that one erasure removes from the remainder: an expression has at most 4 KB. */
const spentMax = 200;

/*
 * A deleted user's likes and votes move to an anonymous remainder in one transaction, so that sums
 * and results stay.
 */

/**
 * Removes a user who was deleted at `at` from the likes of a stream. Their item has one sum, so
 * likes that were added to it after the deletion go with it. An item that was begun after `at` is
 * the next user's, who keeps it and their place among those who liked most.
 */
export async function anonymizeLikes(streamId: string, userId: string, at: string): Promise<void> {
  const next = await retryOnConflict(async () => {
    const like = await findLike(streamId, userId);
    if (like === undefined || (like.begunAt ?? like.at) > at) return like;
    const goals = like.goals ?? {};
    const rest = await findRemainder(streamId);
    const [spent, old] = await Promise.all([
      findSpentGoals(streamId, Object.keys(goals)),
      findSpentGoals(streamId, rest.parts.keys(), { most: spentMax }),
    ]);
    const parts = Object.entries(goals).filter(([id]) => !spent.includes(id));
    const gone = old.filter((id) => !parts.some(([kept]) => kept === id));
    const failed = await commitTransaction([
      removeOwn(key.like(streamId, userId), like),
      remainderAction(streamId, like.likes, parts, gone),
    ]);
    return failed === undefined ? undefined : conflicted;
  });
  await removeLiker(streamId, userId);
  if (next !== undefined) await noteLikers(streamId, [{ userId, likes: next.likes, at: next.at }]);
}

/** Removes a user who was deleted at `at` from the votes of a poll; a later vote stays. */
export async function anonymizeVote(momentId: string, userId: string, at: string): Promise<void> {
  await retryOnConflict(async () => {
    const place = key.vote(momentId, userId);
    const vote = await getItem(VoteItem, place, { consistent: true });
    if (vote === undefined || vote.at > at) return undefined;
    const parts = vote.options.map((option): [string, number] => [String(option), 1]);
    const failed = await commitTransaction([
      removeOwn(place, vote),
      remainderAction(momentId, 1, parts),
    ]);
    return failed === undefined ? undefined : conflicted;
  });
}
