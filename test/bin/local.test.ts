import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openState } from "../../local/state.ts";
import { freePort } from "../system.ts";

const root = join(import.meta.dirname, "../..");
const program = join(root, "bin/local.js");
const run = promisify(execFile);
const startMillisecondsMax = 300_000;

type Run = {
  child: ChildProcess;
  output: () => string;
  stdout: () => string;
  ended: Promise<number | null>;
};

/** Starts the program with only these environment variables. */
function startProgram(variables: Record<string, string>, ...options: string[]): Run {
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

async function waitFor(program: Run, pattern: RegExp): Promise<void> {
  let hasEnded = false;
  void program.ended.then(() => {
    hasEnded = true;
  });
  while (!pattern.test(program.output())) {
    if (hasEnded) throw new Error(`The program ended early:\n${program.output()}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

test.each(["on", "off"])(
  "with DEMO=%s it prints a block whose curl lines work as printed, and exits with 0",
  async (demo) => {
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
    const began = Date.now();
    system.child.kill("SIGINT");
    expect(await system.ended).toBe(0);
    expect(Date.now() - began).toBeLessThan(5000);
    expect(system.output()).toMatch(/On AWS this would have cost \$/);
  },
  startMillisecondsMax,
);

test(
  "with --json the first line is an object with all facts, including tokens",
  async () => {
    const system = startProgram({ PORT: "0", DATA_DIR: ":memory:" }, "--json");
    await waitFor(system, /"ready".*\n/);
    const said = JSON.parse(system.stdout().split("\n")[0]!) as {
      url: string;
      users: { name: string; sub: string; token: string }[];
      try: string[];
    };
    expect(said.users.map(({ name }) => name)).toEqual(["johndoe", "host", "admin"]);
    const { sub, token } = said.users[0]!;
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${said.url}/api/v1/users/me`, { headers });
    expect(await answer.json()).toMatchObject({ data: { _id: sub } });
    expect(said.try.length).toBeGreaterThanOrEqual(5);
    system.child.kill("SIGTERM");
    expect(await system.ended).toBe(0);
    // The lines after it are JSON, too.
    for (const line of system.stdout().trim().split("\n"))
      expect(() => JSON.parse(line)).not.toThrow();
  },
  startMillisecondsMax,
);

test("--help lists the settings and starts nothing; an unknown option is refused", async () => {
  const help = startProgram({ PORT: "0" }, "--help");
  expect(await help.ended).toBe(0);
  for (const name of ["PORT", "HOST", "DATA_DIR", "DEMO", "STAGE", "LOG", "--json"])
    expect(help.stdout()).toContain(`  ${name} `);
  for (const line of help.stdout().split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  const refused = startProgram({ PORT: "0" }, "--port", "4361");
  expect(await refused.ended).toBe(2);
  expect(refused.stdout()).toBe("");
  expect(refused.output()).toMatch(/Unknown option '--port'/);
  expect(refused.output()).toContain("port is a setting: PORT=… npm start");
  const word = startProgram({ PORT: "0" }, "dev");
  expect(await word.ended).toBe(2);
});

test("a port in use is reported in a sentence with exit code 1 after 5 s", async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  const program = startProgram({ PORT: String(port), DATA_DIR: ":memory:" });
  expect(await program.ended).toBe(1);
  expect(program.output()).toBe(
    `Port ${port} is in use: waiting up to 5 s for it\n` +
      `Port ${port} is in use: stop the process that uses it, or set PORT to another one.\n`,
  );
  await new Promise((done) => server.close(done));
});

test("an address that the machine does not have is reported in a sentence with exit code 1", async () => {
  // For documentation only (RFC 5737): no machine has it.
  const program = startProgram({ PORT: "0", HOST: "192.0.2.1", DATA_DIR: ":memory:" });
  expect(await program.ended).toBe(1);
  expect(program.output()).toBe(
    "HOST: this machine has no address 192.0.2.1; 0.0.0.0 listens on all of its addresses.\n",
  );
});

test("a data directory that is in use or cannot be written is reported", async () => {
  const directory = mkdtempSync(join(tmpdir(), "ovation-busy-"));
  const other = openState(directory);
  const second = startProgram({ PORT: "0", DATA_DIR: directory });
  expect(await second.ended).toBe(1);
  expect(second.output()).toBe(
    "The data is in use: waiting up to 5 s for it\n" +
      `The data in ${directory} is in use by another running Ovation: ` +
      "stop that one, or set DATA_DIR to another directory.\n",
  );
  // The other system may be about to create it.
  expect(existsSync(join(directory, "issuer-key.json"))).toBe(false);
  other.close();
  rmSync(directory, { recursive: true });
  const inFile = join(import.meta.filename, "data");
  const nowhere = startProgram({ PORT: "0", DATA_DIR: inFile });
  expect(await nowhere.ended).toBe(1);
  expect(nowhere.output()).toMatch(
    /^DATA_DIR .* cannot be used: ENOTDIR.*\. Set DATA_DIR to a directory that you may write to\.\n$/,
  );
  // Nothing can be made there, which the system reports as if a parent were missing.
  const below = startProgram({ PORT: "0", DATA_DIR: "/proc/none/data" });
  expect(await below.ended).toBe(1);
  expect(below.output()).toMatch(/^DATA_DIR .* cannot be used: E[A-Z]+: .*mkdir '\/proc/);
});

test(
  "a start waits for a system that is still stopping on its port and with its data",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "ovation-stopping-"));
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
    const stopping = openState(directory);
    const next = startProgram({ PORT: `${port}`, DATA_DIR: directory });
    await waitFor(next, /is in use: waiting/);
    await new Promise((done) => server.close(done));
    stopping.close();
    await waitFor(next, /Ctrl-C/);
    next.child.kill("SIGTERM");
    expect(await next.ended).toBe(0);
    rmSync(directory, { recursive: true });
  },
  startMillisecondsMax,
);

test("all wrong settings are reported at once with exit code 2", async () => {
  const program = startProgram({ PORT: "http", STAGE: "test" });
  expect(await program.ended).toBe(2);
  expect(program.output().trim().split("\n")).toEqual([
    expect.stringMatching(/^PORT: expected .*, found "http"$/),
    expect.stringMatching(/^STAGE: expected .*, found "test"$/),
  ]);
});

test("a signal during the start exits with 0", async () => {
  const port = await freePort();
  const program = startProgram({ PORT: String(port), DATA_DIR: ":memory:" });
  // The port responds from the beginning, long before functions are bundled or started.
  const ask = () => fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
  while ((await ask()) === undefined) await new Promise((done) => setTimeout(done, 10));
  program.child.kill("SIGTERM");
  expect(await program.ended).toBe(0);
});
