/** The program of `npm start`, run as a user runs it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { watchStandstills } from "../standstills.ts";
import { outputOf } from "../system.ts";

const root = join(import.meta.dirname, "../..");
const program = join(root, "bin/local.js");
const run = promisify(execFile);

/** How long a start may take on a slow machine. */
export const startMillisecondsMax = 300_000;

type Run = {
  child: ChildProcess;
  output: () => string;
  stdout: () => string;
  ended: Promise<number | null>;
};

/** Starts the program with only these environment variables. */
export function startProgram(variables: Record<string, string>, ...options: string[]): Run {
  const child = spawn(process.execPath, [program, ...options], {
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = outputOf(child.stdout, child.stderr);
  const stdout = outputOf(child.stdout);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, output, stdout, ended };
}

/** Waits until its output matches; throws if it ends before that. */
export async function waitFor(program: Run, pattern: RegExp): Promise<void> {
  let hasEnded = false;
  void program.ended.then(() => {
    hasEnded = true;
  });
  while (!pattern.test(program.output())) {
    if (hasEnded) throw new Error(`The program ended early:\n${program.output()}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Starts it, runs the curl lines that it prints, and stops it as Ctrl-C does. */
export async function expectPrintedLinesToWork(demo: "on" | "off"): Promise<void> {
  const system = startProgram({ PORT: "0", DATA_DIR: ":memory:", DEMO: demo });
  await waitFor(system, /Ctrl-C/);
  const lines = system.output().split("\n");
  const block = lines.slice(lines.findIndex((line) => line.includes(" is ready in ")));
  expect(block.length).toBeLessThanOrEqual(26);
  expect(block.join("\n")).not.toMatch(/eyJ/);
  const curls = block.filter((line) => line.startsWith("curl "));
  expect(curls.length).toBeGreaterThanOrEqual(demo === "on" ? 5 : 4);
  for (const curl of curls) {
    expect(curl).not.toContain("|");
    const { stdout } = await run("sh", ["-c", `${curl} -s -w '\\n%{http_code}'`], { cwd: root });
    expect(stdout.split("\n").at(-1)).toMatch(/^20[01]$/);
  }
  await waitFor(system, /201 POST \/local\/token /);
  const runningOf = watchStandstills();
  const began = Date.now();
  system.child.kill("SIGINT");
  expect(await system.ended).toBe(0);
  expect(runningOf(Date.now() - began)).toBeLessThan(5000);
  expect(system.output()).toMatch(/On AWS this would have cost \$/);
}
