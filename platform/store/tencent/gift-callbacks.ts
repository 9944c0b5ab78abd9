import { decideGift } from "../../../domain/money/gift.ts";
import type { Gift } from "../../../domain/money/gift-item.ts";
import { personOf } from "../../../domain/people/person.ts";
import { Refusal } from "../../../domain/refusal.ts";
import { type BeforeSendGift, identityOf } from "../../../domain/tencent/incoming-callback.ts";
import { millisecondsLeft, setDeadline } from "../../runtime/deadline.ts";
import { logFault } from "../../runtime/log.ts";
import { countMetric } from "../../runtime/metrics.ts";
import { pause } from "../../table/conflicts.ts";
import { DuplicateKeyError } from "../../table/transact.ts";
import {
  type Call,
  type CallAnswer,
  type CallMark,
  findCall,
  holdAction,
  markOf,
  refuseCall,
} from "../money/call-marks.ts";
import { getGiver, giftContext, recordGift } from "../money/gifts.ts";
import { confirmHeldGift, queueDecision } from "../money/held-gifts.ts";
import { getKnownAccounts } from "./accounts.ts";
import { getGiftTypeByAlias } from "./gift-aliases.ts";
import { getRoom } from "./rooms.ts";

/** The gift of a blocking callback. */
type Question = {
  request: BeforeSendGift;
  /** A new id for the call. */
  callId: string;
  /** Seconds within which an equal call is a repetition: 0 for none. */
  dedupeSeconds: number;
  /** The response to the caller for a refusal. */
  tell: (refusal: Refusal) => CallAnswer;
  now: Date;
};

/** A question with the mark of its call, which repetitions may share. */
type Charge = Question & { mark: CallMark; repeats: boolean };

function chargeOf(question: Question): Charge {
  const { request, callId, dedupeSeconds, now } = question;
  const identity = dedupeSeconds === 0 ? undefined : identityOf(request);
  const repeat = identity === undefined ? identity : { identity, seconds: dedupeSeconds };
  const mark = markOf(request.GiftWater.From_Account, callId, now, repeat);
  return { ...question, mark, repeats: repeat !== undefined };
}

const done: CallAnswer = { errorCode: 0, errorInfo: "" };

/**
 * The most milliseconds that the first attempt to confirm a gift takes, and the least that a call
 * must have left to begin it: both attempts then end before the gateway answers 1 instead.
 */
const confirmMilliseconds = { most: 500, least: 350 };

/** Milliseconds kept for recording the outcome after the time for the gift itself is over. */
const lastMilliseconds = 250;

/**
 * Charges a gift as `send_gift` does and returns the response to the caller; a repetition gets the
 * first call's response. The sender pays first and the gift is held, in one transaction. Only if
 * that succeeds in time is the response 0 and the gift confirmed, which sends it. In all other
 * cases the response is a refusal, nothing is ever confirmed, and a held gift is released.
 */
export async function chargeGift(question: Question): Promise<CallAnswer> {
  const charge = chargeOf(question);
  let isTried = false;
  let gift: Gift | undefined;
  try {
    gift = await hold(charge, () => {
      isTried = true;
    });
  } catch (error) {
    isTried &&= !(error instanceof DuplicateKeyError);
    const answer = await findAnswer(charge, error).catch(() => undefined);
    if (answer !== undefined) return answer;
    if (!(error instanceof Refusal)) logFault("A gift of a callback failed", error);
  }
  return gift !== undefined && millisecondsLeft() > confirmMilliseconds.least
    ? confirmInTime(charge, gift)
    : refuseInTime(charge, isTried);
}

/** Charges the sender and holds the gift. */
async function hold(charge: Charge, onTry: () => void): Promise<Gift> {
  const { request, mark, now } = charge;
  const { From_Account: from, To_Account: to, GiftId, Count: count } = request.GiftWater;
  const [stream, giftType, profiles] = await Promise.all([
    getRoom(request.RoomId),
    getGiftTypeByAlias(GiftId),
    getKnownAccounts(to),
  ]);
  const giver = await getGiver(stream.id, from);
  const wish = { giftType, receivers: profiles.map(personOf), count, charged: true };
  return recordGift(
    decideGift(giftContext(stream, giver, now), wish),
    (answer) => {
      onTry();
      return { answer, remember: [] };
    },
    (gift) => [holdAction(mark, gift)],
  );
}

