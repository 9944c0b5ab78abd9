import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOf } from "../system.ts";

/** A cross-section: HTTP, bodies as bytes, tokens, Tencent's host, sockets, skipped tests. */
const files = ["tokens", "tencent", "push", "sign-in"].map((name) => `test/api/${name}.test.ts`);

let child: ChildProcess | undefined;
// A timed-out test leaves this process behind, with its system and its tests.
afterAll(() => {
  const isOver = child?.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  if (!isOver) process.kill(-child!.pid!, "SIGKILL");
});

test("black-box tests pass against a stage with only its URLs and an issuer", async () => {
  const directory = mkdtempSync(join(tmpdir(), "stage-test-"));
  const report = join(directory, "report.json");
  const options = ["--json", `--outputFile=${report}`, ...files];
  const env = { ...process.env };
  // Settings of the outer run must not lead this run to another system.
  for (const name of Object.keys(env)) if (/_URL$|^OWN_SYSTEM$|^JEST_/.test(name)) delete env[name];
  const stage = spawn(process.execPath, ["--no-warnings", "test/stage/index.ts", ...options], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  child = stage;
  const output = outputOf(stage.stderr);
  const code = await new Promise((done) => stage.once("close", done));
  const said = output();
  expect({ code, said }).toEqual({ code: 0, said });
  const { testResults, numPassedTests } = JSON.parse(readFileSync(report, "utf8"));
  rmSync(directory, { recursive: true });
  expect(testResults).toHaveLength(files.length);
  expect(numPassedTests).toBeGreaterThan(15);
  expect(said).toContain("Not against a stage: test/api/sign-in.test.ts: ");
});
