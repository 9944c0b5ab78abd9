import * as z from "zod";
import { UserId } from "../../domain/id.ts";
import { sendAt } from "../aws/queues.ts";
import { millisecondsLeft } from "../runtime/deadline.ts";
import { setting } from "../runtime/env.ts";
import { deleteIf, getItem, updateIf } from "../table/items.ts";
import { key } from "../table/keys.ts";
import { eraseFrames } from "./erase-frames.ts";
import { eraseFromHosted } from "./erase-hosted.ts";
import { eraseFollowers, eraseFollowing, eraseItems, eraseReplies } from "./erase-people.ts";
import { eraseFromLedger, eraseFromStreams } from "./erase-streams.ts";
import { Erasure, type Step } from "./progress.ts";

/** A message of the queue: continue a user's erasure. */
export const ErasureMessage = z.object({ userId: UserId });

const steps: readonly Step[] = [
  eraseItems,
  eraseReplies,
  eraseFollowing,
  eraseFollowers,
  eraseFromLedger,
  eraseFromHosted,
  eraseFromStreams,
  eraseFrames,
];

/** Changes written just before the deletion reach the frames within this time. */
const framesAfterMilliseconds = 10_000;

/** Queues the continuation of an erasure, optionally with a delay. */
export const sendErasure = (userId: string, now: Date, delayMilliseconds = 0) =>
  sendAt(
    setting("ERASURES_QUEUE_URL"),
    { userId },
    {
      at: new Date(now.getTime() + delayMilliseconds),
      now,
    },
  );

/** The most pages of one invocation, and the time that its last one needs. */
const pagesMax = 200;
const lastPageMilliseconds = 4_000;

/**
 * Continues a user's erasure page by page while this invocation has time, and queues the rest.
 * Running it twice or concurrently is harmless: each page is found by the position where it begins,
 * of those who have done the same page only one goes on, and a user who was deleted again meanwhile
 * starts over.
 */
export async function continueErasure(userId: string, pages = pagesMax): Promise<void> {
  for (let page = 0; page < pages; page++) {
    const erasure = await getItem(Erasure, key.erasure(userId), { consistent: true });
    if (erasure === undefined) return;
    if (millisecondsLeft() < lastPageMilliseconds) break;
    const early = earlyBy(erasure);
    if (early > 0) return sendErasure(userId, new Date(), early);
    const next = await steps[erasure.step]!(erasure);
    if (!(await move(erasure, next))) return;
  }
  await sendErasure(userId, new Date());
}

/** Milliseconds until the step may begin: frames come last, when all of them are there. */
const earlyBy = ({ step, at }: Erasure) =>
  step < steps.length - 1 ? 0 : Date.parse(at) + framesAfterMilliseconds - Date.now();

/**
 * Advances an erasure if it is still at this position; after the last step it is removed. Returns
 * false if it was elsewhere.
 */
async function move({ userId, at, step, after }: Erasure, next: string | undefined) {
  const isHere = `#at = :at AND #step = :step AND ${
    after === undefined ? "attribute_not_exists(#after)" : "#after = :after"
  }`;
  const names = { "#at": "at", "#step": "step", "#after": "after" };
  const values = { ":at": at, ":step": step, ...(after !== undefined && { ":after": after }) };
  const is = { ConditionExpression: isHere, ExpressionAttributeNames: names };
  if (next === undefined && step === steps.length - 1) {
    const removed = await deleteIf(key.erasure(userId), {
      ...is,
      ExpressionAttributeValues: values,
    });
    return removed !== undefined;
  }
  const moved = await updateIf({
    Key: key.erasure(userId),
    UpdateExpression:
      next === undefined ? "SET #step = :next REMOVE #after" : "SET #step = :next, #after = :place",
    ...is,
    ExpressionAttributeValues: {
      ...values,
      ":next": next === undefined ? step + 1 : step,
      ...(next !== undefined && { ":place": next }),
    },
  });
  return moved !== undefined;
}
