import type { MomentItem, TrainResult } from "../../domain/audience/moment.ts";
import { levelOf, netOf } from "../../domain/audience/train.ts";
import type { LogState } from "../../domain/log/sums.ts";
import { creditsIn, isOpenTrain } from "../../domain/log/train-progress.ts";
import { type Gift, refundedCredits } from "../../domain/money/gift-item.ts";

/** The stored gifts of a train: credits by sender, and the total including refunded gifts. */
export type Giving = { bySender: Map<string, number>; gross: number };

export const nothingGiven = (): Giving => ({ bySender: new Map(), gross: 0 });

/** When a train ends: its log is the first to know that it was extended. */
function endOf({ id, endedAt, endsAt }: MomentItem, log: LogState | undefined): string {
  const known = log?.moments?.find((one) => one.id === id);
  if (endedAt === null && known !== undefined && isOpenTrain(known)) return known.endsAt;
  return endedAt ?? endsAt ?? "";
}

/** Adds a gift to the stored gifts of a train. */
export function addGift(
  giving: Giving,
  gift: Gift,
  moment: MomentItem,
  log: LogState | undefined,
): void {
  const { startedAt } = moment;
  const end = endOf(moment, log);
  const { userId } = gift.sender;
  const net = netOf(gift, startedAt, end);
  if (gift.createdAt >= startedAt && gift.createdAt < end) giving.gross += refundedCredits(gift);
  if (net !== 0) giving.bySender.set(userId, (giving.bySender.get(userId) ?? 0) + net);
}

/** The stored credits of a train. */
export const creditsOf = ({ bySender }: Giving): number =>
  [...bySender.values()].reduce((sum, credits) => sum + credits, 0);

/**
 * Whether a result matches the stored gifts. A level counts if it was ever reached: refunds lower
 * credits, never levels.
 */
export function isResultSound(
  { level, credits, top }: TrainResult,
  giving: Giving,
  { train }: MomentItem,
): boolean {
  const levels = train?.levels ?? [];
  const isReached = level >= levelOf(credits, levels) && level <= levelOf(giving.gross, levels);
  const isTop = top.every(({ user, credits }) => giving.bySender.get(user._id) === credits);
  return credits === creditsOf(giving) && isReached && isTop;
}

/** Whether a log matches the stored gifts of an open train. */
export function isLiveSound(log: LogState, giving: Giving, { id }: MomentItem): boolean {
  return creditsIn(log.sums, id) === creditsOf(giving);
}
