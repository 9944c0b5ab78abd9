/**
 * `npm run pictures [-- FOLDER]`: starts a system, takes the README's pictures of it in the
 * installed Chromium (or the one that CHROMIUM names), and writes them to docs/pictures.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { createClient } from "../../client/index.ts";
import { demoIds } from "../start/demo.ts";
import { findBrowser } from "../test/browser.ts";
import { encodeAnimation, type Still } from "./animated-webp.ts";
import { listLabels } from "./labels.ts";

const root = join(import.meta.dirname, "../..");
const folder = process.argv[2] ?? join(root, "docs/pictures");
if (folder.startsWith("-")) {
  console.error(`Expected a folder, found '${folder}'\nUsage: npm run pictures [-- FOLDER]`);
  process.exit(2);
}
const port = process.env.PORT ?? "4077";
const url = `http://127.0.0.1:${port}`;
const size = { width: 1200, height: 750 };
/** The width of a README on GitHub. */
const movingSize = { width: 900, height: 562 };
const bytesMax = 1_000_000;
const timeoutMilliseconds = 120_000;
/** The time in which the simulated chat fills. */
const warmUpMilliseconds = 14_000;
/** The time at which the overlay's demo is about to show its largest gift. */
const overlayWarmUpMilliseconds = 15_500;
const stillMilliseconds = 330;
const qualities = { still: 88, moving: 36 };

type View = { page: Page; take(quality: number, scale?: number): Promise<Buffer> };

async function open(browser: Browser, path: string): Promise<View> {
  // The page's content security policy would block the picture behind the overlay.
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

/** Takes stills in sequence; `acts` run before the still with their number. */
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

/** Signs in as a viewer; returns functions that send a gift by name, and disconnect. */
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

/** Stills of Studio: idle, and with several gifts, a large gift, and a killed server. */
async function takeStudio(browser: Browser) {
  const view = await open(browser, "/");
  const { page, take } = view;
  const rows = page.getByRole("region", { name: "Viewer 1", exact: true }).locator(".row");
  await rows.first().waitFor();
  const { give, close } = await findGiver();
  await pause(warmUpMilliseconds);
  const star = () => give("Star");
  const kill = () => page.getByRole("button", { name: "Kill the server" }).click();
  const acts = { 2: star, 3: star, 4: star, 5: star, 9: () => give("Rocket") };
  const moving = await film(view, 14, acts);
  write("studio.webp", await take(qualities.still));
  const labels = await listLabels(page);
  moving.push(...(await film(view, 11, { 0: kill })));
  // Chromium delays new sockets after failures by seconds, which are left out.
  await page
    .getByText(/^Reconnected/)
    .first()
    .waitFor();
  moving.push(...(await film(view, 8)));
  const scene = (await page.evaluate("document.querySelector('canvas').toDataURL()")) as string;
  close();
  await page.close();
  return { moving, scene, labels };
}

/** The overlay on top of a stream's picture, as in OBS. */
async function takeOverlay(browser: Browser, scene: string): Promise<Still[]> {
  const view = await open(browser, "/overlay?demo=1&font=24");
  // Overrides the overlay's transparent background.
  await view.page.evaluate(`document.documentElement.style.setProperty(
    "background", "url(${scene}) center / cover no-repeat fixed", "important")`);
  await pause(overlayWarmUpMilliseconds);
  const moving = await film(view, 12);
  write("overlay.webp", await view.take(qualities.still));
  await view.page.close();
  return moving;
}

/** A stream in the console; returns the page's labels. */
async function takeConsole(browser: Browser): Promise<string[]> {
  const { page, take } = await open(browser, "/console");
  await page.getByRole("button", { name: /Ada Admin/ }).click();
  await page.getByRole("table").waitFor();
  await page.goto(`${url}/console?view=streams&id=${demoIds.streamId}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForLoadState("networkidle");
  write("console.webp", await take(qualities.still));
  const labels = await listLabels(page);
  await page.close();
  return labels;
}

const executablePath = findBrowser();
if (executablePath === undefined)
  throw new Error("No Chromium in PATH: install one, or set CHROMIUM to its path");
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
  const { moving, scene, labels: studio } = await takeStudio(browser);
  moving.push(...(await takeOverlay(browser, scene)));
  write("evening.webp", encodeAnimation(moving, movingSize.width, movingSize.height));
  const labels = { studio, console: await takeConsole(browser) };
  writeFileSync(join(folder, "labels.json"), `${JSON.stringify(labels, null, 2)}\n`);
} finally {
  await browser.close();
  system.kill("SIGTERM");
  await ended;
  rmSync(dataDir, { recursive: true, force: true });
}
