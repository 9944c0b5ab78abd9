/**
 * `npm run pictures [-- FOLDER]`: the pictures of the README, taken of a running system of its own
 * in the system's Chromium (CHROMIUM names another one), into docs/pictures.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { findBrowser } from "../browser.ts";
import { demoIds } from "../demo.ts";
import { joinStills, type Still } from "./moving-picture.ts";

const root = join(import.meta.dirname, "../..");
const folder = process.argv[2] ?? join(root, "docs/pictures");
const port = process.env.PORT ?? "4077";
const url = `http://127.0.0.1:${port}`;
const size = { width: 1200, height: 750 };
const bytesMax = 1_500_000;
const patienceMilliseconds = 120_000;
/** The evening gets going before it is taken. */
const warmUpMilliseconds = 14_000;
const stillMilliseconds = 400;
const stills = 30;
const qualities = { still: 88, moving: 62 };

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

type View = { page: Page; take(quality: number): Promise<Buffer>; close(): Promise<void> };

async function open(browser: Browser, path: string): Promise<View> {
  const context = await browser.newContext({ viewport: size, colorScheme: "dark" });
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMilliseconds);
  const session: CDPSession = await context.newCDPSession(page);
  await page.goto(`${url}${path}`);
  return {
    page,
    async take(quality) {
      const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality });
      return Buffer.from(data, "base64");
    },
    close: () => context.close(),
  };
}

function write(name: string, picture: Buffer): void {
  if (picture.length > bytesMax)
    throw new Error(`${name}: ${picture.length} bytes, more than ${bytesMax}`);
  writeFileSync(join(folder, name), picture);
  console.log(`${name}: ${picture.length.toLocaleString("en")} bytes`);
}

/** Studio while simulated viewers talk and give: moving, and at rest. */
async function takeStudio(browser: Browser): Promise<void> {
  const { page, take, close } = await open(browser, "/");
  await page
    .getByRole("region", { name: "Viewer 1", exact: true })
    .locator(".row")
    .first()
    .waitFor();
  await pause(warmUpMilliseconds);
  const taken: Still[] = [];
  for (let count = 0; count < stills; count++) {
    const began = performance.now();
    const webp = await take(qualities.moving);
    await pause(Math.max(0, stillMilliseconds - (performance.now() - began)));
    taken.push({ webp, milliseconds: stillMilliseconds });
  }
  write("studio.webp", await take(qualities.still));
  write("evening.webp", joinStills(taken, size.width, size.height));
  await close();
}

/** The overlay over a picture that a streaming program could have under it. */
async function takeOverlay(browser: Browser): Promise<void> {
  const { page, take, close } = await open(browser, "/overlay?demo=1&goal=2000");
  // The page lets everything shine through, and says so to every style of lower rank.
  await page.evaluate(`document.documentElement.style.setProperty(
    "background", "linear-gradient(135deg, #1d3557, #6d3b47)", "important")`);
  await pause(warmUpMilliseconds);
  write("overlay.webp", await take(qualities.still));
  await close();
}

async function takeConsole(browser: Browser): Promise<void> {
  const { page, take, close } = await open(browser, "/console");
  await page.getByRole("button", { name: /Ada Admin/ }).click();
  await page.getByRole("table").waitFor();
  await page.goto(`${url}/console?view=streams&id=${demoIds.streamId}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForLoadState("networkidle");
  write("console.webp", await take(qualities.still));
  await close();
}

const executablePath = findBrowser();
if (executablePath === undefined)
  throw new Error("No Chromium in PATH: install one, or let CHROMIUM name it");
mkdirSync(folder, { recursive: true });
const dataDir = mkdtempSync(join(tmpdir(), "ovation-pictures-"));
const system = spawn(process.execPath, [join(root, "bin/local.js")], {
  env: { ...process.env, PORT: port, DATA_DIR: dataDir, LOG: "off" },
  stdio: ["ignore", "ignore", "inherit"],
});
const ended = once(system, "exit");
const browser = await chromium.launch({ executablePath });
try {
  while (!(await fetch(`${url}/health`).catch(() => undefined))?.ok) {
    if (system.exitCode !== null) throw new Error("The system did not start");
    await pause(200);
  }
  await takeStudio(browser);
  await takeOverlay(browser);
  await takeConsole(browser);
} finally {
  await browser.close();
  system.kill("SIGTERM");
  await ended;
  rmSync(dataDir, { recursive: true, force: true });
}
