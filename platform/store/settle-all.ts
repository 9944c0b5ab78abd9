import { Refusal } from "../../domain/refusal.ts";
import { park } from "./parked.ts";
import { type Due, dueOf, settle } from "./settle.ts";

/** What came of settling: images that were put aside. */
type Outcome = { parked: number };

/**
 * Settles images of gifts, receiver by receiver. One that does not fit, or cannot be settled on its
 * own either, is parked and the others go on. Throws `unavailable` only, when the table is too
 * busy: then all may come again, since what is settled is not settled twice.
 */
export async function settleAll(
  images: readonly Record<string, unknown>[],
  now: Date,
): Promise<Outcome> {
  const outcome = { parked: 0 };
  const setAside = async (image: Record<string, unknown>, error: unknown) => {
    if (error instanceof Refusal && error.code === "unavailable") throw error;
    await park(image, error, now);
    outcome.parked++;
  };
  const byReceiver = new Map<string, { due: Due; image: Record<string, unknown> }[]>();
  for (const image of images) {
    try {
      const due = dueOf(image);
      if (due?.due === undefined) continue;
      byReceiver.set(due.due, [...(byReceiver.get(due.due) ?? []), { due, image }]);
    } catch (error) {
      await setAside(image, error);
    }
  }
  for (const [receiverId, items] of byReceiver)
    await settleOrPart(receiverId, items, now, setAside);
  return outcome;
}

async function settleOrPart(
  receiverId: string,
  items: readonly { due: Due; image: Record<string, unknown> }[],
  now: Date,
  setAside: (image: Record<string, unknown>, error: unknown) => Promise<void>,
): Promise<void> {
  try {
    await settle(
      receiverId,
      items.map(({ due }) => due),
      now,
    );
  } catch (error) {
    if (items.length === 1) return setAside(items[0]!.image, error);
    for (const item of items) await settleOrPart(receiverId, [item], now, setAside);
  }
}
