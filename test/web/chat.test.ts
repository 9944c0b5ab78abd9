/** `<ovation-chat>` in `busy-page.html`, whose own server is as busy as it is told to be. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { buildWeb } from "../../bin/build-web.ts";
import { readPages } from "../../local/gateway/pages.ts";
import { browserTest, openBrowser } from "./browser.ts";

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
let server: Server;
let url: string;

beforeAll(async () => {
  browser = await openBrowser();
  const pages = readPages(await buildWeb(), "dev");
  server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://x").pathname;
    const asked = { method: "GET", path, query: "", headers: [], body: Buffer.alloc(0) };
    const found =
      path === "/"
        ? undefined
        : pages.answer({ ...asked, sourceIp: "", protocol: "", receivedMilliseconds: 0 });
    response.writeHead(
      found?.statusCode ?? 200,
      found?.headers.flat() ?? ["content-type", "text/html"],
    );
    response.end(found?.body ?? page);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}, testMilliseconds);
afterAll(async () => {
  await browser?.close();
  server?.close();
});

async function open(): Promise<Page> {
  const made = await browser!.newPage({ viewport: { width: 360, height: 640 } });
  made.setDefaultTimeout(30_000);
  await made.goto(url);
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
    // By the thread's own clock: what else this machine does is no matter.
    const session = await made.context().newCDPSession(made);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const secondsOfWork = async () =>
      (await session.send("Performance.getMetrics")).metrics.find(
        ({ name }) => name === "TaskDuration",
      )!.value;
    const before = await secondsOfWork();
    await made.evaluate(
      `new Promise((done) => {
      let left = eventsShown;
      const timer = setInterval(() => {
        show(message());
        if (--left === 0) { clearInterval(timer); setTimeout(done, 100); }
      }, 50);
    })`.replace("eventsShown", `${eventsShown}`),
    );
    const milliseconds = (1000 * ((await secondsOfWork()) - before)) / eventsShown;
    expect(milliseconds).toBeLessThan(workMillisecondsMax);
    expect(milliseconds).toBeGreaterThan(0);
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
