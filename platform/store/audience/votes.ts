import { assertOpen, type MomentItem } from "../../../domain/audience/moment.ts";
import { isSameVote, VoteItem } from "../../../domain/audience/vote.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { newChange, replaceOwn } from "./changes.ts";

/** A user's vote, read consistently. */
export const findVote = (momentId: string, userId: string): Promise<VoteItem | undefined> =>
  getItem(VoteItem, key.vote(momentId, userId), { consistent: true });

/**
 * Records a vote, replacing an earlier one; an equal vote changes nothing. Refuses with
 * `moment_over`.
 */
export async function recordVote(
  moment: MomentItem,
  userId: string,
  options: number[],
  now: Date,
): Promise<void> {
  const { streamId, id: momentId } = moment;
  assertOpen(moment, now);
  const place = key.vote(momentId, userId);
  await retryOnConflict(async () => {
    const was = await findVote(momentId, userId);
    if (was !== undefined && isSameVote(was.options, options)) return undefined;
    const at = now.toISOString();
    const vote: VoteItem = { streamId, momentId, userId, options, at, change: newChange() };
    return (await replaceOwn(place, was, vote, now)) ? undefined : conflicted;
  });
}
