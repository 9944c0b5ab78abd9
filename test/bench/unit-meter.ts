import { apiUrl } from "../api/people.ts";
import { round, wait } from "./figures.ts";

type Units = { writeUnits: number; readUnits: number };
type Own = Units & { byOperation: Record<string, { requests: number }> };
type Cost = { units: { write: number; read: number }; byFunction: Record<string, Own> };

/** What the runner has counted so far. */
const cost = async () => (await (await fetch(`${apiUrl()}/local/cost`)).json()) as Cost;

/** What some functions have taken so far, all together. */
export function unitsOf({ byFunction }: Cost, ...names: string[]): Units {
  const found = names.flatMap((name) => byFunction[`ovation-dev-${name}`] ?? []);
  const sum = (field: keyof Units) => found.reduce((total, one) => total + one[field], 0);
  return { writeUnits: sum("writeUnits"), readUnits: sum("readUnits") };
}

/** How many batches settle has written so far: one transaction each. */
export const batchesOf = ({ byFunction }: Cost): number =>
  byFunction["ovation-dev-money-settle"]?.byOperation["dynamodb:TransactWriteItems"]?.requests ?? 0;

/** Waits until the consumers have done what follows from the calls before. */
export async function quiet(): Promise<Cost> {
  for (let before = await cost(); ; ) {
    await wait(1500);
    const after = await cost();
    if (after.units.write === before.units.write) return after;
    before = after;
  }
}

/** Counted separately from the calls, since their number does not determine it. */
const apart = {
  /** Every call where a stage remembers no authorizer's word; in prod one in 300 s. */
  "authorizer's": ["auth-http", "auth-socket"],
  /** A frame takes in all that has gathered. */
  "frames'": ["realtime-fan-out"],
} as const;

/**
 * Units of everything that `calls` calls cause, for each of them: those of handlers and settle, and,
 * separately, those of authorizers and frames. What an environment reads for itself (the table's
 * layout once, the newest revocations every few seconds) is no call's: `warmUp` has it read just
 * before, by as many calls at once as are measured, which are refused and leave nothing behind.
 */
export async function measure(
  calls: number,
  act: () => Promise<unknown>,
  warmUp: () => Promise<unknown> = async () => undefined,
): Promise<Record<string, number>> {
  await quiet();
  await warmUp();
  const before = await cost();
  await act();
  const after = await quiet();
  const rest = {
    write: after.units.write - before.units.write,
    read: after.units.read - before.units.read,
  };
  const columns: Record<string, number> = {};
  for (const [whose, names] of Object.entries(apart)) {
    const [was, is] = [unitsOf(before, ...names), unitsOf(after, ...names)];
    const own = { write: is.writeUnits - was.writeUnits, read: is.readUnits - was.readUnits };
    for (const kind of ["write", "read"] as const) {
      rest[kind] -= own[kind];
      columns[`${whose} ${kind}`] = round(own[kind] / calls);
    }
  }
  return { write: round(rest.write / calls), read: round(rest.read / calls), ...columns };
}
