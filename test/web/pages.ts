/** Opens pages of the whole system in a browser, waits for them, and checks them. */
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { localToken, sharedSystem } from "../shared.ts";
import { type System, startSystem } from "../system.ts";
import { listFindings, openBrowser, slowNetwork, watchFaults } from "./browser.ts";

/** The live stream of the demo, and a viewer of it. */
export const streamId = "64d15f9e2e6c8f4d5a123000";
export const johnId = "64d15f9e2e6c8f4d5a123456";
/** The host of the demo, who is the streamer in Studio. */
export const hostId = "64d15f9e2e6c8f4d5a123457";

/** How long a test of a page may take on a busy machine, with its start. */
export const testMilliseconds = 300_000;
/** How long a page may take over one thing on a busy machine. */
export const timeoutMilliseconds = 120_000;

/**
 * The viewport and colour scheme of a page, and whether it moves. Most tests look at a still page:
 * Studio's drawn stage alone takes as much of the processor as all else in its tests.
 */
export type Look = {
  width?: number;
  height?: number;
  colorScheme?: "dark" | "light";
  reducedMotion?: "reduce" | "no-preference";
  /**
   * Lets the test move the page's clock. It is installed before the page loads: in a loaded page it
   * is 1970 for a moment (microsoft/playwright, `Clock.install`), and the server's time far ahead.
   */
  hasTestClock?: boolean;
  /** How fast responses arrive; as fast as this machine sends them by default. */
  bytesPerSecond?: number;
};

/** Every size and colour scheme that pages are made for: a phone, a laptop and a desktop. */
const looks = (
  [
    [360, 800],
    [1280, 800],
    [1920, 1080],
  ] as const
).flatMap(([width, height]) =>
  (["dark", "light"] as const).map((colorScheme) => ({ width, height, colorScheme })),
);

/**
 * The browser and the system of this worker, for the tests of a file. With `own` the file has a
 * separate system, which its tests may kill, and which ends after them.
 */
export function usePages({ own = false } = {}) {
  let browser: Browser | undefined;
  let system: Pick<System, "url" | "dataDir">;
  let started: System | undefined;
  beforeAll(async () => {
    browser = await openBrowser();
    if (browser === undefined) return;
    if (own) started = await startSystem();
    system = started ?? (await sharedSystem());
  }, testMilliseconds);
  afterAll(async () => {
    if (browser !== undefined) await printOpenPages(browser);
    await browser?.close();
    await started?.stop();
  });
  return {
    /** Defined while tests run, as is `system`. */
    browser: () => browser!,
    system: () => system,
    /** Opens a path in a new context; `faults` collects what the page does wrong. */
    async open(
      path: string,
      {
        width = 1280,
        height = 800,
        colorScheme = "dark",
        reducedMotion = "reduce",
        hasTestClock,
        bytesPerSecond,
      }: Look = {},
    ) {
      const viewport = { width, height };
      const context = await browser!.newContext({ viewport, colorScheme, reducedMotion });
      const page = await context.newPage();
      page.setDefaultTimeout(timeoutMilliseconds);
      const faults = watchFaults(page, system.url);
      if (hasTestClock) await page.clock.install();
      if (bytesPerSecond !== undefined) await slowNetwork(page, bytesPerSecond);
      const answer = await page.goto(new URL(path, system.url).href);
      return { page, faults, answer: answer!, close: () => context.close() };
    },
    tokenOf: (wish: object) => localToken(system.url, wish),
  };
}

/** Prints what open pages show. A test that passes closes its pages, so these explain a failure. */
async function printOpenPages(browser: Browser): Promise<void> {
  for (const page of browser.contexts().flatMap((context) => context.pages())) {
    const shown = await page.locator("body").ariaSnapshot({ timeout: 10_000 }).catch(String);
    process.stderr.write(`${page.url()} still shows\n${shown}\n`);
  }
}

/** Waits until a condition holds; a timeout fails with the condition's source. */
export async function expectSoon(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + timeoutMilliseconds;
  while (!(await isTrue())) {
    if (performance.now() > end) expect(String(isTrue)).toBe("true in time");
    await new Promise((done) => setTimeout(done, 50));
  }
}

/**
 * Returns a function that waits for an element that is visible only for a moment. The page itself
 * notes it, from the call of this function on: a busy test could look too late.
 */
