/** A changed source runs without a restart. The test edits a copy of the checkout. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";
import { buildAssembly } from "../../bin/build/assembly.ts";
import { contractTextOf, dependentsOf } from "../../bin/build/source-graph.ts";
import { freePort, outputOf } from "../system.ts";

const root = join(import.meta.dirname, "../..");
const stream = "64d15f9e2e6c8f4d5a123000";
const waitMillisecondsMax = 240_000;
let checkout: string;
let child: ChildProcess;
let url: string;
let output: () => string;

beforeAll(async () => {
  await buildAssembly("dev", new AbortController().signal);
  checkout = mkdtempSync(join(tmpdir(), "ovation-reload-"));
  const names = readdirSync(root).filter(
    (name) => !/^(\.|node_modules$|test$|cdk\.out$)/.test(name),
  );
  for (const name of [...names, ".cache/assembly"])
    cpSync(join(root, name), join(checkout, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  child = spawn(process.execPath, ["bin/local.js"], {
    cwd: checkout,
    env: { ...process.env, PORT: `${port}`, DATA_DIR: ":memory:", WATCH: "on", NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  output = outputOf(child.stdout, child.stderr);
  await eventually(async () => (await fetch(`${url}/health`)).ok);
}, 300_000);
afterAll(async () => {
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  await ended;
  // Bundles made only for this run are removed with it.
  expect(readdirSync(join(checkout, ".cache/reloaded"))).toEqual([]);
  rmSync(checkout, { recursive: true, force: true });
});

async function eventually(isSo: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + waitMillisecondsMax;
  while (!(await Promise.resolve(isSo()).catch(() => false))) {
    if (Date.now() > end) throw new Error(`It did not come:\n${said()}`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** The output, without requests and absolute paths. */
const said = () =>
  output()
    .replace(/^\d\d:\d\d:\d\d .*\n/gm, "")
    .replace(/base64,\S+/g, "…")
    .slice(-3000);

/** Edits a source like an editor; returns a function that reverts it. */
function edit(file: string, from: string, to: string): () => void {
  const path = join(checkout, file);
  const before = readFileSync(path, "utf8");
  expect(before.split(from)).toHaveLength(2);
  writeFileSync(path, before.replace(from, to));
  return () => writeFileSync(path, before);
}

const healthOf = async () => (await (await fetch(`${url}/health`)).json()) as { stage: string };
const health = "functions/app/health.ts";
const answerLine = 'stage: setting("STAGE")';

async function tokenOf(sub: string): Promise<string> {
  const body = JSON.stringify({ sub });
  const answer = await fetch(`${url}/local/token`, { method: "POST", body });
  return ((await answer.json()) as { token: string }).token;
}

async function say(token: string, content: string): Promise<{ content: string }> {
  const answer = await fetch(`${url}/api/v1/live-stream/${stream}/chat/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ content }),
  });
  return (await answer.json()) as { content: string };
}

test("a changed function runs from its next call on, and sockets stay open", async () => {
  const token = await tokenOf("ann");
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws?token=${token}&streamId=${stream}`);
  const heard: string[] = [];
  socket.on("message", (data) => heard.push(String(data)));
  await eventually(() => heard.some((text) => text.includes('"subscribed"')));

  const undo = edit(health, answerLine, 'stage: "changed"');
  await eventually(async () => (await healthOf()).stage === "changed");
  await eventually(() => /functions\/app\/health\.ts changed: .* \(\d+\.\d s\)/.test(output()));
  // A module that many functions import: each runs the change from its next call on.
  const undoRule = edit(
    "domain/streams/chat.ts",
    "content,\n    sender: summaryOf(",
    'content: "Changed: " + content,\n    sender: summaryOf(',
  );
  await eventually(async () => (await say(token, "x")).content.startsWith("Changed: "));
  await eventually(() => heard.some((text) => text.includes("Changed: x")));
  expect(socket.readyState).toBe(WebSocket.OPEN);
  socket.close();
  undo();
  undoRule();
  await eventually(async () => (await healthOf()).stage === "dev");
}, 300_000);

