import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@jest/globals";
import type { Spent } from "./call-meter.ts";

const file = join(import.meta.dirname, "../../docs/units.json");

/**
 * Expects that calls spend what docs/units.json says, the one place of these figures: documents
 * and `npm run cost` read it. With RECORD_UNITS=1 it is written instead.
 */
export function expectRecorded(spent: Record<string, Spent>): void {
  const recorded = JSON.parse(readFileSync(file, "utf8")) as Record<string, Spent>;
  const names = Object.keys(spent);
  if (process.env.RECORD_UNITS === "1")
    writeFileSync(file, `${JSON.stringify({ ...recorded, ...spent }, null, 2)}\n`);
  else expect(spent).toEqual(Object.fromEntries(names.map((name) => [name, recorded[name]])));
}
