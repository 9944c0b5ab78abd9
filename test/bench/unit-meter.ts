import { apiUrl } from "../api/people.ts";
import { round, wait } from "./figures.ts";

type Units = { writeUnits: number; readUnits: number };
type Cost = { units: { write: number; read: number }; byFunction: Record<string, Units> };

/** The runner's counters. */
const cost = async () => (await (await fetch(`${apiUrl()}/local/cost`)).json()) as Cost;

/** The units of these functions so far, in total. */
function unitsOf({ byFunction }: Cost, ...names: string[]): Units {
  const found = names.flatMap((name) => byFunction[`ovation-dev-${name}`] ?? []);
  const sum = (field: keyof Units) => found.reduce((total, one) => total + one[field], 0);
  return { writeUnits: sum("writeUnits"), readUnits: sum("readUnits") };
}

/** Waits until the consumers have finished the work that earlier calls caused. */
async function quiet(): Promise<Cost> {
  for (let before = await cost(); ; ) {
    await wait(1500);
    const after = await cost();
    if (after.units.write === before.units.write) return after;
    before = after;
  }
}

/** Counted separately, because the number of calls does not determine their number. */
const apart = {
  /** For every call in a stage without an authorizer cache; in prod once in 300 s. */
  "authorizer's": ["auth-http", "auth-socket"],
  /** One frame takes all records that have gathered. */
  "frames'": ["realtime-fan-out"],
} as const;

/**
 * Units per call of everything that `calls` calls cause: handlers and settle together, and
 * authorizers and frames separately.
 */
export async function measure(
  calls: number,
  act: () => Promise<unknown>,
): Promise<Record<string, number>> {
  const before = await quiet();
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
