/** The system started with `npm start`, on data of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "../../local/reachable.ts";
import { watchStandstills } from "../standstills.ts";
import { freePort } from "../system.ts";

const root = join(import.meta.dirname, "../..");
const directory = mkdtempSync(join(tmpdir(), "ovation-start-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Signals, shells and file modes work differently on Windows. */
const posixTest = process.platform === "win32" ? test.skip : test;

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Starts it on a free port and waits until it is healthy. */
async function start(command: string, options: string[], dataDir: string) {
  const port = await freePort();
  const child = spawn(command, options, {
    cwd: root,
    env: { ...process.env, PORT: `${port}`, DATA_DIR: dataDir, LOG: "off", NODE_OPTIONS: "" },
    stdio: "ignore",
  });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return { child, url };
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
    await pause(100);
  }
}

const ended = (child: ChildProcess) => new Promise((done) => child.once("exit", done));

async function isServed(url: string): Promise<boolean> {
  return (await fetch(`${url}/health`).catch(() => undefined)) !== undefined;
}

posixTest(
  "SIGTERM to `npm start` ends the server process within 5 s",
  async () => {
    const { child, url } = await start("npm", ["start"], ":memory:");
    const runningOf = watchStandstills();
    const began = performance.now();
    child.kill("SIGTERM");
    while (await isServed(url)) await pause(50);
    expect(runningOf(performance.now() - began)).toBeLessThan(5000);
  },
  300_000,
);

posixTest(
  "SIGTERM ends a start while its modules load",
  async () => {
    for (const later of [60, 120, 180, 240, 300]) {
      const env = { ...process.env, PORT: "0", DATA_DIR: ":memory:", LOG: "off", NODE_OPTIONS: "" };
      const options = { cwd: root, env, stdio: "ignore" } as const;
      const child = spawn(process.execPath, ["bin/local.js"], options);
      const isOver = ended(child);
      await pause(later);
      child.kill("SIGTERM");
      await Promise.race([isOver, pause(10_000).then(() => child.kill("SIGKILL"))]);
      await isOver;
      expect({ later, isKilled: child.signalCode === "SIGKILL" }).toEqual({
        later,
        isKilled: false,
      });
    }
  },
  300_000,
);

posixTest(
  "SIGTERM ends a start that waits for its table",
  async () => {
    const asked = Promise.withResolvers<void>();
    const silent = createServer(() => asked.resolve());
    const port = await listen(silent);
    const child = spawn(process.execPath, ["bin/local.js"], {
      cwd: root,
      env: {
        ...process.env,
        PORT: `${await freePort()}`,
        DATA_DIR: ":memory:",
        LOG: "off",
        NODE_OPTIONS: "",
        DYNAMODB_ENDPOINT: `http://127.0.0.1:${port}`,
      },
      stdio: "ignore",
    });
    const isOver = ended(child);
    await asked.promise;
    const began = performance.now();
    child.kill("SIGTERM");
    await isOver;
    const isInTime = performance.now() - began < 10_000;
    silent.closeAllConnections();
    silent.close();
    expect({ exitCode: child.exitCode, isInTime }).toEqual({ exitCode: 0, isInTime: true });
  },
  300_000,
);

posixTest(
  "a system started by hand outlives its shell",
  async () => {
    const shell = `${process.execPath} bin/local.js & echo $! > ${directory}/pid; wait`;
    const environment = { ...process.env };
    for (const name of Object.keys(environment))
      if (name.startsWith("npm_")) delete process.env[name];
    const { child, url } = await start("/bin/sh", ["-c", shell], ":memory:").finally(() =>
      Object.assign(process.env, environment),
    );
    const gone = ended(child);
    child.kill("SIGKILL");
    await gone;
    await pause(1000);
    const pid = Number(readFileSync(`${directory}/pid`, "utf8"));
    expect(await isServed(url)).toBe(true);
    process.kill(pid, "SIGTERM");
    while (await isServed(url)) await pause(50);
  },
  300_000,
);

posixTest(
  "files in the data directory are readable only by their owner, even from earlier runs",
  async () => {
    const data = join(directory, "data");
    const first = await start(process.execPath, ["bin/local.js"], data);
    const stop = async ({ child }: { child: ChildProcess }) => {
      const gone = ended(child);
      child.kill("SIGTERM");
      await gone;
    };
    await stop(first);
    for (const name of readdirSync(data)) chmodSync(join(data, name), 0o644);
    writeFileSync(join(data, "runner.sqlite-wal"), "", { mode: 0o644 });
    const second = await start(process.execPath, ["bin/local.js"], data);
    const paths = readdirSync(data, { recursive: true, withFileTypes: true });
    const open = paths
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name))
      // A file that is gone again is readable by nobody.
      .filter((path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0);
    await stop(second);
    expect(paths.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["runner.sqlite", "runner.sqlite-wal", "dynamodb.sqlite-wal"]),
    );
    expect(open).toEqual([]);
    expect(statSync(data).mode & 0o777).toBe(0o700);
  },
  300_000,
);

test("a token requested with credits tops its subject up", async () => {
  const { child, url } = await start(process.execPath, ["bin/local.js"], ":memory:");
  const post = async (body: unknown) => {
    const answer = await fetch(`${url}/local/token`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    return { status: answer.status, ...((await answer.json()) as { token: string }) };
  };
  const read = async (path: string, token: string) => {
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    return ((await answer.json()) as { data: Record<string, unknown> }).data;
  };
  const ann = await post({ sub: "ann_1", credits: 500 });
  expect(ann.status).toBe(201);
  expect(await read("/api/v1/wallet", ann.token)).toMatchObject({ balance: 500 });
  expect(await read("/api/v1/users/me", ann.token)).toMatchObject({
    username: "ann_1",
    name: "ann_1",
  });
  const again = await post({ sub: "ann_1", credits: 300, expiresIn: 60 });
  expect(await read("/api/v1/wallet", again.token)).toMatchObject({ balance: 500 });
  const more = await post({ sub: "ann_1", credits: 501 });
  expect(await read("/api/v1/wallet", more.token)).toMatchObject({ balance: 501 });
  expect((await post({ sub: "ann_1", credits: -1 })).status).toBe(400);
  child.kill("SIGTERM");
  await ended(child);
}, 180_000);
