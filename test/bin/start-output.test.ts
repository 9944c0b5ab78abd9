import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { startMillisecondsMax, startProgram, waitFor } from "./program.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

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
