/** The program of `npm start`, run as a user runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const program = join(import.meta.dirname, "../../bin/local.js");

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
  let text = "";
  let data = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (stream === child.stdout) data += part;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, output: () => text, stdout: () => data, ended };
}

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
