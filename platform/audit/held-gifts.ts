import type { ChainedEntry } from "../../domain/money/ledger.ts";
import type { Item } from "../table/items.ts";
import { moneyKindOf } from "../table/keys.ts";

const minuteMilliseconds = 60_000;

/**
 * A gift is overdue after this many different minutes with writes: a running system takes it back
 * within two, by the sweep at the latest.
 */
const minutesMin = 5;

/** An item, its name, and the entries in it. */
type Stated = { item: string; source?: Item; entries?: readonly ChainedEntry[] | undefined };

/** Since when an item holds a gift, in milliseconds since 1970; undefined if it holds none. */
export function heldSince(item: Item): number | undefined {
  const { held, calledAt } = item;
  const isHeld = moneyKindOf(item).kind === "call" && held !== undefined;
  return isHeld && typeof calledAt === "number" ? calledAt : undefined;
}

/**
 * Finds gifts that are held although the system has been running long enough to release them: it
 * has written something in at least `minutesMin` different minutes after their calls. The age of a
 * gift proves nothing, since a stopped system releases gifts only after its next start. `since` is
 * the time of the oldest call to consider.
 */
export async function listOverdueHolds(
  statements: AsyncIterable<Stated>,
  since: number,
): Promise<{ item: string; problem: string }[]> {
  const held: { item: string; at: number }[] = [];
  const minutes = new Set<number>();
  for await (const { item, source, entries } of statements) {
    const at = source && heldSince(source);
    if (at !== undefined) held.push({ item, at });
    for (const time of source === undefined ? [] : timesOf(source, entries))
      if (time > since) minutes.add(Math.floor(time / minuteMilliseconds));
  }
  const isPastRetention = (at: number) =>
    [...minutes].filter((minute) => minute * minuteMilliseconds > at).length >= minutesMin;
  const problemOf = (at: number) =>
    `holds a gift since ${new Date(at).toISOString()}: nobody took it back`;
  return held
    .filter(({ at }) => isPastRetention(at))
    .map(({ item, at }) => ({ item, problem: problemOf(at) }));
}

/** Times at which the system wrote, in milliseconds since 1970. */
function timesOf(item: Item, entries: readonly ChainedEntry[] = []): number[] {
  const { kind } = moneyKindOf(item);
  if (kind === "call") return [Number(item.calledAt)];
  if (kind === "frame" || kind === "log") return [Number(item.newest ?? 0) * 1000];
  return entries.map(({ occurredAt }) => Date.parse(occurredAt));
}
