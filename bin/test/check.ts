/**
 * `npm run check`: everything that a change has to pass. Independent checks run in parallel, as
 * many as there are processors; then all tests, whose last line counts.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** The longest first, so that none is left over at the end. */
const checks = ["synth", "types", "lint", "documents -- --check"];

/** The path of npm, to run it without a shell; `npm run` sets it. */
const { npm_execpath: npm } = process.env;
if (npm === undefined) throw new Error("Run it as `npm run check`");

/** Runs a script of package.json and prints its output when it ends; resolves with its success. */
function runScript(npm: string, script: string): Promise<boolean> {
  const began = performance.now();
  const child = spawn(process.execPath, [npm, "run", ...script.split(" ")], { cwd: root });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => output.push(chunk));
  return new Promise((done) =>
    child.once("close", (code) => {
      process.stdout.write(Buffer.concat(output));
      const seconds = Math.round((performance.now() - began) / 1000);
      console.log(`npm run ${script}: ${code === 0 ? "passed" : "FAILED"} in ${seconds} s\n`);
      done(code === 0);
    }),
  );
}

const waiting = checks.values();
const passed: boolean[] = [];
const lanes = Array.from({ length: Math.max(2, availableParallelism()) }, async () => {
  for (const script of waiting) passed.push(await runScript(npm, script));
});
await Promise.all(lanes);
if (passed.includes(false)) process.exit(1);
const command = [npm, "run", "test:all"];
const tests = spawn(process.execPath, command, { cwd: root, stdio: "inherit" });
tests.once("exit", (code) => {
  process.exitCode = code ?? 1;
});
