import { Refusal } from "../../../domain/refusal.ts";
import { isPassing } from "../../table/transact.ts";
import { secondsOfGift } from "./gift-places.ts";
import { park } from "./parked.ts";
import { type Due, dueOf, settle } from "./settle.ts";

/**
 * What came of settling: images that were put aside, and gifts of receivers whose wallet was too
 * busy, which are left to the next sweep.
 */
type Outcome = { parked: number; left: number };

type Image = Record<string, unknown>;
type Work = { due: Due; image: Image };
type SetAside = (image: Image, error: unknown) => Promise<void>;

/** Receivers that are settled side by side, so that one who is busy holds up no other. */
const sideBySide = 8;

/** Tries on a wallet that others keep writing: about a second. */
const triesMax = 8;

/**
 * For how long a gift comes again while its receiver is busy. Then it is left to the sweep: the
 * gifts of all other hosts wait behind it in the shard, and anybody can keep a wallet busy.
 */
const patienceSeconds = 10;

/**
 * Settles images of gifts, receiver by receiver, some side by side. One that does not fit, or
 * cannot be settled on its own either, is parked and the others go on. Throws, after all others,
 * what passes (a table that does not answer, a receiver who is busy): then all may come again,
 * since what is settled is not settled twice. Of one who is busy only so long: see `left`.
 */
export async function settleAll(images: readonly Image[], now: Date): Promise<Outcome> {
  const outcome = { parked: 0, left: 0 };
  const setAside: SetAside = async (image, error) => {
    await park(image, error, now);
    outcome.parked++;
  };
  const passing: unknown[] = [];
  const waiting = [...(await sortOut(images, setAside))];
  const settleNext = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [receiverId, works] = next;
      try {
        await settleOrPart(receiverId, works, now, setAside);
      } catch (error) {
        if (isBusy(error) && works.every(({ due }) => isLate(due, now)))
          outcome.left += works.length;
        else passing.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, settleNext));
  if (passing.length > 0) throw passing[0];
  return outcome;
}

const isBusy = (error: unknown) => error instanceof Refusal && error.code === "unavailable";

const isLate = ({ id }: Due, now: Date) =>
  now.getTime() / 1000 - secondsOfGift(id) > patienceSeconds;

/** What is due, by receiver. */
async function sortOut(images: readonly Image[], setAside: SetAside) {
  const byReceiver = new Map<string, Work[]>();
  for (const image of images)
    try {
      const due = dueOf(image);
      if (due?.due === undefined) continue;
      byReceiver.set(due.due, [...(byReceiver.get(due.due) ?? []), { due, image }]);
    } catch (error) {
      await setAside(image, error);
    }
  return byReceiver;
}

async function settleOrPart(
  receiverId: string,
  works: readonly Work[],
  now: Date,
  setAside: SetAside,
): Promise<void> {
  const due = works.map((work) => work.due);
  try {
    await settle(receiverId, due, now, triesMax);
  } catch (error) {
    if (isPassing(error)) throw error;
    if (works.length === 1) return setAside(works[0]!.image, error);
    for (const work of works) await settleOrPart(receiverId, [work], now, setAside);
  }
}
