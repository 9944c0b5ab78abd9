/** The overlay as a streaming program shows it; the server's part is played by the test. */
import type { Browser, Page, WebSocketRoute } from "playwright-core";
import { browserTest, listFindings, openBrowser, watchFaults, watchWork } from "./browser.ts";
import { type PageServer, servePages } from "./page-server.ts";
import { expectSoon, picture, streamId, testMilliseconds } from "./pages.ts";

const eventsShown = 40;
/** Kept after 10,000 events, beyond what there was after the first thousand: 0.2 MB here. */
const heapBytesMax = 1_500_000;

let browser: Browser | undefined;
let server: PageServer;

beforeAll(async () => {
  browser = await openBrowser();
  server = await servePages();
}, testMilliseconds);
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

type Size = { width: number; height: number };
const obs: Size = { width: 1920, height: 1080 };
const narrow: Size = { width: 400, height: 800 };

async function open(query: string, viewport = narrow) {
  const page = await browser!.newPage({ viewport });
  page.setDefaultTimeout(30_000);
  const faults = watchFaults(page, server.url);
  return { page, faults, go: () => page.goto(`${server.url}overlay?${query}`) };
}

/** The server's side of an overlay's socket, with the frames that it has sent. */
async function serve(page: Page) {
  let socket: WebSocketRoute | undefined;
  let head = 0;
  let opened = 0;
  const subscribes: Record<string, unknown>[] = [];
  await page.routeWebSocket(/\/ws\?/, (made) => {
    socket = made;
    opened++;
    made.onMessage((text) => {
      const { action, requestId, since } = JSON.parse(String(text));
      if (action === "ping")
        made.send(JSON.stringify({ type: "pong", heads: { [streamId]: head }, requestId }));
      if (action !== "subscribe") return;
      subscribes.push({ since });
      const recovered = since === undefined ? {} : { recovered: true };
      const subscribed = { type: "subscribed", streamId, epoch: "e", head, viewers: 1, requestId };
      made.send(JSON.stringify({ ...subscribed, ...recovered }));
    });
  });
  const post = (message: object) => socket!.send(JSON.stringify(message));
  return {
    subscribes,
    sockets: () => opened,
    post,
    cut: () => socket!.close(),
    show: (...events: object[]) =>
      post({
        ...{ type: "events", streamId, epoch: "e", frame: ++head, viewers: 1, skipped: 0 },
        events,
      }),
  };
}

let made = 0;
const person = (n: number) => ({
  _id: `u${n}`,
  username: `user${n}`,
  name: `User ${n}`,
  surname: "",
});
const event = (type: string, data: object) => {
  const id = `e${++made}`;
  return { id, type, at: new Date().toISOString(), data: { id, _id: id, streamId, ...data } };
};
const said = (content: string, by = 1, role?: string) =>
  event("chat.message", { content, sender: { ...person(by), role, profilePhoto: "" } });
const given = (name: string, creditAmount: number, more: object = {}) =>
  event("gift.sent", {
    giftType: {
      id: name,
      name,
      creditAmount,
      svgUrl: `${server.url}pictures/${name.toLowerCase()}.svg`,
    },
    ...{ count: 1, combo: 1, sender: person(2), receivers: [person(0)] },
    ...{ totals: { count: 1, credits: creditAmount }, ...more },
  });

/** The page's timers go on as they are, and can be run ahead where nothing but time has to pass. */
const withOwnClock = (page: Page) => page.clock.install();

async function connected(query = "", viewport = narrow, prepare?: (page: Page) => Promise<void>) {
  const { page, faults, go } = await open(`streamId=${streamId}&key=k-1&${query}`, viewport);
  await prepare?.(page);
  const stream = await serve(page);
  await go();
  await expectSoon(() => stream.subscribes.length > 0);
  return { page, faults, stream };
}

/** The share of a picture's pixels that are not wholly see-through, and the least of a corner. */
async function opaqueShareOf(png: Buffer): Promise<number> {
  const blank = await browser!.newPage();
  const share = await blank.evaluate(
    `(async () => {
      const bytes = await (await fetch("data:image/png;base64,PNG")).blob();
      const picture = await createImageBitmap(bytes);
      const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
      context.drawImage(picture, 0, 0);
      const { data } = context.getImageData(0, 0, picture.width, picture.height);
      let opaque = 0;
      for (let at = 3; at < data.length; at += 4) if (data[at] > 0) opaque++;
      return opaque / (data.length / 4);
    })()`.replace("PNG", png.toString("base64")),
  );
  await blank.close();
  return share as number;
}

