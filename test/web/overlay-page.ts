/** An overlay in a browser, whose server is played by the test. */
import type { Browser, Locator, Page, WebSocketRoute } from "playwright-core";
import { openBrowser, watchFaults } from "./browser.ts";
import { type PageServer, servePages } from "./page-server.ts";
import { expectSoon, streamId, testMilliseconds, timeoutMilliseconds } from "./pages.ts";

export let browser: Browser | undefined;
let server: PageServer;

/** Opens the browser and serves the pages for the tests of a file. */
export function useOverlay(): void {
  beforeAll(async () => {
    browser = await openBrowser();
    server = await servePages();
  }, testMilliseconds);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
}

export type Size = { width: number; height: number };
export const obs: Size = { width: 1920, height: 1080 };
export const narrow: Size = { width: 400, height: 800 };

export async function open(query: string, viewport = narrow) {
  const page = await browser!.newPage({ viewport, reducedMotion: "reduce" });
  page.setDefaultTimeout(timeoutMilliseconds);
  const faults = watchFaults(page, server.url);
  return { page, faults, go: () => page.goto(`${server.url}overlay?${query}`) };
}

type Position = { epoch: string; frame: number };

/** The server's side of an overlay's socket, with the frames that it has sent. */
export async function serve(page: Page) {
  let socket: WebSocketRoute | undefined;
  let head = 0;
  let opened = 0;
  const subscribes: { since: Position | undefined }[] = [];
  const post = (message: object) => socket!.send(JSON.stringify(message));
  const greet = (since?: Position, requestId?: string) => {
    subscribes.push({ since });
    const recovered = since === undefined ? {} : { recovered: true };
    const subscribed = { type: "subscribed", streamId, epoch: "e", head, viewers: 1, requestId };
    post({ ...subscribed, ...recovered });
  };
  await page.routeWebSocket(/\/ws\?/, (made) => {
    socket = made;
    opened++;
    made.onMessage((text) => {
      const { action, requestId, since } = JSON.parse(String(text));
      if (action === "ping") post({ type: "pong", heads: { [streamId]: head }, requestId });
      if (action === "subscribe") greet(since, requestId);
    });
    // The server subscribes a socket to its URL's stream without a message.
    const { streamId: wanted, since } = Object.fromEntries(new URL(made.url()).searchParams);
    if (wanted === undefined) return;
    const [epoch, frame] = since?.split(":") ?? [];
    greet(epoch === undefined ? undefined : { epoch, frame: Number(frame) });
  });
  const postFrame = (content: object) =>
    post({
      type: "events",
      streamId,
      epoch: "e",
      frame: ++head,
      viewers: 1,
      skipped: 0,
      ...content,
    });
  return {
    subscribes,
    greet,
    sockets: () => opened,
    post,
    cut: () => socket!.close(),
    show: (...events: object[]) => postFrame({ events }),
    /** Sends a frame in which sums change, with the events of moments that begin or end. */
    sum: (sums: object, ...events: object[]) => postFrame({ events, sums }),
  };
}

let made = 0;
export const person = (n: number) => ({
  _id: `u${n}`,
  username: `user${n}`,
  name: `User ${n}`,
  surname: "",
});
export const event = (type: string, data: object) => {
  const id = `e${++made}`;
  return { id, type, at: new Date().toISOString(), data: { id, _id: id, streamId, ...data } };
};
export const said = (content: string, by = 1, role?: string) =>
  event("chat.message", { content, sender: { ...person(by), role, profilePhoto: "" } });
export const given = (name: string, creditAmount: number, more: object = {}) =>
  event("gift.sent", {
    giftType: {
      id: name,
      name,
      creditAmount,
      svgUrl: `${server.url}pictures/${name.toLowerCase()}.svg`,
    },
    count: 1,
    combo: 1,
    sender: person(2),
    receivers: [person(0)],
    totals: { count: 1, credits: creditAmount },
    ...more,
  });

/** The page's timers run in real time, and a test can advance them instead of waiting. */
export const withOwnClock = (page: Page) => page.clock.install();

/** The page's timers stand still until they are run, however slow the test is. */
export async function withStoppedClock(page: Page): Promise<void> {
  const now = Date.now();
  await page.clock.install({ time: now });
  await page.clock.pauseAt(now + 60_000);
}

/** Runs the page's stopped timers until an element is visible: rows wait for a frame. */
export const runUntilSeen = (page: Page, wanted: Locator): Promise<void> =>
  expectSoon(async () => {
    await page.clock.runFor(250);
    return await wanted.isVisible();
  });

export async function connected(
  query = "",
  viewport = narrow,
  prepare?: (page: Page) => Promise<void>,
) {
  const { page, faults, go } = await open(`streamId=${streamId}&key=k-1&${query}`, viewport);
  await prepare?.(page);
  const stream = await serve(page);
  await go();
  await expectSoon(() => stream.subscribes.length > 0);
  return { page, faults, stream };
}

/** Advances the page's own clock in steps, so that its requests are answered in between. */
export async function pass(page: Page, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 500) await page.clock.runFor(500);
}
