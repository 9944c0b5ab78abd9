import { type Gift, refundedCredits } from "../money/gift-item.ts";
import { endOf, type GoalResult, type MomentItem } from "./moment.ts";

/** A change to a goal's amount and its time: a gift, or its refund, which is negative. */
type GoalChange = { at: string; amount: number };

/** How a gift and its refund change a goal that counts credits or gifts. */
export function goalChangesOf(gift: Gift, moment: MomentItem): GoalChange[] {
  const [{ of, startedAt }, endedAt] = [moment, endOf(moment)];
  const { createdAt, refundedAt, kind, count, receivers } = gift;
  if (kind === "pass" || createdAt < startedAt || createdAt >= endedAt) return [];
  const quantity = kind === "superlike" ? 0 : count * receivers.length;
  const amount = of === "credits" ? refundedCredits(gift) : quantity;
  const isBack = refundedAt !== undefined && refundedAt < endedAt;
  return [{ at: createdAt, amount }, ...(isBack ? [{ at: refundedAt, amount: -amount }] : [])];
}

/** The result of a goal: the amount that counts, and whether its target was ever reached. */
export function goalResultOf(changes: readonly GoalChange[], target: number): GoalResult {
  const inOrder = [...changes].sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
  let [amount, most] = [0, 0];
  for (const change of inOrder) {
    amount += change.amount;
    most = Math.max(most, amount);
  }
  return { amount: Math.max(0, amount), reached: most >= target };
}

/**
 * Whether a stored result matches the changes. A goal that viewers saw as reached stays reached,
 * and a log adds changes in the order of their commits: so the goal may be reached although, in the
 * order of times, its target never was.
 */
export function isGoalResultSound(
  { amount, reached }: GoalResult,
  changes: readonly GoalChange[],
  target: number,
): boolean {
  const counted = goalResultOf(changes, target);
  const gross = changes.reduce((sum, change) => sum + Math.max(0, change.amount), 0);
  return amount === counted.amount && (reached ? gross >= target : !counted.reached);
}
