import * as z from "zod";
import { UserId } from "../../domain/id.ts";
import { sendAt } from "../aws/queues.ts";
import { millisecondsLeft } from "../runtime/deadline.ts";
import { setting } from "../runtime/env.ts";
import { deleteIf, getItem } from "../table/items.ts";
import { key } from "../table/keys.ts";
import { writeOnce } from "../table/transact.ts";
import { eraseFrames } from "./erase-frames.ts";
import { eraseFromHosted } from "./erase-hosted.ts";
import { eraseFollowers, eraseFollowing, eraseItems, eraseReplies } from "./erase-people.ts";
import { eraseFromLedger, eraseFromStreams } from "./erase-streams.ts";
import { Erasure, lateMilliseconds, type Step } from "./progress.ts";

/** A message of the queue: continue a user's erasure. */
export const ErasureMessage = z.object({ userId: UserId });

/** The steps of both walks: the first at once, the second when calls in progress have ended. */
const walk: readonly Step[] = [
  eraseItems,
  eraseReplies,
  eraseFollowing,
  eraseFollowers,
  eraseFromLedger,
  eraseFromHosted,
  eraseFromStreams,
];
const steps = [...walk, eraseFrames];

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

/** The most pages of one invocation, and the time that it must have left to begin one. */
const pagesMax = 200;
const lastPageMilliseconds = 4_000;

/**
 * Continues a user's erasure page by page while this invocation has time, and queues the rest.
 * Running it twice or concurrently is harmless: a page may be repeated, of several invocations that
 * did the same page only one continues, and if the user was deleted again, the erasure has started
 * over.
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

/** Milliseconds until the second walk or the frames may begin: calls in progress end by then. */
const earlyBy = ({ step, at, again }: Erasure) =>
  again || step === walk.length ? Date.parse(at) + lateMilliseconds - Date.now() : 0;

/** The place after a page that ended at `next`; undefined after the last step. */
function placeAfter({ step, again }: Erasure, next: string | undefined) {
  if (next !== undefined) return { step, again, after: next };
  if (step === walk.length) return undefined;
  return step === walk.length - 1 && !again ? { step: 0, again: true } : { step: step + 1, again };
}

/**
 * Advances an erasure if it is still at this position; after the last step it is removed. Returns
 * false if another invocation has moved it.
 */
async function move(erasure: Erasure, next: string | undefined): Promise<boolean> {
  const { userId, at, seq, step, after, again } = erasure;
  const place = { after, again };
  const isAt = Object.entries(place).map(([name, value]) =>
    value === undefined ? `attribute_not_exists(#${name})` : `#${name} = :${name}`,
  );
  const given = Object.entries(place).filter(([, value]) => value !== undefined);
  const isHere = {
    ConditionExpression: ["#at = :at", "#step = :step", ...isAt].join(" AND "),
    ExpressionAttributeNames: {
      "#at": "at",
      "#step": "step",
      "#after": "after",
      "#again": "again",
    },
    ExpressionAttributeValues: {
      ":at": at,
      ":step": step,
      ...Object.fromEntries(given.map(([name, value]) => [`:${name}`, value])),
    },
  };
  const there = placeAfter(erasure, next);
  if (there === undefined) return (await deleteIf(key.erasure(userId), isHere)) !== undefined;
  const Item = { ...key.erasure(userId), userId, at, seq, ...there };
  return (await writeOnce({ Put: { Item, ...isHere } })).done;
}
