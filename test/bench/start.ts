import { rmSync } from "node:fs";
import { join } from "node:path";
import { startSystem } from "../system.ts";
import { print, round } from "./figures.ts";

const root = join(import.meta.dirname, "../..");

async function start(): Promise<number> {
  const began = performance.now();
  const system = await startSystem();
  const seconds = (performance.now() - began) / 1000;
  await system.stop();
  return round(seconds);
}

/** From the command to a healthy system: with nothing made, with all made, and once more. */
export async function benchStart(): Promise<void> {
  for (const made of ["dist", "cdk.out", ".cache"])
    rmSync(join(root, made), { recursive: true, force: true });
  const first = await start();
  const second = await start();
  const third = await start();
  print("Start to healthy, seconds (goals on two quiet cores: first 6, nothing changed 0.6)", [
    { start: "first: bundle and synth", seconds: first },
    { start: "second", seconds: second },
    { start: "third", seconds: third },
  ]);
}
