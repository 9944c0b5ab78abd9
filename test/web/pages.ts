/** Pages of the whole system in a browser: how tests open them, wait, and look at them. */
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type System, startSystem } from "../system.ts";
import { listFindings, openBrowser, screenshots, watchFaults } from "./browser.ts";

/** The live stream of the demo, and a viewer of it. */
export const streamId = "64d15f9e2e6c8f4d5a123000";
export const johnId = "64d15f9e2e6c8f4d5a123456";

/** How long a test of a page may take on a busy machine, with its start. */
export const testMilliseconds = 300_000;
/** How long a page may take over one thing on a busy machine. */
export const patience = 120_000;

/** How somebody looks at a page. */
export type Look = { width?: number; height?: number; colorScheme?: "dark" | "light" };

/** Every look that is made a picture of: a phone, a laptop and a desk, by night and by day. */
export const looks = (
  [
    [360, 800],
    [1280, 800],
    [1920, 1080],
  ] as const
).flatMap(([width, height]) =>
  (["dark", "light"] as const).map((colorScheme) => ({ width, height, colorScheme })),
);

/** Starts a browser and a system for the tests of a file, and ends both after them. */
export function usePages(browserArguments: string[] = []) {
  let browser: Browser | undefined;
  let system: System;
  beforeAll(async () => {
    browser = await openBrowser(browserArguments);
    if (browser !== undefined) system = await startSystem();
  }, testMilliseconds);
  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  });
  return {
    /** Both are there as soon as a test runs. */
    browser: () => browser!,
    system: () => system,
    /** Opens a path in a context of its own; `faults` fills with what the page does wrong. */
    async open(path: string, { width = 1280, height = 800, colorScheme = "dark" }: Look = {}) {
      const context = await browser!.newContext({ viewport: { width, height }, colorScheme });
      const page = await context.newPage();
      page.setDefaultTimeout(patience);
      const faults = watchFaults(page, system.url);
      const answer = await page.goto(new URL(path, system.url).href);
      return { page, faults, answer: answer!, close: () => context.close() };
    },
    /** A token of somebody of this machine, as `POST /local/token` takes them. */
    async tokenOf(wish: object): Promise<string> {
      const body = JSON.stringify(wish);
      const answer = await fetch(`${system.url}/local/token`, { method: "POST", body });
      return ((await answer.json()) as { token: string }).token;
    },
  };
}

/** Waits until something is so; a test whose wait was in vain fails with what it waited for. */
export async function expectSoon(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + patience;
  while (!(await isTrue())) {
    if (performance.now() > end) expect(String(isTrue)).toBe("true in time");
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Lays a picture into the folder of the run. */
export const picture = (page: Page, name: string, options: { omitBackground?: boolean } = {}) =>
  page.screenshot({ path: join(screenshots, `${name}.png`), ...options });

/**
 * What everybody needs of a page as it stands: nothing serious for axe, which may look at one part
 * alone, and nothing wider than the page.
 */
export async function expectUsable(page: Page, name = "", part?: string): Promise<void> {
  expect({ name, findings: await listFindings(page, part) }).toEqual({ name, findings: [] });
  const isWider = "document.documentElement.scrollWidth > innerWidth";
  expect({ name, isWider: await page.evaluate(isWider) }).toEqual({ name, isWider: false });
}
