import { park } from "./parked.ts";
import { type Due, dueOf, settle } from "./settle.ts";
import { isPassing } from "./transact.ts";

/** What came of settling: images that were put aside. */
type Outcome = { parked: number };

type Image = Record<string, unknown>;
type Work = { due: Due; image: Image };
type SetAside = (image: Image, error: unknown) => Promise<void>;

/**
 * Settles images of gifts, receiver by receiver. One that does not fit, or cannot be settled on its
 * own either, is parked and the others go on. Throws, after all others, what passes (a table that
 * is busy or does not answer): then all may come again, since what is settled is not settled twice.
 */
export async function settleAll(images: readonly Image[], now: Date): Promise<Outcome> {
  const outcome = { parked: 0 };
  const setAside: SetAside = async (image, error) => {
    await park(image, error, now);
    outcome.parked++;
  };
  const passing: unknown[] = [];
  for (const [receiverId, works] of await sortOut(images, setAside))
    try {
      await settleOrPart(receiverId, works, now, setAside);
    } catch (error) {
      passing.push(error);
    }
  if (passing.length > 0) throw passing[0];
  return outcome;
}

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
    await settle(receiverId, due, now);
  } catch (error) {
    if (isPassing(error)) throw error;
    if (works.length === 1) return setAside(works[0]!.image, error);
    for (const work of works) await settleOrPart(receiverId, [work], now, setAside);
  }
}
