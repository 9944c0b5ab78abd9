import {
  expectPrintedLinesToWork,
  startMillisecondsMax,
  startProgram,
  waitFor,
} from "./program.ts";

test(
  "a start with DEMO=on prints a block whose curl lines work as printed, and exits with 0",
  () => expectPrintedLinesToWork("on"),
  startMillisecondsMax,
);

test(
  "with LOG=json the line that says ready has all facts except the tokens, and every line is JSON",
  async () => {
    const system = startProgram({ PORT: "0", DATA_DIR: ":memory:", LOG: "json" });
    await waitFor(system, /"ready".*\n/);
    const [ready = ""] = /.*"ready".*/.exec(system.stdout())!;
    const { tencent, ...said } = JSON.parse(ready);
    expect(tencent.secretKey).toMatch(/^\w{16,}$/);
    expect(said.callbackUrl).toMatch(/tencent\/callback\?key=\w+/);
    expect(said.streamId).toMatch(/^[0-9a-f]{24}$/);
    expect(said.users[0]).toMatchObject({ name: "johndoe", sub: expect.any(String) });
    expect(ready).not.toContain("eyJ");
    expect(said.try.length).toBeGreaterThanOrEqual(5);
    system.child.kill("SIGTERM");
    expect(await system.ended).toBe(0);
    for (const line of system.stdout().trim().split("\n"))
      expect(() => JSON.parse(line)).not.toThrow();
  },
  startMillisecondsMax,
);

test(
  "with --json the first line is an object with everything that the block has, and the tokens",
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
