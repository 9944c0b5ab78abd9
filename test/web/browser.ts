/** The system's Chromium, and checks that apply to every page. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findBrowser } from "../../bin/test/browser.ts";
import { askShared, worker } from "../shared.ts";

const found = findBrowser();

/** Whether this machine has a browser. */
export const hasBrowser = found !== undefined;

/** `test`; skipped, and counted so, where this machine has no browser. With CI set it has one. */
export const browserTest = found === undefined ? test.skip : test;
if (found === undefined && process.env.CI)
  throw new Error(
    "CI is set and there is no Chromium: npm run install:browser, or CHROMIUM=<path>",
  );

/** The browser of this worker, if the machine has one; to be closed after the tests of a file. */
export async function openBrowser(): Promise<Browser | undefined> {
  if (found === undefined) return undefined;
  const { endpoint } = await askShared<{ endpoint: string }>(`browser/${worker}`);
  const browser = await chromium.connect(endpoint);
  const latency = Number(process.env.PAGE_LATENCY ?? 0);
  const slowdown = Number(process.env.PAGE_SLOWDOWN ?? 1);
  const make = browser.newContext.bind(browser);
  // `newPage` makes its context with this, too.
  browser.newContext = async (options) => {
    const context = await make(options);
    if (latency > 0) await delayRequests(context, latency);
    if (slowdown > 1) slowPages(context, slowdown);
    return context;
  };
  return browser;
}

/** Delays pages and their requests, so that a test fails if it reads before they have answers. */
const delayRequests = (context: BrowserContext, milliseconds: number) =>
  context.route("**", async (route) => {
    await setTimeout(milliseconds);
    // The page may have closed meanwhile.
    await route.continue().catch(() => undefined);
  });

/** Runs pages this many times slower, so that a test fails if it acts before a page has reacted. */
function slowPages(context: BrowserContext, rate: number): void {
  context.on("page", async (page) => {
    // The page may have closed meanwhile.
    const session = await context.newCDPSession(page).catch(() => undefined);
    await session?.send("Emulation.setCPUThrottlingRate", { rate }).catch(() => undefined);
  });
}

/** Delivers a page's responses at this rate, so that large ones arrive in parts. */
export async function slowNetwork(page: Page, bytesPerSecond: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: -1,
  });
}

/** What a page may not do: say an error, ask another host, fail to load something. */
export function watchFaults(page: Page, origin: string): string[] {
  const faults: string[] = [];
  page.on("console", (message) => {
    // The client gives a handshake up after 15 s and tries again: a slow machine, no fault.
    const isSlow = message.text().endsWith("closed before the connection is established.");
    const isFault = message.type() === "error" || message.type() === "warning";
    if (isFault && !isSlow) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error.stack)));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== "data:" && host !== new URL(origin).host) faults.push(request.url());
  });
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
  });
  return faults;
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

type Finding = { id: string; impact: string; nodes: { html: string; failureSummary: string }[] };

/** Of what it finds to be well axe would describe each element too, which takes a third longer. */
const axeOptions = JSON.stringify({ resultTypes: ["violations"] });

/** Axe calls these moderate, but users of screen readers navigate by headings. */
const structural = ["heading-order", "empty-heading"];

/**
 * Findings of axe that are serious or worse, or about headings, on the page or a part of it, shadow
 * trees included.
 */
export async function listFindings(page: Page, part?: string): Promise<string[]> {
  // Loading it takes as long as running it.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe);
  const context = part === undefined ? "document" : JSON.stringify(part);
  const run = `axe.run(${context}, ${axeOptions})`;
  const { violations } = (await page.evaluate(run)) as { violations: Finding[] };
  return violations
    .filter(({ id, impact }) => ["serious", "critical"].includes(impact) || structural.includes(id))
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
}

/**
 * How long a page's own thread works, in milliseconds, by the clock of that thread: what else this
 * machine does is no matter. A task is no longer than the whole of the work around it.
 */
export async function watchWork(page: Page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const read = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1000 * metrics.find(({ name }) => name === "TaskDuration")!.value;
  };
  const worked = async (act: () => Promise<unknown>) => {
    const before = await read();
    await act();
    return (await read()) - before;
  };
  /** The longest and the mean of `times` actions. */
  async function round(times: number, act: (time: number) => Promise<unknown>, first = 0) {
    const spans: number[] = [];
    for (let time = first; time < first + times; time++) spans.push(await worked(() => act(time)));
    return { longest: Math.max(...spans), mean: spans.reduce((sum, one) => sum + one, 0) / times };
  }
  return {
    round,
    /**
     * The longest and the mean of `times` actions, in the calmest of three rounds: other programs
     * on the same processor make work look longer, and never shorter.
     */
    async of(times: number, act: (time: number) => Promise<unknown>) {
      const rounds = [await round(times, act)];
      while (rounds.length < 3) rounds.push(await round(times, act, rounds.length * times));
      return rounds.reduce((calmest, one) => (one.longest < calmest.longest ? one : calmest));
    },
  };
}

type TraceEvent = {
  ph: string;
  name: string;
  pid: number;
  tid: number;
  /** Microseconds by the clock on the wall, and by that of the thread. */
  ts: number;
  dur?: number;
  tdur?: number;
  args?: { name?: string };
};

/** A task of a page's own thread, in milliseconds of that thread's clock. */
type Task = {
  milliseconds: number;
  /** By the clock of the trace. */
  beganMilliseconds: number;
  /** Whether other programs had the processor for a good part of it, and slowed the rest. */
  isDisturbed: boolean;
};

/** The tasks of a page's own thread while something goes on, the longest first. */
export async function traceTasks(page: Page, act: () => Promise<unknown>): Promise<Task[]> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline"] });
  await act();
  const trace = (await browser.stopTracing()).toString();
  const { traceEvents } = JSON.parse(trace) as { traceEvents: TraceEvent[] };
  const threads = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(({ name, ph, pid, tid }) => {
    const isTask = ph === "X" && name.endsWith("RunTask");
    return isTask && threads.has(`${pid} ${tid}`);
  });
  // Most Chromiums tell each task twice, by the name of what runs it too.
  const once = tasks.filter(({ name }) => name === "RunTask");
  return (once.length > 0 ? once : tasks)
    .map(({ ts, dur = 0, tdur = 0 }) => ({
      milliseconds: tdur / 1000,
      beganMilliseconds: ts / 1000,
      isDisturbed: dur > 1.5 * tdur,
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

/** What a page keeps, after its garbage was collected: bytes, nodes of documents, listeners. */
export async function watchMemory(page: Page) {
  const session = await page.context().newCDPSession(page);
  return async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
    return { usedSize, nodes, jsEventListeners };
  };
}
