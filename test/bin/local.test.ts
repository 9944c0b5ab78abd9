import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "../../local/reachable.ts";
import { openState } from "../../local/state.ts";
import { freePort } from "../system.ts";
import {
  expectPrintedLinesToWork,
  startMillisecondsMax,
  startProgram,
  waitFor,
} from "./program.ts";

test(
  "a start with DEMO=off prints a block whose curl lines work as printed, and exits with 0",
  () => expectPrintedLinesToWork("off"),
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
  const port = await listen(server);
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
