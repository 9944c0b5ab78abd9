/** Keys at a terminal: the listener alone, and the whole system at a pseudo-terminal. */
import { spawn, spawnSync } from "node:child_process";
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { jest } from "@jest/globals";
import { listenToKeys } from "../../bin/start/key-actions.ts";
import { withProgress } from "../../bin/start/progress.ts";
import { eventually } from "../api/people.ts";
import { freePort, outputOf } from "../system.ts";

const root = join(import.meta.dirname, "../..");

test("each key runs its action, h lists them, Ctrl-C interrupts, and others do nothing", async () => {
  const modes: boolean[] = [];
  const terminal = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
    resume() {},
    pause() {},
    unref() {},
  });
  const done: string[] = [];
  const restoreTerminal = listenToKeys(
    terminal as never,
    [
      { key: "a", says: "does a", act: () => void done.push("a") },
      { key: "b", says: "fails", act: () => Promise.reject(new Error("b is broken")) },
    ],
    { say: (text) => done.push(text), interrupted: () => done.push("interrupted") },
  );
  terminal.emit("data", Buffer.from("xa"));
  terminal.emit("data", Buffer.from("bh\u0003"));
  await new Promise((next) => setImmediate(next));
  expect(done).toEqual([
    "a",
    "  a  does a\n  b  fails\n  h  list the keys",
    "interrupted",
    "b is broken",
  ]);
  restoreTerminal();
  expect(modes).toEqual([true, false]);
});

describe("progress", () => {
  const pause = (milliseconds: number) => new Promise((next) => setTimeout(next, milliseconds));
  // A step of 1.2 s takes two or more on a slow machine.
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test("only steps of more than a second are announced", async () => {
    let said = "";
    const write = (text: string) => {
      said += text;
    };
    expect(await withProgress("Quick", { isLive: false, write }, () => 7)).toBe(7);
    expect(said).toBe("");
    const slow = withProgress("Slow", { isLive: false, write }, () => pause(1200));
    await jest.advanceTimersByTimeAsync(1200);
    await slow;
    expect(said).toMatch(/^Slow …\nSlow: \d\.\d s\n$/);
    said = "";
    const failing = withProgress("Bad", { isLive: true, write }, async () => {
      await pause(1200);
      throw new Error("no");
    });
    const refused = expect(failing).rejects.toThrow("no");
    await jest.advanceTimersByTimeAsync(1200);
    await refused;
    expect(said).toMatch(/^\rBad … 1 s\rBad: \d\.\d s\n$/);
  });
});

/** `script` of util-linux runs a program on a pseudo-terminal. */
const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util");

(hasScript ? test : test.skip)(
  "at a terminal, keys send a gift, restart on the same data, simulate viewers, and end the system",
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "ovation-keys-"));
    const port = await freePort();
    const command = `${process.execPath} bin/local.js`;
    const child = spawn("script", ["-qec", command, "/dev/null"], {
      cwd: root,
      env: { ...process.env, PORT: `${port}`, DATA_DIR: dataDir, NODE_OPTIONS: "", NO_COLOR: "1" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const screen = outputOf(child.stdout);
    const ended = new Promise((done) => child.once("close", done));
    /** Waits for output after the last match. */
    let seen = 0;
    const see = async (pattern: RegExp) => {
      for (;;) {
        const found = pattern.exec(screen().slice(seen));
        if (found) {
          seen += found.index + found[0].length;
          return;
        }
        if (child.exitCode !== null) throw new Error(`It ended:\n${screen()}`);
        await new Promise((done) => setTimeout(done, 50));
      }
    };
    await see(/h lists the keys, Ctrl-C stops/);
    const beginning = screen().slice(screen().indexOf("  Ovation "));
    // NO_COLOR: plain text only.
    expect(stripVTControlCharacters(beginning)).toBe(beginning);
    child.stdin.write("h");
    await see(/ {2}o {2}open[\s\S]* {2}q {2}quit/);
    child.stdin.write("g");
    await see(/johndoe gave a rose\./);
    child.stdin.write("r");
    await see(/On AWS this would have cost/);
    await see(/h lists the keys/);
    // A gift is settled a little later, and this one after the restart.
    const [first] = await eventually(
      () => readLeaders(port),
      (leaders) => leaders.length > 0,
    );
    expect(first).toMatchObject({ user: { username: "johndoe" } });
    child.stdin.write("s");
    await see(/Eight simulated viewers/);
    await see(/201 POST \/api\/v1\/live-stream\/\{streamId\}\/chat\/messages/);
    child.stdin.write("s");
    await see(/Simulated viewers stopped/);
    child.stdin.write("q");
    expect(await ended).toBe(0);
    rmSync(dataDir, { recursive: true, force: true });
  },
);

async function readLeaders(port: number): Promise<object[]> {
  const answer = await fetch(
    `http://127.0.0.1:${port}/api/v1/live-stream/64d15f9e2e6c8f4d5a123000/leaderboard`,
    { headers: { authorization: `Bearer ${await tokenAt(port)}` } },
  );
  return ((await answer.json()) as { data: object[] }).data;
}

async function tokenAt(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/local/token`, {
    method: "POST",
    body: '{"sub":"ann"}',
  });
  return ((await answer.json()) as { token: string }).token;
}
