import type { GiftContext } from "../../../domain/money/gift.ts";
import type { Gift } from "../../../domain/money/gift-item.ts";
import { decidePass, type PassTerms } from "../../../domain/money/pass.ts";
import { Refusal, refuse } from "../../../domain/refusal.ts";
import { key } from "../../table/keys.ts";
import { type Action, commitTransaction, type Failed, type Reply } from "../../table/transact.ts";
import { findMember } from "../streams/members.ts";
import { giftActions, recordGift } from "./gifts.ts";
import { findGift, type RefundAnswer, refund } from "./refunds.ts";

/** Thrown through `recordGift` when another call has bought the pass meanwhile. */
class Bought extends Error {}

/**
 * Charges for a pass and grants it, in one transaction with the reply. Returns false if the user
 * already has one: then nothing was charged and no reply is recorded. Refuses as `decidePass` does.
 */
export async function buyPass(
  context: GiftContext,
  terms: PassTerms,
  reply: Reply<unknown>,
): Promise<boolean> {
  try {
    const actionsOf = (gift: Gift) => [...giftActions(gift), passAction(gift)];
    await recordGift(decidePass(context, terms), () => reply, actionsOf, endIfBought);
    return true;
  } catch (error) {
    if (error instanceof Bought) return false;
    // If another call of the user has paid for the pass, the wallet may not cover a second one.
    if (error instanceof Refusal && (await hasPass(context))) return false;
    throw error;
  }
}

async function hasPass({ stream, sender }: GiftContext): Promise<boolean> {
  const member = await findMember(stream.id, sender.userId, { consistent: true });
  return member?.pass !== undefined;
}

function endIfBought(failed: Failed): void {
  if (failed.has("pass")) throw new Bought();
}

const passAction = ({ id: giftId, streamId, sender: { userId }, createdAt: at }: Gift): Action => ({
  label: "pass",
  Update: {
    Key: key.member(streamId, userId),
    UpdateExpression: "SET userId = :user, pass = :pass",
    ConditionExpression: "attribute_not_exists(pass)",
    ExpressionAttributeValues: { ":user": userId, ":pass": { giftId, at } },
  },
});

/** Removes the pass of a deleted user; the host keeps its charge. */
export async function forfeitPass(streamId: string, userId: string, giftId: string) {
  await commitTransaction([
    takenAction(streamId, userId, giftId),
    {
      Update: {
        Key: key.gift(streamId, giftId),
        UpdateExpression: "SET isForfeit = :true",
        ExpressionAttributeValues: { ":true": true },
      },
    },
  ]);
}

/** Removes a user's pass if it is still the one that this gift paid for. */
const takenAction = (streamId: string, userId: string, giftId: string): Action => ({
  label: "pass",
  Update: {
    Key: key.member(streamId, userId),
    UpdateExpression: "REMOVE pass",
    ConditionExpression: "pass.giftId = :id",
    ExpressionAttributeValues: { ":id": giftId },
  },
});

/**
 * Refunds a user's pass and removes it, once. Refuses with `pass_not_found`. The user may buy
 * another one.
 */
export async function refundPass(
  { streamId, userId, adminId }: { streamId: string; userId: string; adminId: string },
  now: Date,
  idempotentReply: (answer: RefundAnswer) => Reply<RefundAnswer>,
): Promise<RefundAnswer> {
  const member = await findMember(streamId, userId, { consistent: true });
  const giftId = member?.pass?.giftId;
  const paid = giftId === undefined ? undefined : await findGift(streamId, giftId);
  if (paid === undefined) refuse("pass_not_found", { userId });
  const by = { role: "admin", userId: adminId } as const;
  const taken = takenAction(streamId, userId, paid.gift.id);
  return refund(paid, by, now, idempotentReply, [taken]);
}
