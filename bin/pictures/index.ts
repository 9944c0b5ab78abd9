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
import { createClient } from "../../client/index.ts";
import { demoIds } from "../start/demo.ts";
import { findBrowser } from "../test/browser.ts";
import { joinStills, type Still } from "./moving-picture.ts";

const root = join(import.meta.dirname, "../..");
const folder = process.argv[2] ?? join(root, "docs/pictures");
const port = process.env.PORT ?? "4077";
const url = `http://127.0.0.1:${port}`;
const size = { width: 1200, height: 750 };
/** The moving picture is as wide as a README is shown. */
const movingSize = { width: 900, height: 562 };
const bytesMax = 1_000_000;
const timeoutMilliseconds = 120_000;
/** Lets the simulated chat fill before the picture is taken. */
const warmUpMilliseconds = 14_000;
/** The overlay's own show is soon at its largest gift. */
const overlayWarmUpMilliseconds = 15_500;
const stillMilliseconds = 330;
const qualities = { still: 88, moving: 42 };

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

type View = { page: Page; take(quality: number, scale?: number): Promise<Buffer> };

async function open(browser: Browser, path: string): Promise<View> {
  // What is put behind the overlay is no part of the page, and its policy would not let it in.
  const look = { viewport: size, colorScheme: "dark", bypassCSP: true } as const;
  const context = await browser.newContext(look);
  const page = await context.newPage();
  page.setDefaultTimeout(timeoutMilliseconds);
  const session: CDPSession = await context.newCDPSession(page);
  await page.goto(`${url}${path}`);
  return {
    page,
    async take(quality, scale = 1) {
      const clip = { x: 0, y: 0, ...size, height: Math.floor(size.height * scale) / scale, scale };
      const shot = { format: "webp", quality, clip } as const;
      const { data } = await session.send("Page.captureScreenshot", shot);
      return Buffer.from(data, "base64");
    },
  };
}

function write(name: string, picture: Buffer): void {
  if (picture.length > bytesMax)
    throw new Error(`${name}: ${picture.length} bytes, more than ${bytesMax}`);
  writeFileSync(join(folder, name), picture);
  console.log(`${name}: ${picture.length.toLocaleString("en")} bytes`);
}

/** Takes stills one after the other; each act happens before the still of its number. */
async function film(
  { take }: View,
  count: number,
  acts: Record<number, () => unknown> = {},
): Promise<Still[]> {
  const taken: Still[] = [];
  for (let at = 0; at < count; at++) {
    const began = performance.now();
    await acts[at]?.();
    const webp = await take(qualities.moving, movingSize.width / size.width);
    await pause(Math.max(0, stillMilliseconds - (performance.now() - began)));
    taken.push({ webp, milliseconds: stillMilliseconds });
  }
  return taken;
}

type GiftType = { id: string; name: string };

/** Gives gifts as a viewer's app does; answers how to give one by its name, and how to end. */
async function findGiver() {
  const answer = await fetch(`${url}/local/token`, {
    method: "POST",
    body: JSON.stringify({ sub: demoIds.viewer }),
  });
  const { token } = (await answer.json()) as { token: string };
  const client = createClient({ url, token });
  const types = await client.call<GiftType[]>("GET", "/api/v1/gifts/gift-types");
  const idOf = (name: string) => types.find((type) => type.name === name)!.id;
  return {
    give: (name: string) => client.sendGift(demoIds.streamId, idOf(name)),
    close: () => client.close(),
  };
}

/** Studio at rest, and moving: a row of gifts, a large one, and a server that is killed. */
async function takeStudio(browser: Browser): Promise<{ moving: Still[]; scene: string }> {
  const view = await open(browser, "/");
  const { page, take } = view;
  const rows = page.getByRole("region", { name: "Viewer 1", exact: true }).locator(".row");
  await rows.first().waitFor();
  const { give, close } = await findGiver();
  await pause(warmUpMilliseconds);
  const star = () => give("Star");
  const kill = () => page.getByRole("button", { name: "Kill the server" }).click();
  const acts = { 3: star, 4: star, 5: star, 6: star, 11: () => give("Rocket"), 17: kill };
  const moving = await film(view, 32, acts);
  write("studio.webp", await take(qualities.still));
  const scene = (await page.evaluate("document.querySelector('canvas').toDataURL()")) as string;
  close();
  await page.close();
  return { moving, scene };
}

/** The overlay over the picture of the stage, as a streaming program lays it. */
async function takeOverlay(browser: Browser, scene: string): Promise<Still[]> {
  const view = await open(browser, "/overlay?demo=1&font=24");
  // The page lets everything shine through, and says so to every style of lower rank.
  await view.page.evaluate(`document.documentElement.style.setProperty(
    "background", "url(${scene}) center / cover no-repeat fixed", "important")`);
  await pause(overlayWarmUpMilliseconds);
  const moving = await film(view, 12);
  write("overlay.webp", await view.take(qualities.still));
  await view.page.close();
  return moving;
}

async function takeConsole(browser: Browser): Promise<void> {
  const { page, take } = await open(browser, "/console");
  await page.getByRole("button", { name: /Ada Admin/ }).click();
  await page.getByRole("table").waitFor();
  await page.goto(`${url}/console?view=streams&id=${demoIds.streamId}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForLoadState("networkidle");
  write("console.webp", await take(qualities.still));
  await page.close();
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
  const { moving, scene } = await takeStudio(browser);
  moving.push(...(await takeOverlay(browser, scene)));
  write("evening.webp", joinStills(moving, movingSize.width, movingSize.height));
  await takeConsole(browser);
} finally {
  await browser.close();
  system.kill("SIGTERM");
  await ended;
  rmSync(dataDir, { recursive: true, force: true });
}
