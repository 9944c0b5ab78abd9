import { type ChildProcess, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { beforeAll } from "@jest/globals";
import { sharedSystem } from "../shared.ts";
import { outputOf } from "../system.ts";

const root = join(import.meta.dirname, "../..");

type Ended = { code: number; stdout: string; stderr: string };

/** The command line, as a separate process next to a running system. */
export function useCommandLine() {
  let system: Awaited<ReturnType<typeof sharedSystem>>;
  beforeAll(async () => {
    system = await sharedSystem();
  });

  const optionsOf = (more?: Record<string, string>) => ({
    cwd: root,
    env: { ...process.env, OVATION_TOKEN: "", PORT: new URL(system.url).port, ...more },
  });

  const run = (given: string[], more?: Record<string, string>): Promise<Ended> =>
    new Promise((done) =>
      execFile(
        process.execPath,
        ["bin/ovation.ts", ...given],
        optionsOf(more),
        (error, stdout, stderr) => done({ code: Number(error?.code ?? 0), stdout, stderr }),
      ),
    );

  const start = (given: string[], more?: Record<string, string>) =>
    spawn(process.execPath, ["bin/ovation.ts", ...given], {
      ...optionsOf(more),
      stdio: ["ignore", "pipe", "pipe"],
    });

  /** Starts `listen`, and waits until it has subscribed. */
  async function listen(...given: string[]) {
    const child: ChildProcess = start(["listen", ...given]);
    const stdout = outputOf(child.stdout);
    const ended = new Promise<number | null>((done) => child.once("close", done));
    await new Promise<void>((done, fail) => {
      child.stderr!.setEncoding("utf8").on("data", (text) => text.includes("Listening") && done());
      void ended.then((code) => fail(new Error(`It ended with ${code}`)));
    });
    return { child, ended, stdout };
  }

  return { system: () => system, run, start, listen };
}

export const linesOf = (text: string) => text.split("\n").filter(Boolean);
export const objectsOf = (text: string) =>
  linesOf(text).map((line) => JSON.parse(line) as Record<string, unknown>);
