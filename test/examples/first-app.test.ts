/** docs/first-app.md verbatim: writes its files and runs its commands in order. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import clientJson from "../../client/package.json" with { type: "json" };
import { freePort } from "../system.ts";
import { browserTest, openBrowser } from "../web/browser.ts";
import { blocksOf, readGuide } from "./guides.ts";
import { answers, type Program, soon, startProgram } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const testMilliseconds = 400_000;

/** Commands (`sh`), or a file with its name after the language. */
const blocks = blocksOf(readGuide("docs/first-app.md"));
const commandsOf = (text: string) => text.trim().split("\n");

/** Commands that keep running in a terminal of their own. */
const staysOpen = new Set(["npm start", "node server.mjs"]);
/** Already done in the checkout that this test runs in. */
const wasDone = "npm ci";

const home = mkdtempSync(join(tmpdir(), "ovation-guide-"));
const app = join(home, "live-room");
const running = new Map<string, Program>();
let browser: Browser | undefined;
let ports: { ovation: number; app: number };
let env: NodeJS.ProcessEnv;

/** The guide's text with the ports of this test. */
const place = (text: string) =>
  text
    .replaceAll("127.0.0.1:4000", `127.0.0.1:${ports.ovation}`)
    .replaceAll("127.0.0.1:3000", `127.0.0.1:${ports.app}`)
    .replaceAll("listen(3000,", `listen(${ports.app},`);

/** Runs commands one after another; returns the folder in which they end. */
function run(commands: readonly string[], cwd: string): string {
  const script = ["set -e", ...commands, 'printf "\\n%s" "$PWD"'].join("\n");
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script], {
    cwd,
    env,
    encoding: "utf8",
  });
  expect({ commands, status, said: status === 0 ? "" : stdout + stderr }).toMatchObject({
    status: 0,
  });
  return stdout.slice(stdout.lastIndexOf("\n") + 1);
}

async function open(command: string, cwd: string, url: string): Promise<void> {
  const program = startProgram(command.split(" "), cwd, env);
  running.set(command, program);
  await soon(() => answers(url), program.output);
}

beforeAll(async () => {
  ports = { ovation: await freePort(), app: await freePort() };
  const path = `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`;
  // Without the registry: the guide's app needs no other package.
  const offline = { npm_config_audit: "false", npm_config_offline: "true" };
  const cache = { npm_config_cache: join(home, ".npm"), npm_config_update_notifier: "false" };
  const place = { PORT: String(ports.ovation), DATA_DIR: join(home, "data"), LOG: "off" };
  env = {
    ...process.env,
    NODE_OPTIONS: "",
    PATH: path,
    HOME: home,
    ...offline,
    ...cache,
    ...place,
  };
  browser = await openBrowser();
}, testMilliseconds);
afterAll(async () => {
  await browser?.close();
  for (const program of running.values()) await program.stop();
  rmSync(home, { recursive: true, force: true });
}, testMilliseconds);

test(
  "every file and every command works, from the checkout to the app's page",
  async () => {
    let cwd = root;
    for (const { language, name, text } of blocks) {
      if (language !== "sh") {
        writeFileSync(join(app, name), place(text));
        continue;
      }
      const commands = commandsOf(text);
      const [last = ""] = commands.slice(-1);
      const before = commands.filter((one) => !staysOpen.has(one) && one !== wasDone);
      if (before.length > 0 && name !== "checkout") cwd = run(before, cwd);
      if (last === "npm start") await open(last, root, `http://127.0.0.1:${ports.ovation}/health`);
      if (last === "node server.mjs") await open(last, cwd, `http://127.0.0.1:${ports.app}/`);
    }
    expect(cwd).toBe(app);
    expect(blocks.map(({ name }) => name).filter((name) => name.includes("."))).toEqual([
      ...["server.mjs", "index.html", "app.js"],
    ]);
    expect(existsSync(join(app, `ovation-client-${clientJson.version}.tgz`))).toBe(true);
    const token = await fetch(`http://127.0.0.1:${ports.app}/token?name=ann`);
    expect(await token.text()).toMatch(/^eyJ/);
    expect((await fetch(`http://127.0.0.1:${ports.app}/other`)).status).toBe(404);
  },
  testMilliseconds,
);

browserTest(
  "the app behaves as the guide says, even after a restart",
  async () => {
    const context = await browser!.newContext();
    const faults: string[] = [];
    const openAs = async (name: string) => {
      const page = await context.newPage();
      page.setDefaultTimeout(100_000);
      page.on("pageerror", (error) => faults.push(String(error)));
      await page.goto(`http://127.0.0.1:${ports.app}/?name=${name}`);
      await page.locator("#state", { hasText: "watching" }).waitFor();
      return page;
    };
    const [ann, bob] = [await openAs("ann"), await openAs("bob")];
    await say(ann, "Hello bob");
    await bob.getByText("ann: Hello bob", { exact: true }).waitFor();
    const [goal, roses] = blocks.filter(({ name }) => name === "checkout");
    run(commandsOf(goal!.text), root);
    for (const page of [ann, bob]) await page.getByLabel("A new microphone").waitFor();
    await ann.getByRole("button", { name: "Give a rose" }).click();
    await ann.locator("#credits", { hasText: /^490$/ }).waitFor();
    await expectGoal(bob, 10);
    run(commandsOf(roses!.text), root);
    for (const page of [ann, bob]) await expectGoal(page, 60);
    await running.get("npm start")!.stop();
    await ann.locator("#state", { hasText: "offline" }).waitFor();
    await open("npm start", root, `http://127.0.0.1:${ports.ovation}/health`);
    await say(bob, "And again");
    await ann.getByText("bob: And again", { exact: true }).waitFor();
    expect(await ann.getByText("ann: Hello bob", { exact: true }).count()).toBe(1);
    expect(faults).toEqual([]);
    await context.close();
  },
  testMilliseconds,
);

async function say(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

async function expectGoal(page: Page, credits: number): Promise<void> {
  const read = () => page.locator("#goal").evaluate((bar) => (bar as { value?: number }).value);
  await soon(
    async () => (await read()) === credits,
    () => `The goal is not at ${credits}`,
  );
}
