import type { RedriveOutcome } from "../../../domain/money/parked.ts";
import { Refusal, refuse } from "../../../domain/refusal.ts";
import { isTransient } from "../../table/conflicts.ts";
import { getRawItem, type Item } from "../../table/items.ts";
import type { Key } from "../../table/keys.ts";
import type { Reply } from "../../table/transact.ts";
import { dueOf } from "./due.ts";
import { eachParked, findParked, reasonOf, removeParked } from "./parked.ts";
import { settle } from "./settle.ts";

/** How many parked records were settled, and how many remain. */
type Redriven = { settled: number; parked: number };

/**
 * Redrives every parked record: settles its current item and removes the record. A record that
 * still does not fit, or whose receiver's wallet is too busy, stays parked.
 */
export async function redriveAll(now: Date): Promise<Redriven> {
  const outcome = { settled: 0, parked: 0 };
  for await (const { of } of eachParked(now))
    try {
      await bringBack(of, now, (outcome) => ({ answer: outcome, remember: [] }));
      outcome.settled++;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      outcome.parked++;
    }
  return outcome;
}

/**
 * Redrives one parked record, by its id, and records the reply with its removal. Of two concurrent
 * calls both may report success; credits move once. Refuses with `parked_not_found`, `parked_unfit`
 * with the current problem, or `unavailable` while the receiver's wallet is too busy.
 */
export async function redriveOne<Answer>(
  id: string,
  now: Date,
  replyTo: (outcome: RedriveOutcome) => Reply<Answer>,
): Promise<Answer> {
  const parked = await findParked(id);
  if (parked === undefined) refuse("parked_not_found", { id });
  return bringBack(parked.of, now, replyTo);
}

/** Settles the current item and removes what was parked of it. */
async function bringBack<Answer>(
  of: Key,
  now: Date,
  replyTo: (outcome: RedriveOutcome) => Reply<Answer>,
): Promise<Answer> {
  const item = await getRawItem(of, { consistent: true });
  const reply = replyTo(item === undefined ? "gone" : await settleItem(item, now));
  await removeParked(of, now, reply);
  return reply.answer;
}

async function settleItem(item: Item, now: Date): Promise<RedriveOutcome> {
  try {
    const due = dueOf(item);
    if (due?.due === undefined) return "settled_before";
    await settle(due.due, [due], now);
    return "settled";
  } catch (error) {
    if (isTransient(error)) throw error;
    refuse("parked_unfit", { reason: reasonOf(error) });
  }
}
