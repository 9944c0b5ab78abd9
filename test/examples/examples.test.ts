/** The sample apps of `examples/`, each run by its own start command, next to a running system. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { sharedSystem } from "../shared.ts";
import { freePort } from "../system.ts";
import { browserTest, openBrowser } from "../web/browser.ts";
import { answers, type Program, soon, startProgram } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const testMilliseconds = 300_000;
let browser: Browser | undefined;
let system: Awaited<ReturnType<typeof sharedSystem>>;
const folder = mkdtempSync(join(tmpdir(), "ovation-examples-"));

beforeAll(async () => {
  execFileSync(process.execPath, ["bin/build/build-client.ts"], { cwd: root });
  browser = await openBrowser();
  system = await sharedSystem();
}, testMilliseconds);
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Copies an example and links its packages, as after `npm install`. */
function install(name: string) {
  const app = join(folder, name);
  cpSync(join(root, "examples", name), app, { recursive: true });
  cpSync(join(root, ".cache/client"), join(app, "node_modules/@ovation/client"), {
    recursive: true,
  });
  const manifest = JSON.parse(readFileSync(join(app, "package.json"), "utf8"));
  const { "@ovation/client": client, ...others } = manifest.dependencies;
  expect(client).toBe("file:../../.cache/client");
  const known = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies;
  for (const [other, version] of Object.entries({ ...others, ...manifest.devDependencies })) {
    expect({ other, version }).toEqual({ other, version: known[other] });
    mkdirSync(join(app, "node_modules", other, ".."), { recursive: true });
    symlinkSync(join(root, "node_modules", other), join(app, "node_modules", other));
  }
  return { app, start: manifest.scripts.start as string };
}

/** Runs the example's start command on another port. */
function start(name: string, port: number, more: Record<string, string> = {}): Program {
  const { app, start: command } = install(name);
  const [program = "", ...given] = command.replace("5173", String(port)).split(" ");
  const env = { ...process.env, OVATION_URL: system.url, ...more };
  return startProgram([join(root, "node_modules/.bin", program), ...given], app, env);
}

/** Posts to the API, optionally as a local user; returns the envelope's data. */
async function post(path: string, body: object, token?: string) {
  const headers = {
    "content-type": "application/json",
    ...(token && { authorization: `Bearer ${token}` }),
  };
  const sent = { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(`${system.url}${path}`, sent);
  const said = (await answer.json()) as { data?: object };
  return (said.data ?? said) as { token: string; id: string };
}

/** Creates an empty live stream. */
async function goLive(): Promise<string> {
  const { token } = await post("/local/token", { sub: "bot-host" });
  const { id } = await post("/api/v1/live-stream/create", { title: "Bot show" }, token);
  await post("/api/v1/live-stream/join-as-creator", { liveStreamId: id }, token);
  return id;
}

const trigger = (...given: string[]) =>
  execFileSync(process.execPath, ["bin/ovation.ts", "trigger", ...given, "--url", system.url], {
    cwd: root,
    stdio: "ignore",
    env: { ...process.env, NODE_OPTIONS: "" },
  });

/** Opens an example as two users, and records errors of their pages. */
async function openAs(port: number, ...names: string[]) {
  const context = await browser!.newContext();
  const faults: string[] = [];
  const pages: Page[] = [];
  for (const name of names) {
    const page = await context.newPage();
    page.setDefaultTimeout(100_000);
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    const query = new URLSearchParams({ name, url: system.url });
    await page.goto(`http://127.0.0.1:${port}/?${query}`);
    pages.push(page);
  }
  return { pages: pages as [Page, Page], faults, close: () => context.close() };
}

async function say(page: Page, text: string) {
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

test("each is under 80 lines", () => {
  const sources = globSync("examples/*/*.{js,jsx,html}", { cwd: root });
  expect(sources.length).toBeGreaterThanOrEqual(5);
  const lines = (path: string) => readFileSync(join(root, path), "utf8").split("\n").length - 1;
  expect(sources.filter((path) => lines(path) >= 80)).toEqual([]);
});

test(
  "the bot thanks once for a combo, and names the top supporter",
  async () => {
    const streamId = await goLive();
    const bot = start("bot", 0, { STREAM_ID: streamId });
    await soon(() => bot.output().includes("The bot listens."), bot.output);
    trigger("gift", "--count", "3", "--stream", streamId);
    await soon(() => bot.output().includes("Thank you for 3 × Rose, johndoe!"), bot.output);
    trigger("chat", "--content", "!top", "--stream", streamId);
    await soon(() => bot.output().includes("1. johndoe 30"), bot.output);
    expect(bot.output().match(/Thank you/g)).toHaveLength(1);
    expect(await bot.stop()).toBe(0);
  },
  testMilliseconds,
);

browserTest(
  "the plain page: two users see each other's messages, and refusals are shown",
  async () => {
    const port = await freePort();
    const server = start("page", port);
    await soon(() => answers(`http://127.0.0.1:${port}/`), server.output);
    const { pages, faults, close } = await openAs(port, "ann", "bob");
    const [ann, bob] = pages;
    await say(ann, "Good evening <b>all</b>");
    await bob.getByText("ann: Good evening <b>all</b>", { exact: true }).waitFor();
    await ann.getByRole("button", { name: "Superlike" }).click();
    await bob.getByText("★ from ann").waitFor();
    await say(bob, " ");
    await bob.getByRole("alert").filter({ hasText: "content" }).waitFor();
    expect(faults.filter((fault) => !fault.includes("400"))).toEqual([]);
    await close();
    await server.stop();
  },
  testMilliseconds,
);

browserTest(
  "the React app: a rose costs ten credits, and without credits an error is shown",
  async () => {
    const port = await freePort();
    const server = start("react", port);
    await soon(() => answers(`http://127.0.0.1:${port}/`), server.output);
    const { pages, faults, close } = await openAs(port, "dora", "emil");
    const [dora, emil] = pages;
    await dora.getByText("500 credits").waitFor();
    await say(dora, "Hello from React");
    await emil.getByText("dora: Hello from React", { exact: true }).waitFor();
    await dora.getByRole("button", { name: "Give a rose" }).click();
    await dora.getByText("490 credits").waitFor();
    trigger("gift", "--as", "dora", "--count", "49");
    await dora.getByRole("button", { name: "Give a rose" }).click();
    await dora
      .getByRole("alert")
      .filter({ hasText: /credits/i })
      .waitFor();
    expect(faults.filter((fault) => !/40[29]/.test(fault))).toEqual([]);
    await close();
    await server.stop();
  },
  testMilliseconds,
);
