import { goalChangesOf, goalResultOf } from "../../../domain/audience/goal.ts";
import { LikeItem } from "../../../domain/audience/likes.ts";
import type { MomentItem, MomentResult } from "../../../domain/audience/moment.ts";
import { trainCountOf } from "../../../domain/audience/train.ts";
import { type Count, countVote, pollResultOf, VoteItem } from "../../../domain/audience/vote.ts";
import type { Gift } from "../../../domain/money/gift-item.ts";
import { isForFormerUser, type Wallet } from "../../../domain/money/wallet.ts";
import { setting } from "../../runtime/env.ts";
import { parseItem } from "../../table/items.ts";
import { crowdPartitions, prefix } from "../../table/keys.ts";
import { queryAll } from "../../table/query.ts";
import { eachGift } from "../money/gifts.ts";
import { findWallet } from "../money/wallets.ts";
import { type AnonymousRemainder, findRemainder } from "./anonymous-remainder.ts";

/** Items of one page: votes and likes take some hundred bytes. */
const pageSize = 1_000;
const walk = { consistent: true, pageSize };

/** Counts a moment from the stored items: all votes, and gifts before `endedAt`. */
export async function recount(moment: MomentItem, endedAt: string): Promise<MomentResult> {
  if (moment.kind === "poll") return pollResultOf(await countVotes(moment));
  const target = moment.target ?? 0;
  if (moment.of !== "likes") return countGifts(moment, endedAt, target);
  const amount = await countGoalLikes(moment);
  return { amount, reached: amount >= target };
}

/**
 * The votes of a poll by option, and the number of voters. A stored vote counts whatever its time:
 * it was accepted, so its call began before the poll's time was over, and before a call that ended
 * the poll early was committed.
 */
export const countVotes = ({ id, options = [] }: MomentItem): Promise<Count> =>
  whileNobodyLeaves(id, async ({ count: voters, parts }) => {
    let count: Count = { votes: options.map((_, at) => parts.get(String(at)) ?? 0), voters };
    for (const partition of crowdPartitions(id))
      for await (const item of queryAll(partition, { prefix: prefix.votes }, walk))
        count = countVote(count, parseItem(VoteItem, item).options);
    return count;
  });

/**
 * Counts likes or votes: those in users' items, and the remainder of erased users. Counts again if
 * an erasure has moved some from an item to the remainder in the meantime.
 */
async function whileNobodyLeaves<Counted>(
  id: string,
  count: (rest: AnonymousRemainder) => Promise<Counted>,
): Promise<Counted> {
  for (let rest = await findRemainder(id); ; ) {
    const counted = await count(rest);
    const now = await findRemainder(id);
    if (now.count === rest.count) return counted;
    rest = now;
  }
}

/** The amount of a goal of credits or gifts before `endedAt`. */
export async function countGifts(moment: MomentItem, endedAt: string, target: number) {
  const { streamId, startedAt } = moment;
  const changes = [];
  for await (const gift of eachGift(streamId, { startedAt, endedAt }))
    changes.push(...goalChangesOf(gift, { ...moment, endedAt }));
  return goalResultOf(changes, target);
}

async function countGoalLikes({ id, streamId }: MomentItem): Promise<number> {
  const { goals } = await countLikes(streamId);
  return goals.get(id) ?? 0;
}

/** All likes of a stream, and those that counted for goals. */
export const countLikes = (streamId: string) =>
  whileNobodyLeaves(streamId, async ({ count, parts }) => {
    let likes = count;
    const goals = new Map(parts);
    for (const partition of crowdPartitions(streamId))
      for await (const item of queryAll(partition, { prefix: prefix.likes }, walk)) {
        const one = parseItem(LikeItem, item);
        likes += one.likes;
        for (const [id, n] of Object.entries(one.goals ?? {}))
          goals.set(id, (goals.get(id) ?? 0) + n);
      }
    return { likes, goals };
  });

/** Counts a train from its gifts before `endedAt`, and who gave most. */
export async function countTrain({ streamId, startedAt }: MomentItem, endedAt: string) {
  const span = { startedAt, endedAt };
  const gifts: Gift[] = [];
  for await (const gift of eachGift(streamId, span))
    if (gift.createdAt >= startedAt && gift.createdAt < endedAt) gifts.push(gift);
  // Only the wallets of the top senders are read. They show who was deleted: then others move up,
  // whose wallets are read next.
  const wallets = new Map<string, Wallet>();
  const isOfDeleted = ({ sender, createdAt }: Gift) =>
    isForFormerUser(wallets.get(sender.userId) ?? {}, Date.parse(createdAt));
  for (;;) {
    const count = trainCountOf(gifts, span, setting("DEFAULT_PICTURE"), isOfDeleted);
    const unread = count.top.map(({ user }) => user._id).filter((id) => !wallets.has(id));
    if (unread.length === 0) return count;
    for (const wallet of await Promise.all(unread.map(findWallet)))
      wallets.set(wallet.userId, wallet);
  }
}
