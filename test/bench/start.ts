import { cpSync, globSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { startSystem } from "../system.ts";
import { print, round } from "./figures.ts";

const root = join(import.meta.dirname, "../..");
/** Folders that a fresh clone lacks. */
const made = ["node_modules", ".git", ".cache", ".data", ".issuer", "dist", "cdk.out", "coverage"];

async function start(checkout: string): Promise<number> {
  const began = performance.now();
  const system = await startSystem({ checkout });
  const seconds = (performance.now() - began) / 1000;
  // A start that is stopped while it still bundles leaves nothing for the next one.
  while (globSync(".cache/assembly/*/complete", { cwd: checkout }).length === 0)
    await new Promise((done) => setTimeout(done, 100));
  await system.stop();
  return round(seconds);
}

/**
 * Seconds from the command to a healthy system: after a fresh clone, and twice with everything
 * built. Uses a copy of the checkout, because the measured start rebuilds the output folders.
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
