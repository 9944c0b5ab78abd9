/** `<ovation-chat>` in `busy-page.html`, whose own server simulates a load. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { openBrowser } from "./browser.ts";
import { type PageServer, servePages } from "./page-server.ts";
import { streamId, testMilliseconds, timeoutMilliseconds } from "./pages.ts";

const page = readFileSync(join(import.meta.dirname, "busy-page.html"), "utf8").replaceAll(
  "STREAM",
  streamId,
);

/** The data of `settings.changed` for a channel with the standard settings. */
export const standardSettings = {
  slowModeSeconds: 0,
  followersOnly: false,
  giftsEnabled: true,
  moderators: [],
};

let browser: Browser | undefined;
let server: PageServer;

/** Opens the browser and serves the page for the tests of a file. */
export function useBusyChat(): void {
  beforeAll(async () => {
    browser = await openBrowser();
    server = await servePages(page);
  }, testMilliseconds);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
}

/**
 * Opens an empty chat, or with a query one that has a history. With `hasTestClock`, the test can
 * move the page's clock (pages.ts).
 */
export async function open(query = "", { hasTestClock = false } = {}): Promise<Page> {
  const made = await browser!.newPage({ viewport: { width: 360, height: 640 } });
  made.setDefaultTimeout(timeoutMilliseconds);
  if (hasTestClock) await made.clock.install();
  await made.goto(server.url + query);
  if (query === "") await made.getByText("No messages yet").waitFor();
  return made;
}

/** Stops a page's clocks, `performance.now()` included, and returns the time that they show. */
export async function stopClock(page: Page): Promise<number> {
  const now = Date.now() + 60_000;
  await page.clock.pauseAt(now);
  return now;
}

/** Opens the chat and waits until it shows this number of messages. */
export async function openWith(messages: number, { hasTestClock = false } = {}): Promise<Page> {
  const made = await open("", { hasTestClock });
  await made.evaluate(`show(...Array.from({ length: ${messages} }, () => message()))`);
  await made.getByText(`message ${messages - 1}`, { exact: true }).waitFor();
  return made;
}

/** An element with a method of browsers that the tests' types do not have. */
type Animated = HTMLElement & { getAnimations(): { finished: Promise<unknown> }[] };

/** Where a row is once it has entered: it slides in while it appears. */
export async function placeOf(row: Locator) {
  await row.evaluate((one: Animated) =>
    Promise.all(one.getAnimations().map(({ finished }) => finished)),
  );
  return (await row.boundingBox())!;
}
