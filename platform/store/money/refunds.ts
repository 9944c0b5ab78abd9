import { Gift, refundedCredits, Share } from "../../../domain/money/gift-item.ts";
import {
  assertMayRefund,
  type Refunder,
  refundGift,
  refundNotices,
} from "../../../domain/money/refund.ts";
import { isForFormerUser } from "../../../domain/money/wallet.ts";
import type { StoredNotification } from "../../../domain/people/notification.ts";
import { refuse } from "../../../domain/refusal.ts";
import { newId } from "../../runtime/id.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { parseItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import type { Action, Reply } from "../../table/transact.ts";
import { notificationActions } from "../people/notifications.ts";
import { listStreamsOfGift } from "./gifts.ts";
import { settle } from "./settle.ts";
import { foldActions, unfoldOf } from "./totals.ts";
import { commit, findWallet, forfeitActions } from "./wallets.ts";

/** A gift with the further receivers' shares. */
type WholeGift = { gift: Gift; shares: Share[] };

/** The most items of one gift, itself and its shares: far more than it can have. */
const itemsMax = 100;

/**
 * A gift or superlike by its id, read consistently; refuses with `gift_not_found`, also for a pass,
 * which is found only through its holder's member item.
 */
export async function getGift(giftId: string): Promise<WholeGift> {
  for (const streamId of await listStreamsOfGift(giftId)) {
    const found = await findGift(streamId, giftId);
    if (found !== undefined && found.gift.kind !== "pass") return found;
  }
  return refuse("gift_not_found", { giftId });
}

/** A gift of a stream, read consistently. */
export async function findGift(streamId: string, giftId: string): Promise<WholeGift | undefined> {
  const place = key.gift(streamId, giftId);
  const items = await queryItems(place, place.SK, { limit: itemsMax, consistent: true });
  const gift = items.find(({ SK }) => SK === place.SK);
  if (gift === undefined) return undefined;
  const shares = items.filter(({ SK }) => SK !== place.SK).map((item) => parseItem(Share, item));
  return { gift: parseItem(Gift, gift), shares };
}

/** The response to a refund. */
export type RefundAnswer = { id: string; refundedAt: string; credits: number };

/**
 * Refunds a gift or superlike, once: it is settled first if it is still due, then reversed in one
 * transaction if nothing is due and it was not refunded. The transaction has both sides, the
 * totals, the leaderboard, the notifications, the reply and the actions of `also`. Refuses with
 * `refund_not_yours`, `gift_already_refunded` and `refund_not_covered`, and with `pass_not_found`
 * if the pass was forfeited.
 */
export async function refund(
  { gift, shares }: WholeGift,
  by: Refunder,
  now: Date,
  idempotentReply?: (answer: RefundAnswer) => Reply<RefundAnswer>,
  also: readonly Action[] = [],
): Promise<RefundAnswer> {
  assertMayRefund(gift, by);
  let whole = { gift, shares };
  const refundedAt = now.toISOString();
  const answer = { id: gift.id, refundedAt, credits: refundedCredits(gift) };
  const reply = idempotentReply?.(answer) ?? { answer, remember: [] };
  const notices = refundNotices(gift, () => newId(now), now);
  return retryOnConflict(async () => {
    if (whole.gift.refundedAt !== undefined) refuse("gift_already_refunded");
    if (whole.gift.isForfeit) refuse("pass_not_found", { userId: gift.sender.userId });
    await settleFirst(whole, now);
    const outcome = await reverse(whole, by, now, notices, [
      ...markActions(whole, refundedAt, by),
      ...(gift.kind === "gift" ? foldActions([unfoldOf(gift)]) : []),
      ...also,
      ...reply.remember,
    ]);
    if (outcome === "refunded") return reply.answer;
    // Another call refunded it, or it was due after all: the current gift decides.
    whole =
      (await findGift(gift.streamId, gift.id)) ?? refuse("gift_not_found", { giftId: gift.id });
    return conflicted;
  });
}

async function settleFirst({ gift, shares }: WholeGift, now: Date): Promise<void> {
  for (const due of [gift, ...shares]) if (due.due !== undefined) await settle(due.due, [due], now);
}

/** Marks the gift if it is neither refunded nor due, and checks that none of its shares is due. */
function markActions({ gift, shares }: WholeGift, refundedAt: string, by: Refunder): Action[] {
  const mark: Action = {
    label: "gift",
    Update: {
      Key: key.gift(gift.streamId, gift.id),
      UpdateExpression: "SET refundedAt = :at, refundedBy = :by, #revision = #revision + :one",
      ConditionExpression:
        "attribute_exists(PK) AND attribute_not_exists(#due) AND attribute_not_exists(refundedAt)",
      ExpressionAttributeNames: { "#due": "due", "#revision": "revision" },
      ExpressionAttributeValues: { ":at": refundedAt, ":by": by, ":one": 1 },
    },
  };
  const checks = shares.map(
    ({ streamId, id, part }): Action => ({
      label: "gift",
      ConditionCheck: {
        Key: key.gift(streamId, id, part),
        ConditionExpression: "attribute_exists(PK) AND attribute_not_exists(#due)",
        ExpressionAttributeNames: { "#due": "due" },
      },
    }),
  );
  return [mark, ...checks];
}

/** Thrown through commit() when the gift has changed since the read, so that it is read again. */
class Overtaken extends Error {}

async function reverse(
  { gift, shares }: WholeGift,
  by: Refunder,
  now: Date,
  notices: readonly StoredNotification[],
  others: readonly Action[],
): Promise<"refunded" | "overtaken"> {
  const ids = [gift.sender.userId, ...gift.receivers.map(({ userId }) => userId)];
  const wallets = await Promise.all(ids.map(findWallet));
  try {
    return await commit(
      wallets,
      (current) => {
        const [sender, ...rest] = current;
        const receivers = new Map(rest.map((wallet) => [wallet.userId, wallet]));
        const drafts = refundGift(gift, shares, { sender: sender!, receivers }, by, now);
        // Former users get no notification: it would be for the next user of their sub.
        const former = current.filter((one) => isForFormerUser(one, Date.parse(gift.createdAt)));
        const left = new Set(former.map(({ userId }) => userId));
        const actions = [
          ...drafts.flatMap(forfeitActions),
          ...notices
            .filter(({ userId }) => !left.has(userId))
            .flatMap((notice) => notificationActions(notice)),
          ...others,
        ];
        return { drafts, actions, reply: { answer: "refunded" as const, remember: [] } };
      },
      () => {
        throw new Overtaken();
      },
    );
  } catch (error) {
    if (error instanceof Overtaken) return "overtaken";
    throw error;
  }
}
