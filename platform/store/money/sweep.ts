import * as z from "zod";
import { deleteItem, getItem, putItem } from "../../table/items.ts";
import { dueIndex, type Key, key, prefix } from "../../table/keys.ts";
import { queueComboEnds } from "./combos.ts";
import { type DueCursor, listDue, readDue } from "./due.ts";
import { secondsOfGift } from "./gifts.ts";
import { releaseOverdueHolds } from "./held-gifts.ts";
import { settleAll } from "./settle.ts";

/** A gift due for longer than this was missed by the stream's consumer. */
const overdueSeconds = 30;

/** The limits of one sweep. */
const boundsOfSweep = {
  /** Items examined together: as many as one BatchGetItem reads. */
  pageSize: 100,
  /**
   * After this no page is begun: the function has 60 s, and a page of busy hosts takes some of it.
   */
  milliseconds: 30_000,
};

type SweepOutcome = { settled: number; parked: number; left: number; released: number };

/**
 * Settles gifts due for more than half a minute and releases gifts held for too long, page by
 * page through the whole index. The next sweep continues after the last page that this one began:
 * so however many items cannot be settled, all others get their turn. A pass takes one page of each
 * receiver, so another pass follows while the last one has settled something.
 */
export async function sweepOverdue(now: Date, bounds = boundsOfSweep): Promise<SweepOutcome> {
  const outcome: SweepOutcome = { settled: 0, parked: 0, left: 0, released: 0 };
  const latest = Math.floor(now.getTime() / 1000) - overdueSeconds;
  const until = Date.now() + bounds.milliseconds;
  let place = await findPlace();
  let isMoved = place !== undefined;
  let isProgress = false;
  do {
    if (place === undefined) isProgress = false;
    const { gifts, calls, next } = await listDue(place, bounds.pageSize);
    // Recorded before the page is settled: the next sweep does not begin with a page that kills the
    // function.
    if (isMoved || next !== undefined) await recordPlace(next);
    isMoved = next !== undefined;
    outcome.released += await releaseOverdueHolds(await readDue(calls), now);
    const found = await readDue(gifts.filter((one) => secondsOf(one) <= latest));
    // The index may still have gifts that were settled meanwhile.
    const overdue = found.filter((gift) => gift[dueIndex.PK] !== undefined);
    // Before settling: a settled gift is not found again, so after a crash its combo would not end.
    await queueComboEnds(overdue, now);
    const { parked, left } = await settleAll(overdue, now);
    const settled = overdue.length - parked - left;
    isProgress ||= settled > 0;
    outcome.settled += settled;
    outcome.parked += parked;
    outcome.left += left;
    place = next;
  } while ((place !== undefined || isProgress) && Date.now() < until);
  return outcome;
}

const secondsOf = ({ SK }: Key) => secondsOfGift(SK.slice(prefix.gifts.length));

const Place = z.object({ place: z.object({ due: z.string(), PK: z.string(), SK: z.string() }) });

async function findPlace(): Promise<DueCursor | undefined> {
  return (await getItem(Place, key.sweepPlace(), { consistent: true }))?.place;
}

/** Records where the next sweep begins; undefined for the beginning of the index. */
async function recordPlace(place: DueCursor | undefined): Promise<void> {
  if (place === undefined) await deleteItem(key.sweepPlace());
  else await putItem({ ...key.sweepPlace(), place });
}
