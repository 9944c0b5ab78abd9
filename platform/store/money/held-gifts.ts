import * as z from "zod";
import type { Gift } from "../../../domain/money/gift-item.ts";
import { releaseHeldGift } from "../../../domain/money/held-gift.ts";
import { sendAt } from "../../aws/queues.ts";
import { setting } from "../../runtime/env.ts";
import { logFault, logNotice } from "../../runtime/log.ts";
import { getItems } from "../../table/items.ts";
import type { Key } from "../../table/keys.ts";
import { commitTransaction } from "../../table/transact.ts";
import {
  type Call,
  CallMark,
  callOf,
  findCall,
  type Outcome,
  refuseCall,
  releaseAction,
} from "./call-marks.ts";
import { queueComboEnds } from "./combos.ts";
import { giftActions } from "./gifts.ts";
import { commit, findWallet, forfeitActions } from "./wallets.ts";

/*
 * A held gift is paid for and not sent: it is stored in the mark of its call and not in its stream,
 * so it cannot be settled, counted, listed or shown. It is sent when its call confirms it, and
 * otherwise released: without a decision, a gift is not charged.
 */

/**
 * How long an undecided gift is held, in milliseconds. Its call decides within two seconds; the
 * rest is for a confirmation that goes through the queue.
 */
export const heldMilliseconds = 10_000;

/**
 * Sends a held gift, which is then a normal gift. Returns the outcome of its call: `refused` if
 * another call has refused it, or its id is taken. Idempotent.
 */
export async function confirmHeldGift(mark: CallMark, gift: Gift): Promise<Outcome> {
  const failed = await commitTransaction([releaseAction(mark, "charged"), ...giftActions(gift)]);
  if (failed === undefined) return "charged";
  if (failed.has("call")) {
    const there = failed.get("call");
    const call = there && callOf(there as Key);
    return call?.callId === mark.callId && call.outcome === "charged" ? "charged" : "refused";
  }
  // Another gift of the stream got the same id meanwhile (gifts.ts).
  await refuseCall(mark);
  return "refused";
}

/** Thrown through commit() when the gift is no longer held. */
class Released extends Error {}

/**
 * Releases a held gift: its sender gets all credits back and the call is refused. Does nothing if
 * the call holds nothing any more.
 */
export async function releaseHold(mark: CallMark, now: Date): Promise<void> {
  const call = await findCall(mark);
  const gift = call?.callId === mark.callId ? call.held : undefined;
  if (gift === undefined) return;
  // Sending a combo's second gift queues the combo's end, but this gift is never sent. The wait
  // starts now, so that the gift has left the combo by then.
  await queueComboEnds([{ ...gift, createdAt: now.toISOString() }], now);
  try {
    await commit(
      [await findWallet(mark.owner)],
      ([wallet]) => {
        const draft = releaseHeldGift(wallet, gift, now);
        const actions = [releaseAction(mark, "refused"), ...forfeitActions(draft)];
        return { drafts: [draft], actions, reply: { answer: undefined, remember: [] } };
      },
      () => {
        throw new Released();
      },
    );
  } catch (error) {
    if (error instanceof Released) return;
    throw error;
  }
  const { id: giftId, streamId } = gift;
  logNotice("A held gift was released: its call was not answered in time", { streamId, giftId });
}

/** A message about a call: the outcome that it has, or gets when the message arrives. */
export const CallDecision = z.object({ mark: CallMark, outcome: z.enum(["charged", "refused"]) });
type CallDecision = z.infer<typeof CallDecision>;

/** Queues a decision, to be carried out at a given time. */
export const queueDecision = (decision: CallDecision, at: Date, now: Date): Promise<void> =>
  sendAt(setting("REVERSALS_QUEUE_URL"), decision, { at, now });

/** Carries out the decision of a message. */
export async function applyDecision({ mark, outcome }: CallDecision, now: Date): Promise<void> {
  if (outcome === "charged") return confirmLate(mark);
  await refuseCall(mark);
  await releaseHold(mark, now);
}

async function confirmLate(mark: CallMark): Promise<void> {
  const call = await findCall(mark);
  if (call?.callId !== mark.callId || call.outcome === "charged") return;
  const outcome = call.held === undefined ? "refused" : await confirmHeldGift(mark, call.held);
  if (outcome === "refused")
    logFault("A gift was released after its call was answered as charged", undefined, { mark });
}

/**
 * Follows the marks of calls that the table's stream reports: what a refused call holds is
 * released, and an undecided one gets a message for its deadline. Failures here are left to the
 * sweep, so that they delay no other records.
 */
export async function resolveHeldGifts(images: readonly Key[], now: Date): Promise<void> {
  const undecided = new Map<string, Key>();
  for (const image of images) {
    const isHeld = "held" in image;
    if (isHeld && "outcome" in image) await attempt(() => releaseHold(callOf(image), now));
    else if (isHeld) undecided.set(image.SK, image);
  }
  if (undecided.size === 0) return;
  await attempt(async () => {
    // Nearly all were decided within milliseconds and need no message.
    const keys = [...undecided.values()].map(({ PK, SK }) => ({ PK, SK }));
    const found = await getItems(keys, { consistent: true });
    for (const item of found.values()) await queueRelease(callOf(item), now);
  });
}

async function queueRelease(call: Call, now: Date): Promise<void> {
  if (call.held === undefined || call.outcome !== undefined) return;
  const at = new Date(call.calledAt + heldMilliseconds);
  await queueDecision({ mark: CallMark.parse(call), outcome: "refused" }, at, now);
}

/**
 * Releases the gifts in these marks if their calls were refused or have expired. Returns how many
 * were released.
 */
export async function releaseOverdueHolds(items: readonly Key[], now: Date): Promise<number> {
  let count = 0;
  for (const item of items)
    await attempt(async () => {
      const call = callOf(item);
      const isOver = call.calledAt + heldMilliseconds <= now.getTime();
      if (call.held === undefined || (call.outcome === undefined && !isOver)) return;
      await releaseHold(call, now);
      count++;
    });
  return count;
}

async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    logFault("A held gift could not be followed: the next sweep tries again", error);
  }
}
