/** What the console's lists show while they are refreshed, and while they grow. */
import type { Page, Route } from "playwright-core";
import { browserTest } from "./browser.ts";
import { callerOf, goLive, openConsole } from "./console.ts";
import { expectSoon, testMilliseconds, usePages, watchSubscription } from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);

const limit = 50;

/** The answer of a list of `newest` rows down to number 1, after the cursor of the request. */
function pageOf(route: Route, newest: number, rowOf: (n: number) => object) {
  const after = new URL(route.request().url()).searchParams.get("after");
  const first = after === null ? newest : Number(after) - 1;
  const last = Math.max(1, first - limit + 1);
  const list = Array.from({ length: first - last + 1 }, (_, at) => rowOf(first - at));
  const nextCursor = last > 1 ? `${last}` : null;
  return route.fulfill({ json: { isSuccess: true, data: { list, pageInfo: { nextCursor } } } });
}

/** The numbers of the listed rows, which begin with `row`. */
const numbersIn = async (page: Page, list: string) => {
  const text = await page.getByRole("region", { name: list, exact: true }).innerText();
  return [...text.matchAll(/row(\d+)\b/g)].map(([, n]) => Number(n));
};

/** The rows from the newest one on, if they are all there and nothing is between them. */
const isWithoutHoles = (numbers: number[], newest: number) =>
  numbers.length > 0 && numbers.every((n, at) => n === newest - at);