const shot = (page: Page, name: string) => picture(page, name, { omitBackground: true });

browserTest.each([
  { size: obs, theme: "dark" },
  { size: obs, theme: "light" },
  { size: narrow, theme: "dark" },
  { size: narrow, theme: "panel" },
])(
  "the show without a server lies see-through over $size.width × $size.height, $theme",
  async ({ size, theme }) => {
    const { page, faults, go } = await open(`demo=1&theme=${theme}`, size);
    await withOwnClock(page);
    await go();
    expect(await page.locator(".ov").getAttribute("data-theme")).toBe(theme);
    await page.clock.runFor(2_000);
    await page.locator(".ov-gift .ov-times", { hasText: "×3" }).waitFor();
    const png = await shot(page, `overlay-${size.width}-${theme}`);
    const share = await opaqueShareOf(png);
    expect(share).toBeGreaterThan(0.005);
    expect(share).toBeLessThan(size === obs ? 0.12 : 0.35);
    await page.clock.runFor(6_000);
    await page.locator(".ov-large", { hasText: "Rocket" }).waitFor();
    await page.waitForTimeout(500);
    await shot(page, `overlay-${size.width}-${theme}-large`);
    const isWider = "document.documentElement.scrollWidth > innerWidth";
    expect(await page.evaluate(isWider)).toBe(false);
    expect(await listFindings(page)).toEqual([]);
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "gifts count up in one row, large ones take the middle one after the other, the goal grows",
  async () => {
    const { page, faults, stream } = await connected("goal=1000");
    stream.show(
      given("Rose", 10),
      given("Rose", 10, { combo: 2 }),
      given("Rose", 10, { combo: 3 }),
    );
    await page.locator(".ov-gift", { hasText: "User 2 gave Rose" }).waitFor();
    expect(await page.locator(".ov-gift").count()).toBe(1);
    expect(await page.locator(".ov-times").textContent()).toBe("×3");
    const totals = { count: 5, credits: 250 };
    stream.show(given("Crown", 1_000), given("Rocket", 500, { sender: person(3), totals }));
    await page.locator(".ov-large", { hasText: "Crown" }).waitFor();
    expect(await page.locator(".ov-large").count()).toBe(1);
    await page.locator(".ov-large", { hasText: "Rocket" }).waitFor();
    expect(await page.locator(".ov-large").count()).toBe(1);
    expect(await page.locator(".ov-goal-amount").textContent()).toBe("250 / 1,000");
    stream.show(event("gift.refunded", { totals: { count: 4, credits: 240 } }));
    await page.getByText("240 / 1,000").waitFor();
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "what is deleted and whoever is banned is gone at once; rows fade, and only so many stay",
  async () => {
    const { page, stream } = await connected("max=5&fade=3&badges=0");
    const bad = said("a bad word", 4);
    stream.show(bad, said("<b>kind</b> words", 5, "host"), said("spam", 6), said("more spam", 6));
    await page.getByText("<b>kind</b> words").waitFor();
    expect(await page.locator(".ov-badge").count()).toBe(0);
    stream.show(event("chat.deleted", { messageId: bad.id }));
    await page.getByText("a bad word").waitFor({ state: "detached", timeout: 1_000 });
    stream.show(event("member.banned", { targetUserId: "u6", actionType: "BLOCK" }));
    await page.getByText("spam").first().waitFor({ state: "detached", timeout: 1_000 });
    stream.show(...Array.from({ length: 20 }, (_, n) => said(`line ${n}`, n)));
    await page.getByText("line 19").waitFor();
    expect(await page.locator(".ov-row").count()).toBe(5);
    await expectSoon(async () => (await page.locator(".ov-row").count()) === 0);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "a short outage is made up from where it was; a revoked key says so, quietly, and stops",
  async () => {
    const { page, stream } = await connected();
    stream.show(said("before"));
    await page.getByText("before").waitFor();
    stream.cut();
    await expectSoon(() => stream.subscribes.length === 2);
    expect(stream.subscribes[1]).toEqual({ since: { epoch: "e", frame: 1 } });
    stream.show(said("after"));
    await page.getByText("after").waitFor();
    expect(await page.getByText("before").count()).toBe(1);
    expect(await page.getByRole("status").isVisible()).toBe(false);
    stream.post({ type: "closing", code: 4504, reason: "The overlay key was revoked" });
    await page.getByText("The key of this overlay was revoked.").waitFor();
    const sockets = stream.sockets();
    await page.waitForTimeout(3_000);
    expect(stream.sockets()).toBe(sockets);
    await shot(page, "overlay-400-revoked");
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "after a long outage it goes on with what comes: nothing old is asked for",
  async () => {
    const { page, stream } = await connected();
    stream.show(said("long ago"));
    await page.getByText("long ago").waitFor();
    let isAway = true;
    await page.routeWebSocket(/\/ws\?/, (made) => {
      if (isAway) void made.close();
    });
    await page.waitForTimeout(100);
    stream.cut();
    await page.waitForTimeout(12_000);
    isAway = false;
    const again = await serve(page);
    await expectSoon(() => again.subscribes.length > 0);
    expect(again.subscribes).toEqual([{ since: undefined }]);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "the CSS of a streaming program is let through, though the policy refuses its style element",
  async () => {
    const { page, faults, stream } = await connected();
    // What OBS runs in the page, with the content of its field "Custom CSS".
    await page.evaluate(`const obsCSS = document.createElement('style');
      obsCSS.appendChild(document.createTextNode(decodeURIComponent(".ov-name%7Bcolor%3Ared%7D")));
      document.querySelector('head').appendChild(obsCSS);`);
    stream.show(said("in red"));
    const colour = "getComputedStyle(document.querySelector('.ov-name')).color";
    await page.locator(".ov-name").waitFor();
    expect(await page.evaluate(colour)).toBe("rgb(255, 0, 0)");
    expect(faults.filter((fault) => !fault.includes("Content Security Policy"))).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "twenty events a second give the thread no task of 50 ms",
  async () => {
    const { page, stream } = await connected("max=50&fade=5", obs);
    const work = await watchWork(page);
    const { longest } = await work.of(eventsShown, async (at) => {
      stream.show(at % 5 === 0 ? given("Star", 100, { sender: person(at) }) : said(`it ${at}`, at));
      await page.waitForTimeout(40);
    });
    await page.getByText(`it ${3 * eventsShown - 1}`, { exact: true }).waitFor();
    expect(longest).toBeLessThan(50);
    expect(longest).toBeGreaterThan(0);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "ten thousand events leave nothing behind",
  async () => {
    const { page, faults, stream } = await connected(
      "max=12&fade=1&goal=1000000",
      narrow,
      withOwnClock,
    );
    const session = await page.context().newCDPSession(page);
    const measure = async () => {
      await session.send("HeapProfiler.collectGarbage");
      const { usedSize } = await session.send("Runtime.getHeapUsage");
      const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
      return { usedSize, nodes, jsEventListeners };
    };
    const names = ["Rose", "Heart", "Coffee", "Star", "Rocket"];
    const batch = async (from: number) => {
      for (let at = from; at < from + 1_000; at += 20) {
        const events = Array.from({ length: 20 }, (_, n) =>
          n % 5 === 0
            ? given(names[(at / 20) % 5]!, at % 100 === 0 ? 500 : 10, { sender: person(at + n) })
            : said(`message ${at + n}`, at + n),
        );
        stream.show(...events);
        await page.waitForTimeout(10);
      }
      // On a slow machine the last row may have faded between two looks.
      const last = page.getByText(`message ${from + 999}`);
      const rows = page.locator(".ov-row");
      await expectSoon(async () => (await last.count()) > 0 || (await rows.count()) === 0);
    };
    await batch(0);
    await page.clock.runFor(8_000);
    const before = await measure();
    for (let from = 1_000; from < 10_000; from += 1_000) await batch(from);
    // Every row has faded, every combo has run out, and the middle has shown what waited.
    await page.clock.runFor(50_000);
    await expectSoon(async () => (await page.locator(".ov-row, .ov-large").count()) === 0);
    const after = await measure();
    expect(after.usedSize - before.usedSize).toBeLessThan(heapBytesMax);
    expect(after.nodes).toBeLessThan(before.nodes + 200);
    expect(after.jsEventListeners).toBeLessThan(before.jsEventListeners + 50);
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);
