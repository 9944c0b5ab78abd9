import { withTable } from "./generated-table.ts";

/** docs/units.json: the table calls and units of each call. */
type Units = Record<string, { steps: number; calls: number; read: number; write: number }>;

/** Returns docs/measurements.md with its table of calls generated from the recorded units. */
export const measurements = (text: string, units: Units): string =>
  withTable(
    text,
    { name: "calls", from: "units.json" },
    ["call", "steps", "calls", "read units", "write units"],
    Object.entries(units).map(([name, { steps, calls, read, write }]) => [
      ...[name, steps, calls, read, write],
    ]),
  );