/**
 * Confirms a gift whose call is answered with 0: immediately, and if the outcome is unknown, once
 * more and through the queue. The response stays 0 unless the call was certainly refused (by a
 * repetition that could not wait), since any other response must mean that nothing is charged.
 */
async function confirmInTime({ mark, tell, now }: Charge, gift: Gift): Promise<CallAnswer> {
  setDeadline(Math.min(millisecondsLeft() - lastMilliseconds, confirmMilliseconds.most));
  let outcome = await confirmHeldGift(mark, gift).catch(() => undefined);
  if (outcome === undefined) {
    setDeadline(lastMilliseconds);
    const [confirmed, queued] = await Promise.allSettled([
      confirmHeldGift(mark, gift),
      queueDecision({ mark, outcome: "charged" }, now, now),
    ]);
    if (confirmed.status === "fulfilled") outcome = confirmed.value;
    else if (queued.status === "rejected") {
      countMetric("CommandFaults");
      logFault("A gift that was answered with 0 may be released", queued.reason, { mark });
    }
  }
  return outcome === "refused" ? tell(new Refusal("unavailable")) : done;
}

/** The response to a decided call; undefined while it is undecided. */
const answerOf = ({ outcome, answer }: Call, { tell }: Charge): CallAnswer | undefined =>
  outcome === "charged" ? done : outcome && (answer ?? tell(new Refusal("unavailable")));

/**
 * The response to a failed call; undefined if the charge is uncertain. What refuses a repetition
 * (an empty wallet above all) may be a result of the first call, so that call's response is looked
 * up first; a first refusal is remembered for repetitions.
 */
async function findAnswer(charge: Charge, error: unknown): Promise<CallAnswer | undefined> {
  const { mark, repeats, tell } = charge;
  const refusal = error instanceof Refusal ? error : undefined;
  const isTaken = error instanceof DuplicateKeyError || refusal?.code === "key_in_progress";
  if (!isTaken && (refusal === undefined || refusal.code === "unavailable")) return undefined;
  if (!repeats) return refusal && tell(refusal);
  for (let look = 1; ; look++) {
    const first = await findCall(mark);
    const isFirst = first !== undefined && first.freeAt > mark.calledAt;
    const answer = isFirst && first.callId !== mark.callId && answerOf(first, charge);
    if (answer) return answer;
    if (refusal !== undefined && !isTaken) {
      const own = tell(refusal);
      if (await refuseCall(mark, own)) return own;
    }
    // The other call is still being processed; this loop ends with the invocation's time.
    await pause(look);
  }
}

/**
 * Refuses a call that took too long: a gift that it may hold is found by the table's stream, by the
 * message in the queue, or by the sweep, even if neither of the two calls succeeds.
 */
async function refuseInTime(charge: Charge, isTried: boolean): Promise<CallAnswer> {
  const { mark, repeats, tell, now } = charge;
  const late = tell(new Refusal("unavailable"));
  if (!isTried && !repeats) return late;
  setDeadline(lastMilliseconds);
  const [refused] = await Promise.allSettled([
    refuseOrRepeat(charge, late),
    isTried ? queueDecision({ mark, outcome: "refused" }, now, now) : undefined,
  ]);
  return refused.status === "fulfilled" ? refused.value : late;
}

/**
 * Refuses a call, together with the undecided one that it repeats: two responses about one gift
 * must not differ, and this one cannot wait.
 */
async function refuseOrRepeat(charge: Charge, late: CallAnswer): Promise<CallAnswer> {
  for (let mark = charge.mark; ; ) {
    if (await refuseCall(mark)) return late;
    const first = await findCall(mark);
    const answer = first && answerOf(first, charge);
    if (answer !== undefined) return answer;
    mark = first ?? charge.mark;
  }
}
