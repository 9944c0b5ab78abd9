/** Runs an app's programs next to a running system: stopped with the test, output captured. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { outputOf } from "../system.ts";

export type Program = { output(): string; stop(): Promise<number | null> };

const timeoutMilliseconds = 100_000;

/** Starts a program in a folder; `stop` interrupts it, and returns its exit code. */
export function startProgram(
  [program = "", ...given]: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Program {
  // Keeps stdin open: some programs exit when it ends.
  const child: ChildProcess = spawn(program, given, {
    cwd,
    env: { ...env, NODE_OPTIONS: "" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // Not "exit": at SIGTERM npm ends before the program that it runs, and both have the output.
  const ended = once(child, "close");
  return {
    output: outputOf(child.stdout, child.stderr),
    async stop() {
      child.kill("SIGTERM");
      return (await ended)[0] as number | null;
    },
  };
}

/** Polls until the condition is true; a timeout fails with the text of `tell`. */
export async function soon(
  isSo: () => boolean | Promise<boolean>,
  tell: () => string,
): Promise<void> {
  const end = performance.now() + timeoutMilliseconds;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`Timed out: ${isSo}\n${tell()}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Whether a server responds there. */
export const answers = (url: string) =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
