import type { MomentItem, TrainResult } from "../../domain/audience/moment.ts";
import { levelOf, netCreditsOf, topMax } from "../../domain/audience/train.ts";
import { type LogState, timedIn } from "../../domain/log/sums.ts";
import { creditsIn, isOpenTrain } from "../../domain/log/train-progress.ts";
import { type Gift, refundedCredits } from "../../domain/money/gift-item.ts";
import { isForFormerUser, type Wallet } from "../../domain/money/wallet.ts";

/** A sender's credits; `own` is without those of a former user of the same sub. */
type SenderCredits = { credits: number; own: number; isNamed: boolean };

/** The stored gifts of a train: credits by sender, and the total including refunded gifts. */
export type CreditsGiven = { bySender: Map<string, SenderCredits>; gross: number };

/** Wallets whose former user has deleted the account, by user. */
export type Inherited = ReadonlyMap<string, Pick<Wallet, "leftAt">>;

export const nothingGiven = (): CreditsGiven => ({ bySender: new Map(), gross: 0 });

/** When a train ends: its log is the first to know that it was extended. */
function endOf(moment: MomentItem, log: LogState = {}): string {
  const { id, endedAt, endsAt } = timedIn(moment, log);
  const known = log.moments?.find((one) => one.id === id);
  if (endedAt === null && known !== undefined && isOpenTrain(known)) return known.endsAt;
  return endedAt ?? endsAt ?? "";
}

/** Adds a gift to the stored gifts of a train. */
export function addGift(
  giving: CreditsGiven,
  gift: Gift,
  moment: MomentItem,
  log: LogState | undefined,
  inherited: Inherited,
): void {
  const { startedAt } = moment;
  const end = endOf(moment, log);
  const { userId, username } = gift.sender;
  const net = netCreditsOf(gift, startedAt, end);
  if (gift.createdAt >= startedAt && gift.createdAt < end) giving.gross += refundedCredits(gift);
  if (net === 0) return;
  const { credits, own, isNamed } = giving.bySender.get(userId) ?? nothing;
  const isFormer = isForFormerUser(inherited.get(userId) ?? {}, Date.parse(gift.createdAt));
  giving.bySender.set(userId, {
    credits: credits + net,
    own: own + (isFormer ? 0 : net),
    isNamed: isNamed || (!isFormer && username !== ""),
  });
}

const nothing: SenderCredits = { credits: 0, own: 0, isNamed: false };

/** The stored credits of a train. */
export const creditsOf = ({ bySender }: CreditsGiven): number =>
  [...bySender.values()].reduce((sum, { credits }) => sum + credits, 0);

/**
 * Whether a result matches the stored gifts. A level counts if it was ever reached: refunds lower
 * credits, never levels.
 */
export function isResultSound(
  { level, credits, top }: TrainResult,
  giving: CreditsGiven,
  { train }: MomentItem,
): boolean {
  const levels = train?.levels ?? [];
  const isReached = level >= levelOf(credits, levels) && level <= levelOf(giving.gross, levels);
  return credits === creditsOf(giving) && isReached && isTopSound(top, giving);
}

/**
 * Whether the top senders gave what the result says, and no sender is missing who gave more than
 * the fourth of all. Users who were deleted later are missing in results, and so are senders
 * without a username in those of versions up to 0.2.0.
 */
function isTopSound(top: TrainResult["top"], { bySender }: CreditsGiven): boolean {
  const shown = new Map(top.map(({ user, credits }) => [user._id, credits]));
  const inOrder = [...bySender.values()].map(({ credits }) => credits).sort((a, b) => b - a);
  const isTrue = [...shown].every(([userId, credits]) => {
    const { credits: all, own } = bySender.get(userId) ?? nothing;
    return credits === all || credits === own;
  });
  const isComplete = [...bySender].every(
    ([userId, { own, isNamed }]) => !isNamed || shown.has(userId) || (inOrder[topMax] ?? 0) >= own,
  );
  return isTrue && isComplete;
}

/** Whether a log matches the stored gifts of an open train. */
export function isLiveSound(log: LogState, giving: CreditsGiven, { id }: MomentItem): boolean {
  return creditsIn(log.sums, id) === creditsOf(giving);
}
