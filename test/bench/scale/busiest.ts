import { round } from "../figures.ts";
import { type SimulatedTable, unitsPerSecond } from "./table.ts";

type Way = keyof typeof unitsPerSecond;
const ways: readonly Way[] = ["read", "write"];

/** What a figure of the busiest second of one kind of key is called. */
const nameOf = (way: Way, kind: string) => `${way} units/s most, ${kind}`;

/** The most units that a key of each kind was asked for in one second. */
export function busiestOf(table: SimulatedTable): Record<string, number> {
  const most = table.most();
  const figures: Record<string, number> = {};
  for (const way of ways)
    for (const [kind, units] of most[way]) figures[nameOf(way, kind)] = round(units);
  return figures;
}

/** The figures by which a key was asked for more than it carries. */
export const tooBusy = (figures: Readonly<Record<string, number | string>>): string[] =>
  ways.flatMap((way) =>
    Object.keys(figures).filter(
      (name) => name.startsWith(nameOf(way, "")) && Number(figures[name]) > unitsPerSecond[way],
    ),
  );
