import { type Browser, chromium, type Page } from "playwright-core";
import { findBrowser } from "../../bin/test/browser.ts";
import { call, type Person, person, topUp } from "../api/people.ts";
import { startSystem } from "../system.ts";
import { print, round, wait } from "./figures.ts";

/** The demo stream and the gift "Rose" of every dev stage (bin/start/demo-data.ts). */
const streamId = "64d15f9e2e6c8f4d5a123000";
const roseId = "65a1234bcde5678f90123456";
const viewport = { width: 1280, height: 800 };
const eventsPerSecond = 20;
const eventSeconds = 10;
/** After this long without a long task a page counts as interactive. */
const quietMilliseconds = 2_000;

type Opened = { page: Page; bytes: number; requests: number };

/** A page that is measured: how it is opened, and what is visible once it can be used. */
type Subject = { name: string; path: string; ready: string; isLive?: boolean; html?: string };

const subjectsOf = (token: string, overlayKey: string): Subject[] => [
  { name: "Studio", path: "/", ready: "ovation-chat .row", isLive: true },
  { name: "console, chat", path: `/console?view=chat&stream=${streamId}`, ready: "table" },
  { name: "chat alone", path: "/chat-alone", ready: ".row", html: chatPage(token) },
  { name: "overlay", path: `/overlay?streamId=${streamId}&key=${overlayKey}`, ready: ".ov" },
  { name: "reference", path: "/docs", ready: "h2" },
  { name: "events", path: "/docs/events", ready: "h2" },
  { name: "guides", path: "/docs/guides", ready: "h1" },
];

const chatPage = (token: string) => `<!doctype html><html lang="en"><meta charset="utf-8">
<script type="module" src="/embed/chat.js"></script>
<ovation-chat stream-id="${streamId}" token="${token}" style="height: 100vh"></ovation-chat>`;

/** Collects a page's long tasks from its first moment on. */
const watchTasks = `globalThis.longTasks = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((one) =>
  ({ start: one.startTime, end: one.startTime + one.duration, duration: one.duration }))))
  .observe({ type: "longtask", buffered: true });`;

/** Elements of the document and of its open shadow trees. */
const countNodes = `(function count(root) {
  let sum = 0;
  for (const one of root.querySelectorAll("*"))
    sum += 1 + (one.shadowRoot ? count(one.shadowRoot) : 0);
  return sum;
})(document)`;

/** Opens a page; what has come until it is ready is its weight. */
async function open(
  browser: Browser,
  url: string,
  subject: Subject,
  admin: string,
): Promise<Opened> {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  await page.addInitScript(watchTasks);
  if (subject.path.startsWith("/console"))
    await page.addInitScript(`sessionStorage.setItem("ovation.console.token", "${admin}")`);
  const { html } = subject;
  if (html !== undefined)
    await page.route(`${url}${subject.path}`, (route) =>
      route.fulfill({ body: html, contentType: "text/html" }),
    );
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  let [bytes, requests] = [0, 0];
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    requests++;
  });
  await page.goto(`${url}${subject.path}`);
  await page.locator(subject.ready).first().waitFor();
  const opened = { page, bytes, requests };
  await wait(quietMilliseconds);
  return opened;
}

type Task = { start: number; end: number; duration: number };
const tasksOf = (page: Page) => page.evaluate<Task[]>("globalThis.longTasks");
/** Tasks below 50 ms are not reported by the browser. */
const longest = (tasks: readonly Task[]) =>
  tasks.length === 0 ? "< 50" : Math.round(Math.max(...tasks.map((one) => one.duration)));

async function measurePage(
  browser: Browser,
  url: string,
  subject: Subject,
  people: readonly Person[],
) {
  const { page, bytes, requests } = await open(browser, url, subject, people[0]!.token);
  const loading = await tasksOf(page);
  const paint = await page.evaluate<number>(
    `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0`,
  );
  const loaded = await page.evaluate<number>(
    `performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd`,
  );
  const figures = {
    page: subject.name,
    kB: round(bytes / 1000),
    requests,
    nodes: await page.evaluate<number>(countNodes),
    "paint ms": Math.round(paint),
    "interactive ms": Math.round(Math.max(paint, loaded, ...loading.map(({ end }) => end))),
    "longest task ms": longest(loading),
  };
  const isDocs = subject.path.startsWith("/docs");
  if (subject.isLive) await page.getByRole("button", { name: "Stop simulated viewers" }).click();
  if (!isDocs) await talkIn(people);
  const busy = (await tasksOf(page)).slice(loading.length);
  await page.context().close();
  return { ...figures, [`at ${eventsPerSecond} events/s`]: isDocs ? "" : longest(busy) };
}

/** Messages, and a gift as every tenth event, at a steady rate. */
async function talkIn(people: readonly Person[]): Promise<void> {
  const began = performance.now();
  const calls: Promise<void>[] = [];
  const act = async (n: number) => {
    const as = people[n % people.length]!;
    const gift = { giftTypeId: roseId, liveStreamId: streamId };
    const content = `message ${n} of a busy evening`;
    const post = () =>
      n % 10 === 0
        ? call("POST /api/v1/gifts/create", { as, body: gift })
        : call(`POST /api/v1/live-stream/${streamId}/chat/messages`, { as, body: { content } });
    let { status } = await post();
    // On a machine that is too busy, clients repeat what was refused.
    for (let again = 0; again < 5 && status === 503; again++) ({ status } = await post());
    if (status !== 201) throw new Error(`Event ${n} returned ${status}`);
  };
  for (let n = 0; n < eventsPerSecond * eventSeconds; n++) {
    await wait(Math.max(0, began + (n * 1000) / eventsPerSecond - performance.now()));
    calls.push(act(n));
  }
  await Promise.all(calls);
  await wait(1000);
}

/**
 * Weight, nodes, time to interactive and longest task of every page, and the longest task while
 * 20 events a second arrive (docs/scale.md, "Pages").
 */
export async function benchPages(): Promise<void> {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error("No browser: npm run install:browser");
  const system = await startSystem();
  process.env.API_URL = system.url;
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const admin = await person({ groups: ["admin"] });
    const people = [admin, ...(await Promise.all(Array.from({ length: 20 }, () => person())))];
    for (const one of people) await topUp(one, 100_000);
    const made = await call(`POST /api/v1/live-stream/${streamId}/overlay-keys`, {
      as: admin,
      body: {},
    });
    const rows = [];
    for (const subject of subjectsOf(people[1]!.token, made.body.data.key))
      rows.push(await measurePage(browser, system.url, subject, people));
    print(`Pages at ${viewport.width} × ${viewport.height}, each in an empty browser`, rows);
  } finally {
    await browser.close();
    await system.stop();
  }
}
