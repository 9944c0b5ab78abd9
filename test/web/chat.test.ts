/** `<ovation-chat>` in `busy-page.html`, whose own server is as busy as it is told to be. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { browserTest, openBrowser, watchWork } from "./browser.ts";
import { type PageServer, servePages } from "./page-server.ts";

const streamId = "64d15f9e2e6c8f4d5a123000";
const testMilliseconds = 120_000;
const eventsShown = 60;
/** Of the 50 ms from one event to the next, drawn by the processor: 25 on a busy machine. */
const workMillisecondsMax = 40;

const page = readFileSync(join(import.meta.dirname, "busy-page.html"), "utf8").replaceAll(
  "STREAM",
  streamId,
);

let browser: Browser | undefined;
let server: PageServer;

beforeAll(async () => {
  browser = await openBrowser();
  server = await servePages(page);
}, testMilliseconds);
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

async function open(): Promise<Page> {
  const made = await browser!.newPage({ viewport: { width: 360, height: 640 } });
  made.setDefaultTimeout(30_000);
  await made.goto(server.url);
  await made.getByText("Nothing said yet. Be the first.").waitFor();
  return made;
}

type Scroller = Record<"scrollTop" | "scrollHeight" | "clientHeight", number>;
const toEnd = (one: unknown) => {
  const { scrollTop, scrollHeight, clientHeight } = one as Scroller;
  return scrollHeight - clientHeight - scrollTop;
};
const rowsOf = (made: Page) => made.locator(".row.message").count();

browserTest(
  "at a hundred events a second it keeps 500 rows, and the balance and the box have their names",
  async () => {
    const made = await open();
    await made.evaluate(`new Promise((done) => {
      let left = 8;
      const timer = setInterval(() => {
        show(...Array.from({ length: 100 }, () => message()));
        if (--left === 0) { clearInterval(timer); setTimeout(done, 1000); }
      }, 250);
    })`);
    await made.getByText("message 799", { exact: true }).waitFor();
    expect(await rowsOf(made)).toBe(500);
    await made.getByText("Showing the newest 500").waitFor({ state: "attached" });
    expect(await made.getByLabel("Credits").textContent()).toBe("Credits 12");
    expect(await made.getByRole("textbox", { name: "Message" }).count()).toBe(1);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "twenty events a second leave the thread of a full chat time for others",
  async () => {
    const made = await open();
    // Full first, so that each row that comes lets another one go.
    await made.evaluate("show(...Array.from({ length: 500 }, () => message()))");
    await made.getByText("message 499", { exact: true }).waitFor();
    const work = await watchWork(made);
    for (let shown = 0; shown < eventsShown; shown++)
      await work.during(async () => {
        await made.evaluate("show(message())");
        await made.waitForTimeout(40);
      });
    expect(work.longest()).toBeLessThan(50);
    expect(work.mean()).toBeLessThan(workMillisecondsMax);
    expect(work.mean()).toBeGreaterThan(0);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "who scrolls up reads in peace and is told how many came; a deleted row goes all the same",
  async () => {
    const made = await open();
    await made.evaluate("show(...Array.from({ length: 60 }, () => message()))");
    await made.getByText("message 59", { exact: true }).waitFor();
    const list = made.getByRole("log");
    await list.hover();
    await made.mouse.wheel(0, -600);
    await made.waitForTimeout(300);
    const seen = () => list.evaluate((one) => (one as unknown as Scroller).scrollTop);
    const before = await seen();
    expect(before).toBeGreaterThan(0);
    await made.evaluate("show(message('while reading'), message('and this'))");
    await made.getByRole("button", { name: "2 new" }).waitFor();
    expect(await seen()).toBe(before);
    expect(await rowsOf(made)).toBe(60);
    await made.evaluate(`show({ id: "d1", type: "chat.deleted", at: new Date().toISOString(),
      data: { streamId: "${streamId}", messageId: (3).toString(16).padStart(24, "0") } })`);
    await made.getByText("message 2", { exact: true }).waitFor({ state: "detached" });
    await made.getByRole("button", { name: "2 new" }).click();
    await made.getByText("and this").waitFor();
    expect(await list.evaluate(toEnd)).toBeLessThan(2);
    await made.close();
  },
  testMilliseconds,
);
