/** Pictures of the console, for people to look at, and what axe finds in each. */
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { type System, startSystem } from "../system.ts";
import { browserTest, listFindings, openBrowser, screenshots, watchFaults } from "./browser.ts";

const testMilliseconds = 300_000;
const streamId = "64d15f9e2e6c8f4d5a123000";
let browser: Browser | undefined;
let system: System;

beforeAll(async () => {
  browser = await openBrowser();
  if (browser !== undefined) system = await startSystem();
}, testMilliseconds);
afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

const sizes = [
  [360, 800],
  [1280, 800],
  [1920, 1080],
] as const;

/** Views with something to see in them, by the name of their picture. */
const views = {
  streams: `view=streams&id=${streamId}`,
  users: "view=users&id=64d15f9e2e6c8f4d5a123456",
  bans: `view=bans&stream=${streamId}&id=new`,
  log: `view=log&stream=${streamId}`,
  gifts: "view=gifts&id=65a1234bcde5678f90123458",
  refunds: `view=refunds&stream=${streamId}`,
  parked: "view=parked",
  webhooks: "view=webhooks&id=new",
  machine: "view=machine",
};

browserTest.each(
  sizes.flatMap(([width, height]) =>
    (["dark", "light"] as const).map((colorScheme) => ({ width, height, colorScheme })),
  ),
)(
  "at $width × $height, $colorScheme, everybody can use it, and people look at its pictures",
  async ({ width, height, colorScheme }) => {
    const context = await browser!.newContext({ viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const faults = watchFaults(page, system.url);
    const look = async (name: string) => {
      await page.screenshot({
        path: join(screenshots, `console-${name}-${width}-${colorScheme}.png`),
      });
      expect({ name, findings: await listFindings(page) }).toEqual({ name, findings: [] });
      const isWider = "document.documentElement.scrollWidth > innerWidth";
      expect({ name, isWider: await page.evaluate(isWider) }).toEqual({ name, isWider: false });
    };
    await page.goto(`${system.url}/console`);
    await page.getByRole("button", { name: /Ada Admin/ }).waitFor();
    await look("door");
    await page.getByRole("button", { name: /Ada Admin/ }).click();
    await page.getByRole("table").waitFor();
    for (const [name, query] of Object.entries(views)) {
      await page.goto(`${system.url}/console?${query}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      await page.locator(".skeleton").waitFor({ state: "detached" });
      await look(name);
    }
    expect(faults).toEqual([]);
    await context.close();
  },
  testMilliseconds,
);
