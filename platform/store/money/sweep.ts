import * as z from "zod";
import { deleteItem, getItem, putItem } from "../../table/items.ts";
import { type Key, key, prefix } from "../../table/keys.ts";
import { awaitCombos } from "./combos.ts";
import { type DuePlace, listDue, readDue } from "./due.ts";
import { secondsOfGift } from "./gift-places.ts";
import { settleAll } from "./settle-all.ts";

/** A gift that is due for longer than this was missed by the stream's consumer. */
const overdueSeconds = 30;

/** How much one sweep does. */
const boundsOfSweep = {
  /** Items that are looked at together: as many as one BatchGetItem takes. */
  pageSize: 100,
  /** No page is begun after this: the function has 60 s, and a page of busy hosts takes some. */
  milliseconds: 30_000,
};

type Swept = { settled: number; parked: number; left: number };

/**
 * Settles what is due for more than half a minute, page by page through the whole index. What time
 * leaves over is the next sweep's, which goes on behind the last page that this one began: so
 * whatever will not settle, however much of it there is, keeps nobody else's turn.
 */
export async function sweepOverdue(now: Date, bounds = boundsOfSweep): Promise<Swept> {
  const swept: Swept = { settled: 0, parked: 0, left: 0 };
  const latest = Math.floor(now.getTime() / 1000) - overdueSeconds;
  const until = Date.now() + bounds.milliseconds;
  let place = await findPlace();
  let isMoved = place !== undefined;
  do {
    const { keys, next } = await listDue(place, bounds.pageSize);
    // Noted before the page is settled: one that ends the function is not met first again.
    if (isMoved || next !== undefined) await notePlace(next);
    isMoved = next !== undefined;
    const overdue = await readDue(keys.filter((one) => secondsOf(one) <= latest));
    // Before: what is settled is not found again, so its combo would never be ended.
    await awaitCombos(overdue, now);
    const { parked, left } = await settleAll(overdue, now);
    swept.settled += overdue.length - parked - left;
    swept.parked += parked;
    swept.left += left;
    place = next;
  } while (place !== undefined && Date.now() < until);
  return swept;
}

const secondsOf = ({ SK }: Key) => secondsOfGift(SK.slice(prefix.gifts.length));

const Place = z.object({ place: z.object({ due: z.string(), PK: z.string(), SK: z.string() }) });

async function findPlace(): Promise<DuePlace | undefined> {
  return (await getItem(Place, key.sweepPlace(), { consistent: true }))?.place;
}

/** Notes where the next sweep begins; undefined: where the index does. */
async function notePlace(place: DuePlace | undefined): Promise<void> {
  if (place === undefined) await deleteItem(key.sweepPlace());
  else await putItem({ ...key.sweepPlace(), place });
}
