/** Runs jest, and ends it where a signal or a test that has left something open requires. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** The processes of jest that have not ended. */
const running = new Set<ChildProcess>();
let isEnding = false;

type JestOptions = {
  terminal?: "ignore" | "inherit";
  /** Receives its output, which goes to the terminal otherwise. */
  output?: string[] | undefined;
  /** The file with its results, if it has to end after writing it. */
  report?: string;
};

/** How long jest may run after its report: what a failed test leaves open would keep it. */
const endSeconds = 30;

/** Ends jest if it does not end soon after its report. */
function endAfter(report: string, child: ChildProcess): void {
  const looking = setInterval(() => {
    if (!existsSync(report)) return;
    clearInterval(looking);
    const late = setTimeout(() => {
      console.error(`Jest did not end within ${endSeconds} s: a test has left something open`);
      child.kill("SIGTERM");
    }, endSeconds * 1000);
    child.once("close", () => clearTimeout(late));
  }, 1000);
  child.once("close", () => clearInterval(looking));
}

/** Runs jest on this Node with additional environment variables; resolves with its exit code. */
export function runJest(
  options: readonly string[],
  env: Record<string, string>,
  { terminal = "ignore", output, report }: JestOptions = {},
) {
  if (isEnding) return new Promise<number>(() => {});
  // Jest loads ES modules only with this flag; Node itself strips the types.
  const flags = ["--experimental-vm-modules", "--no-warnings"];
  const jest = join(root, "node_modules/jest/bin/jest.js");
  const child = spawn(process.execPath, [...flags, jest, ...options], {
    cwd: root,
    stdio: [terminal, terminal, output ? "pipe" : "inherit"],
    env: {
      ...process.env,
      ...env,
      PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`,
    },
  });
  running.add(child);
  if (report !== undefined) endAfter(report, child);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => output?.push(text));
  return new Promise<number>((done) =>
    child.once("close", (code) => {
      running.delete(child);
      done(code ?? 1);
    }),
  );
}

/** Ends all processes of jest, and starts no further one, since that would stay. */
export function endJest(): void {
  isEnding = true;
  for (const child of running) child.kill("SIGTERM");
}
