import * as z from "zod";
import { decideGift, type GiftContext } from "../../../domain/money/gift.ts";
import { personOf } from "../../../domain/people/person.ts";
import { Refusal } from "../../../domain/refusal.ts";
import { type BeforeSendGift, identityOf } from "../../../domain/tencent/incoming-callback.ts";
import { endCallsIn, millisecondsLeft } from "../../deadline.ts";
import { setting } from "../../env.ts";
import { logFault, logNotice } from "../../log.ts";
import { pause } from "../../table/conflicts.ts";
import { KeyUsed } from "../../table/record.ts";
import { startTimer } from "../../timers.ts";
import { commitGift, getGiver } from "../money/gifts.ts";
import { findGift, refund } from "../money/refunds.ts";
import { getKnownAccounts } from "./accounts.ts";
import { CallAnswer, CallMark, findTwin, markAction, markOf, overrideMark } from "./call-marks.ts";
import { getGiftTypeByAlias } from "./gift-aliases.ts";
import { getRoom } from "./rooms.ts";

/** A gift that a callback asks about. */
type Question = {
  request: BeforeSendGift;
  /** A new id for the call. */
  callId: string;
  /** Seconds in which a call that asks the same is a repetition: 0 for none. */
  dedupeSeconds: number;
  /** What the caller is told of a refusal. */
  tell: (refusal: Refusal) => CallAnswer;
  now: Date;
};

/** A question with the mark of its call, which others may repeat. */
type Charge = Question & { mark: CallMark; repeats: boolean };

function chargeOf(question: Question): Charge {
  const { request, callId, dedupeSeconds, now } = question;
  const identity = dedupeSeconds === 0 ? undefined : identityOf(request);
  const repeat = identity === undefined ? identity : { identity, seconds: dedupeSeconds };
  const mark = markOf(request.GiftWater.From_Account, callId, now, repeat);
  return { ...question, mark, repeats: repeat !== undefined };
}

/** Where a gift is that may have been committed. */
type Tried = { streamId: string; giftId: string };

const done: CallAnswer = { errorCode: 0, errorInfo: "" };

/** Once the time for a gift is over: milliseconds in which it is seen to that nothing moves. */
const reversalMilliseconds = 250;

/**
 * Charges a gift as `send_gift` does, in one transaction with the mark of its call, and answers
 * what the caller is to be told; a repetition is told what the first call was. When the
 * invocation's time ends before it is known what became of the gift, the caller is told that it was
 * refused as `unavailable`: the call's mark is overridden, so that the gift cannot be committed any
 * more, and a reversal refunds one that was.
 */
export async function chargeGift(question: Question): Promise<CallAnswer> {
  const charge = chargeOf(question);
  let tried: Tried | undefined;
  try {
    await give(charge, (place) => {
      tried = place;
    });
    if (millisecondsLeft() > 0) return done;
  } catch (error) {
    const answer = await findAnswer(charge, error).catch(() => undefined);
    if (answer !== undefined) return answer;
    if (!(error instanceof Refusal)) logFault("A gift of a callback failed", error);
  }
  await reverseLater(charge, tried);
  return charge.tell(new Refusal("unavailable"));
}

async function give(charge: Charge, onTry: (place: Tried) => void): Promise<void> {
  const { request, mark, now } = charge;
  const { From_Account: from, To_Account: to, GiftId, Count: count } = request.GiftWater;
  const [stream, giftType, [, ...profiles]] = await Promise.all([
    getRoom(request.RoomId),
    getGiftTypeByAlias(GiftId),
    getKnownAccounts([from, ...to]),
  ]);
  const giver = await getGiver(stream.id, from);
  const wish = { giftType, receivers: profiles.map(personOf), count, charged: true };
  const decide = (context: GiftContext) => decideGift(context, wish);
  await commitGift({ stream, giver, now }, decide, ({ id: giftId }) => {
    onTry({ streamId: stream.id, giftId });
    return { answer: undefined, remember: [markAction(mark, done)] };
  });
}

/**
 * What a call is told that was not done: undefined where it is not known whether it was. Whatever
 * refuses a repetition (an empty wallet above all) may be what the first call left behind, so that
 * one's answer is looked for first; a first refusal is remembered for repetitions.
 */
async function findAnswer(
  { mark, repeats, tell }: Charge,
  error: unknown,
): Promise<CallAnswer | undefined> {
  const refusal = error instanceof Refusal ? error : undefined;
  const isTaken = error instanceof KeyUsed || refusal?.code === "key_in_progress";
  if (!isTaken && (refusal === undefined || refusal.code === "unavailable")) return undefined;
  if (!repeats) return refusal && tell(refusal);
  for (let look = 1; ; look++) {
    const twin = await findTwin(mark);
    if (twin !== undefined) return twin;
    if (refusal !== undefined && !isTaken) {
      const answer = tell(refusal);
      if (await overrideMark(mark, answer)) return answer;
    }
    // The other call is being answered at this moment; this ends with the invocation's time.
    await pause(look);
  }
}

/** A call that was answered as too late: its gift, if there is one, is to be refunded. */
export const Reversal = z.object({
  mark: CallMark,
  answer: CallAnswer,
  streamId: z.string(),
  giftId: z.string(),
  sender: z.string(),
  createdAt: z.string(),
});
type Reversal = z.infer<typeof Reversal>;

/** Both ways at once, since one of them may be what took so long. */
async function reverseLater(charge: Charge, tried: Tried | undefined): Promise<void> {
  const { mark, repeats, tell, request, now } = charge;
  if (tried === undefined && !repeats) return;
  endCallsIn(reversalMilliseconds);
  const answer = tell(new Refusal("unavailable"));
  const overriding = overrideMark(mark, answer);
  if (tried === undefined) return void (await overriding.catch(() => undefined));
  const sender = request.GiftWater.From_Account;
  const reversal = { mark, answer, ...tried, sender, createdAt: now.toISOString() };
  const queue = setting("REVERSALS_QUEUE_URL");
  const [overridden, queued] = await Promise.allSettled([
    overriding,
    startTimer(queue, reversal, { at: now, now }),
  ]);
  if (overridden.status === "rejected" && queued.status === "rejected")
    logFault("A gift that was answered as too late may be charged", queued.reason, reversal);
}

/**
 * Ends a call that was answered as too late: its gift cannot be committed from now on, and is
 * refunded if it was, whoever has to owe for that. Once or often, it comes to the same.
 */
export async function reverse(reversal: Reversal, now: Date): Promise<void> {
  const { mark, answer, streamId, giftId, sender, createdAt } = reversal;
  await overrideMark(mark, answer);
  const whole = await findGift(streamId, giftId);
  if (whole === undefined || whole.gift.refundedAt !== undefined) return;
  // Another gift of the stream may have got the id in the place of this one.
  const { gift } = whole;
  if (gift.sender.userId !== sender || gift.createdAt !== createdAt) return;
  await refund(whole, "admin", now).catch((error: unknown) => {
    if (!(error instanceof Refusal && error.code === "gift_already_refunded")) throw error;
  });
  logNotice("A gift was refunded: its callback was answered too late", { streamId, giftId });
}