test.each([
  ["does not compile", "stage: ;", /health\.ts cannot be bundled; the previous code stays active/],
  ["does not load", 'stage: "new"', /does not load; the previous code stays active/],
])(
  "code that %s is reported, and the old code keeps running",
  async (kind, line, wanted) => {
    const asItWas = readFileSync(join(checkout, health), "utf8");
    const broken = asItWas.replace(answerLine, line);
    expect(broken).not.toBe(asItWas);
    const thrown = 'throw new Error("at its beginning");\n';
    writeFileSync(join(checkout, health), broken + (kind === "does not load" ? thrown : ""));
    await eventually(async () => {
      expect(await healthOf()).toMatchObject({ stage: "dev" });
      return wanted.test(output());
    });
    expect(await healthOf()).toMatchObject({ stage: "dev" });
    writeFileSync(join(checkout, health), asItWas.replace(answerLine, 'stage: "fixed"'));
    await eventually(async () => (await healthOf()).stage === "fixed");
    writeFileSync(join(checkout, health), asItWas);
    await eventually(async () => (await healthOf()).stage === "dev");
  },
  300_000,
);

test("pages built by the running code are not reused for code that has changed since", async () => {
  const old = 'embedPath = "/embed/chat.js"';
  const undo = edit("bin/build/build-web.ts", old, 'embedPath = "/embed/new.js"');
  const undoPage = edit("web/page.html", "<!doctype html>", "<!DOCTYPE html>");
  try {
    await eventually(() => output().includes("Pages rebuilt"));
    const { stdout } = spawnSync(process.execPath, ["bin/build/build-web.ts"], { cwd: checkout });
    const [, directory = ""] = /^Pages in (.*)$/m.exec(String(stdout))!;
    expect(readFileSync(join(directory, "pages.json"), "utf8")).toContain("/embed/new.js");
  } finally {
    undo();
    undoPage();
  }
}, 300_000);

test("pages edited again while they are built are built again, and kept for no other", async () => {
  const page = join(checkout, "web/page.html");
  const asItWas = readFileSync(page, "utf8");
  const from = output().length;
  const write = (text: string) => writeFileSync(page, `${asItWas}<!-- ${text} -->`);
  const serves = async (text: string) =>
    (await (await fetch(`${url}/console`)).text()).includes(`<!-- ${text} -->`);
  for (const text of ["first", "second", "third"]) {
    write(text);
    await new Promise((done) => setTimeout(done, 200));
  }
  await eventually(() => serves("third"));
  write("first");
  await eventually(() => serves("first"));
  expect(output().slice(from)).not.toContain("cannot be built");
  writeFileSync(page, asItWas);
}, 300_000);

test("a changed route is synthesized, and responds", async () => {
  expect((await fetch(`${url}/health/new`)).status).toBe(404);
  edit(health, '"GET /health"', '"GET /health/new"');
  await eventually(async () => (await fetch(`${url}/health/new`)).ok);
  await eventually(() => /Routes and rights are as the sources say/.test(output()));
  expect((await fetch(`${url}/health`)).status).toBe(404);
  expect(output()).toContain("Synthesizing, since routes");
}, 300_000);

test("affected functions are found through imports, and changed contracts by their text", () => {
  const graph = new Map([
    ["functions/a.ts", { text: "", imports: ["domain/b.ts"] }],
    ["domain/b.ts", { text: "", imports: ["domain/c.ts"] }],
    ["domain/c.ts", { text: "", imports: ["domain/b.ts"] }],
    ["functions/d.ts", { text: "", imports: [] }],
  ]);
  expect([...dependentsOf(graph, ["domain/c.ts"])].sort()).toEqual([
    ...["domain/b.ts", "domain/c.ts", "functions/a.ts"],
  ]);
  const source = readFileSync(join(root, health), "utf8");
  expect(contractTextOf(source)).toContain("GET /health");
  expect(contractTextOf(source.replace(answerLine, ""))).toBe(contractTextOf(source));
  expect(contractTextOf("export const x = 1;")).toBeUndefined();
});