browserTest(
  "a refreshed list of deliveries has no gaps, stays as long unless a page is new, and can be continued after a failure",
  async () => {
    const hook = { url: "https://example.com/refreshed", events: ["webhook.test"] };
    const { id } = await call("admin", "POST", "/api/v1/webhooks", hook);
    const { page, visit, close } = await openConsole(pages, "Ada Admin", { hasTestClock: true });
    let newest = 60;
    let failures = 0;
    const delivery = (n: number) => ({
      id: `${n}`,
      type: `row${n}`,
      status: n === newest ? "pending" : "delivered",
      attempts: 1,
      statusCode: 200,
      error: null,
      nextAttemptAt: null,
      createdAt: "2026-01-01T00:00:00.000Z",
    });
    await page.route(/\/deliveries\?/, (route) =>
      failures-- > 0
        ? route.fulfill({ status: 409, json: { isSuccess: false, errors: ["Not now"] } })
        : pageOf(route, newest, delivery),
    );
    await visit(`view=webhooks&id=${id}`);
    const shown = () => numbersIn(page, "Deliveries");
    const more = page.getByRole("button", { name: "More", exact: true });
    /** Waits for refreshes until this holds of the rows, which have no holes. */
    const refreshed = (isTrue: (count: number) => boolean) =>
      expectSoon(async () => {
        await page.clock.fastForward(3_000);
        const numbers = await shown();
        return isWithoutHoles(numbers, newest) && isTrue(numbers.length);
      });
    await refreshed((count) => count === 50);
    newest = 61;
    await refreshed((count) => count === 50);
    await more.click();
    await refreshed((count) => count === 61);
    // More than a page at once: the listed rows do not follow it.
    newest = 200;
    await refreshed((count) => count === 50);
    await more.click();
    await refreshed((count) => count === 100);
    for (const step of [30, 40, 50, 10]) {
      newest += step;
      failures = step === 40 ? 1 : 0;
      await refreshed((count) => count >= 50 && count < 150);
    }
    await more.click();
    await refreshed((count) => count > 100);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a page that is loaded while the list is read again follows the rows before it",
  async () => {
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    let newest = 130;
    const webhook = (n: number) => ({
      id: `${n}`,
      url: `https://row${n}`,
      events: ["*"],
      description: null,
      enabled: true,
      createdAt: "2026-01-01T00:00:00.000Z",
    });
    let isHeld = false;
    const held = Promise.withResolvers<Route>();
    await page.route(/\/webhooks(\?|$)/, (route) => {
      const request = route.request();
      if (request.method() === "POST") {
        newest++;
        return route.fulfill({ json: { isSuccess: true, data: { ...webhook(newest) } } });
      }
      const isThird = !isHeld && request.url().includes("after=31");
      if (!isThird) return pageOf(route, newest, webhook);
      isHeld = true;
      held.resolve(route);
    });
    await visit("view=webhooks&id=new");
    const isSoon = (count: number) =>
      expectSoon(async () => {
        const numbers = await numbersIn(page, "Webhooks");
        return numbers.length === count && isWithoutHoles(numbers, newest);
      });
    const more = page.getByRole("button", { name: "More", exact: true });
    await isSoon(50);
    await more.click();
    await isSoon(100);
    await more.click();
    const third = await held.promise;
    await page.getByLabel("Endpoint URL").fill("https://row131");
    await page.getByRole("button", { name: "Create webhook" }).click();
    await isSoon(101);
    await pageOf(third, newest, webhook);
    await isSoon(131);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "More loads the messages that a busy chat has cut off",
  async () => {
    const streamId = await goLive(call, "admin", "Busy talk");
    const sayOne = async (content: string) => {
      const route = `/api/v1/live-stream/${streamId}/chat/messages`;
      expect(await call("admin", "POST", route, { content })).toMatchObject({ content });
    };
    const say = async (from: number, to: number) => {
      for (let at = from; at <= to; at += 10)
        await Promise.all(
          Array.from({ length: Math.min(10, to - at + 1) }, (_, more) => sayOne(`row${at + more}`)),
        );
    };
    await say(1, 20);
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    let reads = 0;
    page.on("response", (response) => {
      const isRead = response.url().includes(`${streamId}/chat/messages`);
      if (isRead && response.request().method() === "GET") reads += 1;
    });
    await visit(`view=chat&stream=${streamId}`);
    /** How many are listed, from this number on. */
    const count = async (from = 1) =>
      new Set((await numbersIn(page, "Messages")).filter((n) => n >= from)).size;
    // Once more when the subscription has begun: a read of a busy chat keeps only its first page.
    await expectSoon(async () => reads > 1 && (await count()) === 20);
    await page.getByText("Live", { exact: true }).waitFor();
    await say(21, 505);
    // All new ones: each that came after "More" would cut off an old one again.
    await expectSoon(async () => (await count()) === 500 && (await count(21)) === 485);
    await page.getByRole("button", { name: "More", exact: true }).click();
    await expectSoon(async () => (await count()) === 505);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a chat whose list is slow is read once until then, and once more when it is there",
  async () => {
    const streamId = await goLive(call, "admin", "Slow talk");
    const messages = `/api/v1/live-stream/${streamId}/chat/messages`;
    await call("admin", "POST", messages, { content: "row1" });
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    const isSubscribed = watchSubscription(page);
    const held = Promise.withResolvers<void>();
    let reads = 0;
    await page.route(`**${messages}?*`, async (route) => {
      if (++reads === 1) await held.promise;
      await route.continue();
    });
    await visit(`view=chat&stream=${streamId}`);
    await isSubscribed();
    await page.waitForTimeout(1_000);
    expect(reads).toBe(1);
    held.resolve();
    await page.getByRole("row", { name: /row1/ }).waitFor();
    await expectSoon(() => reads === 2);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a list is read again with Reload, and with its navigation item",
  async () => {
    const { page, faults, visit, close } = await openConsole(pages, "Ada Admin");
    const ids = [];
    for (const title of ["Shown first", "Shown next"]) ids.push(await goLive(call, "admin", title));
    await visit("view=streams");
    const [first, next] = ["Shown first", "Shown next"].map((name) =>
      page.getByRole("row", { name: new RegExp(name) }),
    );
    await next?.waitFor();
    const end = (id: string) => call("admin", "POST", `/api/v1/live-stream/${id}/end`);
    await end(ids[0] ?? "");
    await page.getByRole("button", { name: "Reload" }).click();
    await first?.waitFor({ state: "detached" });
    await end(ids[1] ?? "");
    await page.getByRole("link", { name: "Streams", exact: true }).click();
    await next?.waitFor({ state: "detached" });
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);
