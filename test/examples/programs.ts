/** Programs of an application next to a running system: stopped with the test, output captured. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export type Program = { output(): string; stop(): Promise<number | null> };

const timeoutMilliseconds = 100_000;

/** Starts a program in a folder; `stop` asks it to end as a person does, and gives its exit code. */
export function startProgram(
  [program = "", ...given]: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Program {
  // An open stdin: a program may take its end for the end of its parent.
  const child: ChildProcess = spawn(program, given, {
    cwd,
    env: { ...env, NODE_OPTIONS: "" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  const ended = once(child, "exit");
  return {
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      return (await ended)[0] as number | null;
    },
  };
}

/** Asks again and again until it is so; what does not come fails with what `tell` says. */
export async function soon(
  isSo: () => boolean | Promise<boolean>,
  tell: () => string,
): Promise<void> {
  const end = performance.now() + timeoutMilliseconds;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`Not in time: ${isSo}\n${tell()}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Whether a server answers there. */
export const answers = (url: string) =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
