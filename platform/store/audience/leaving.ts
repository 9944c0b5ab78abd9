import { LikeItem } from "../../../domain/audience/likes.ts";
import { VoteItem } from "../../../domain/audience/vote.ts";
import { decideAgain, overtaken } from "../../table/conflicts.ts";
import { getItem, listItems } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryPages } from "../../table/query.ts";
import { commitTransaction } from "../../table/transact.ts";
import { removeOwn } from "./changes.ts";
import { crowdRestAction } from "./crowd-rest.ts";
import { removeLiker } from "./log-state.ts";

/** A user's likes in a stream, read consistently. */
export const findLike = (streamId: string, userId: string): Promise<LikeItem | undefined> =>
  getItem(LikeItem, key.like(streamId, userId), { consistent: true });

/** Polls of one page. */
const pageSize = 100;

/** A user's votes in the polls of a stream, read consistently. */
export async function* eachVote(streamId: string, userId: string): AsyncGenerator<VoteItem> {
  const walk = { consistent: true, pageSize, fields: "id" };
  const range = { prefix: prefix.moments };
  for await (const page of queryPages(key.moment(streamId, ""), range, walk)) {
    const keys = page.map(({ id }) => key.vote(String(id), userId));
    yield* await listItems(VoteItem, keys, { consistent: true });
  }
}

/**
 * Removes a user from what they did with others in a stream until `at`: likes and votes move to an
 * anonymous remainder, each in one transaction, so that sums and results stay.
 */
export async function leaveCrowd(streamId: string, userId: string, at: string): Promise<void> {
  await decideAgain(async () => {
    const like = await findLike(streamId, userId);
    if (like === undefined || like.at > at) return undefined;
    const parts = Object.entries(like.goals ?? {});
    const failed = await commitTransaction([
      removeOwn(key.like(streamId, userId), like),
      crowdRestAction(streamId, like.likes, parts),
    ]);
    return failed === undefined ? undefined : overtaken;
  });
  await removeLiker(streamId, userId);
  for await (const vote of eachVote(streamId, userId)) await leavePoll(vote, at);
}

async function leavePoll({ momentId, userId }: VoteItem, at: string): Promise<void> {
  await decideAgain(async () => {
    const place = key.vote(momentId, userId);
    const vote = await getItem(VoteItem, place, { consistent: true });
    if (vote === undefined || vote.at > at) return undefined;
    const parts = vote.options.map((option): [string, number] => [String(option), 1]);
    const failed = await commitTransaction([
      removeOwn(place, vote),
      crowdRestAction(momentId, 1, parts),
    ]);
    return failed === undefined ? undefined : overtaken;
  });
}
