import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { firstBundled } from "../../bin/build/bundle-order.ts";
import { functionName } from "../../lib/stages/names.ts";
import { freePort, outputOf } from "../system.ts";

const root = join(import.meta.dirname, "../..");
/** A checkout without any build output. */
let checkout: string;
const connections = () => join(checkout, "connections.log");

beforeAll(() => {
  checkout = mkdtempSync(join(tmpdir(), "ovation-cold-"));
  // Copies every room except the tests; build output and dotfiles are left out.
  const made = /^(\.|node_modules$|test$|dist$|cdk\.out$)/;
  const names = readdirSync(root).filter((name) => !made.test(name));
  for (const name of names) cpSync(join(root, name), join(checkout, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
});
beforeEach(() => writeFileSync(connections(), ""));
afterAll(() => rmSync(checkout, { recursive: true, force: true }));

/**
 * The environment of a developer with AWS credentials, with a connection watch in every Node
 * process: nothing may connect to a service of these credentials either.
 */
function watched(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const watch = pathToFileURL(join(import.meta.dirname, "watch-connections.ts"));
  watch.searchParams.set("to", connections());
  return {
    PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`,
    HOME: checkout,
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    AWS_REGION: "eu-west-1",
    NODE_OPTIONS: `--import ${watch.href}`,
    NODE_NO_WARNINGS: "1",
    ...more,
  };
}

const isLoopback = (host: string) => /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(host);

/** Connections since the test began: all, and those to other machines. */
function seen() {
  const lines = readFileSync(connections(), "utf8").split("\n").filter(Boolean);
  const all = lines.map((line) => JSON.parse(line) as { host: string; program: string });
  return { all, outside: all.filter(({ host }) => !isLoopback(host)) };
}

/** What the system has printed since its start. */
let output: () => string;

/** Starts a system; resolves when it is healthy. */
async function startCold() {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, ["bin/local.js"], {
    cwd: checkout,
    env: watched({ PORT: `${port}`, LOG: "off", DATA_DIR: join(checkout, "data") }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  output = outputOf(child.stdout, child.stderr);
  const closed = new Promise<number | null>((done) => child.once("close", done));
  const health = () => fetch(`${url}/health`).catch(() => undefined);
  while ((await health())?.status !== 200) {
    if (child.exitCode !== null) throw new Error(`The system did not start:\n${output()}`);
    await new Promise((done) => setTimeout(done, 200));
  }
  return {
    url,
    /** The exit code, after `signal` if given. */
    ended(signal?: "SIGTERM" | "SIGKILL") {
      if (signal) child.kill(signal);
      return closed;
    },
  };
}

/** A file of each assembly, finished or not. */
const listAssemblies = (file: string) => globSync(`.cache/assembly/*/${file}`, { cwd: checkout });

const runNode = (...given: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, given, { cwd: checkout, env: watched(), encoding: "utf8" });

describe("no other host is contacted", () => {
  test("or the test would detect it, even in a child process or a thread", () => {
    const reach = (host: string) =>
      `import net from "node:net"; net.connect(9, "${host}").on("error", () => 0).destroy();`;
    const source = `data:text/javascript,${encodeURIComponent(reach("192.0.2.2"))}`;
    const program = [
      `import { spawnSync } from "node:child_process";`,
      `import { Worker } from "node:worker_threads";`,
      `spawnSync(process.execPath, ["--input-type=module", "-e", ${JSON.stringify(reach("192.0.2.1"))}]);`,
      `new Worker(new URL("${source}"), { env: {}, execArgv: [] });`,
    ];
    runNode("--input-type=module", "-e", program.join("\n"));
    expect(seen().outside.map(({ host }) => host)).toEqual(["192.0.2.1", "192.0.2.2"]);
  });

  test("by first starts that a signal ends while they bundle, and the next start uses none of their files", async () => {
    for (const { signal, exitCode, isLeft } of [
      // Whether it still removes its unfinished assembly depends on which process ends first.
      { signal: "SIGKILL", exitCode: null, isLeft: true },
      { signal: "SIGTERM", exitCode: 0, isLeft: false },
    ] as const) {
      const before = listAssemblies("manifest.json").length;
      expect(await (await startCold()).ended(signal)).toBe(exitCode);
      if (isLeft) expect(listAssemblies("manifest.json")).toHaveLength(before + 1);
      expect(listAssemblies("complete")).toEqual([]);
    }
    expect(seen().outside).toEqual([]);
  });

  test("by a cold start, which bundles and synthesizes first", async () => {
    expect(listAssemblies("complete")).toEqual([]);
    const { ended, url } = await startCold();
    // Not bundled first: such a call waits for its bundle.
    expect((await fetch(`${url}/docs/events`)).status).toBe(200);
    const functions = await fetch(`${url}/local/functions`);
    const { functions: called } = (await functions.json()) as { functions: object };
    const first = ["app/docs-events", ...firstBundled].map((name) => functionName("dev", name));
    expect(Object.keys(called).filter((name) => !first.includes(name))).toEqual([]);
    expect(await ended("SIGTERM")).toBe(0);
    const { all, outside } = seen();
    expect(outside).toEqual([]);
    expect(all.length).toBeGreaterThan(0);
  });

  test("by the synthesis of a stage", () => {
    const { status, stderr } = runNode("bin/build/synth.ts", "dev");
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    expect(seen().outside).toEqual([]);
  });
});

test("a first start whose last bundles fail ends with the reason", async () => {
  // Complete bundles of an earlier start would not be made, nor measured, again.
  rmSync(join(checkout, "dist"), { recursive: true, force: true });
  const limits = join(checkout, "bin/build/bundle-sizes.ts");
  const text = readFileSync(limits, "utf8");
  writeFileSync(limits, text.replace("own: 360 * 1024", "own: 60 * 1024"));
  const { ended } = await startCold();
  expect(await ended()).toBe(1);
  expect(output()).toMatch(/^Error: Bundles exceed their size limit: app-health \d+ of 61440/m);
  writeFileSync(limits, text);
});