export async function watchFor(
  page: Page,
  selector: string,
  text = "",
): Promise<() => Promise<void>> {
  const [wanted, words] = [JSON.stringify(selector), JSON.stringify(text)];
  await page.evaluate(`void (window.watched = new Promise((done) => {
    const inner = [...document.querySelectorAll("*")].flatMap(({ shadowRoot }) => shadowRoot ?? []);
    const roots = [document, ...inner];
    const find = (root) => [...root.querySelectorAll(${wanted})];
    const isMeant = (one) => one.textContent.includes(${words}) && one.checkVisibility();
    const observer = new MutationObserver(() => roots.flatMap(find).some(isMeant) && done());
    const changes = { childList: true, subtree: true, characterData: true, attributes: true };
    for (const root of roots) observer.observe(root, changes);
  }))`);
  return () => page.evaluate("watched");
}

/** Copies the call that a part of a page shows; the button says for two seconds that it did. */
export async function copyAsCurl(page: Page, part: Locator): Promise<void> {
  const copied = await watchFor(page, "button", "Copied");
  await part.getByRole("button", { name: "Copy as curl" }).click();
  await copied();
}

/**
 * Returns a function that waits until a page that opens sockets from now on is subscribed. A
 * channel's overlay is online before it receives its stream, and shows what comes after that.
 */
export function watchSubscription(page: Page): () => Promise<void> {
  let isSubscribed = false;
  // Listens to all sockets at once: a test that awaited a socket and then its frame could miss a
  // frame that comes right after the opening, or on a second socket.
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      isSubscribed ||= String(payload).includes('"type":"subscribed"');
    }),
  );
  return () => expectSoon(() => isSubscribed);
}

/** How much of its track a bar fills, 0 to 1; 0 if it is not painted. */
const filledShare = new Function(
  "bar",
  `const { backgroundImage, backgroundColor } = getComputedStyle(bar);
   const isPainted = backgroundImage !== "none" || backgroundColor !== "rgba(0, 0, 0, 0)";
   return isPainted ? bar.getBoundingClientRect().width / bar.parentElement.clientWidth : 0;`,
) as (bar: object) => number;

/** Whether a text on one line is in view from its beginning to its end. */
export const isWhole = new Function(
  "one",
  "return one.clientWidth > 0 && one.scrollWidth <= one.clientWidth;",
) as (one: object) => boolean;

/** Waits until a bar fills this share of its track, 0 to 1. */
export const expectFilled = (bar: Locator, share: number) =>
  expectSoon(async () => Math.abs((await bar.evaluate(filledShare)) - share) < 0.01);

const screenshots = join(import.meta.dirname, "../../.cache/screenshots");

/** Expects that nothing is wider than the page; fails with the elements that are. */
export async function expectFits(page: Page, name = ""): Promise<void> {
  const wide = await page.evaluate(`document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > innerWidth)
      .map(({ outerHTML }) => innerWidth + ": " + outerHTML.slice(0, 80))`);
  expect({ name, wide }).toEqual({ name, wide: [] });
}

/**
 * Expects that a page is usable in its present state: axe finds nothing serious on it, or in a part
 * of it, and nothing is wider than the page.
 */
async function expectUsable(page: Page, name = "", part?: string): Promise<void> {
  expect({ name, findings: await listFindings(page, part) }).toEqual({ name, findings: [] });
  await expectFits(page, name);
}

/** Lays a page out in each size and colour, one after the other, and does something in each. */
export async function inEachLook(page: Page, act: (look: Look) => Promise<void>): Promise<void> {
  for (const look of looks) {
    const { width, height, colorScheme } = look;
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await act(look);
  }
}

/**
 * `expectFits` of a view in each of `looks`. axe's findings depend on colours and on the layout of
 * a phone, so `expectUsable` is called for the first look and the last. Screenshots of these two
 * are stored in `.cache/screenshots`.
 */
export const expectLooks = (page: Page, name: string, part?: string): Promise<void> =>
  inEachLook(page, async (look) => {
    const view = `${name}-${look.width}-${look.colorScheme}`;
    if (look !== looks[0] && look !== looks.at(-1)) return expectFits(page, view);
    await page.screenshot({ path: join(screenshots, `${view}.png`) });
    await expectUsable(page, view, part);
  });
