import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { startSystem } from "../system.ts";
import { print, round } from "./figures.ts";

const root = join(import.meta.dirname, "../..");
/** What a fresh clone does not have. */
const made = ["node_modules", ".git", ".cache", ".data", ".issuer", "dist", "cdk.out", "coverage"];

async function start(checkout: string): Promise<number> {
  const began = performance.now();
  const system = await startSystem({ checkout });
  const seconds = (performance.now() - began) / 1000;
  await system.stop();
  return round(seconds);
}

/**
 * From the command to a healthy system: with nothing made, with all made, and once more. It starts
 * a copy of this checkout, so that a system that runs from it keeps what it was started from.
 */
export async function benchStart(): Promise<void> {
  const checkout = mkdtempSync(join(tmpdir(), "ovation-start-"));
  try {
    cpSync(root, checkout, {
      recursive: true,
      filter: (path) => !made.includes(relative(root, path)),
    });
    symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
    const first = await start(checkout);
    const second = await start(checkout);
    const third = await start(checkout);
    print("Start to healthy, seconds (goals on two quiet cores: first 6, nothing changed 0.6)", [
      { start: "first: bundle and synth", seconds: first },
      { start: "second", seconds: second },
      { start: "third", seconds: third },
    ]);
  } finally {
    rmSync(checkout, { recursive: true, force: true });
  }
}
