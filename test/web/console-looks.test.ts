/** Every view of the console in every size and colour. */
import type { Page } from "playwright-core";
import { browserTest, hasBrowser } from "./browser.ts";
import { callerOf, goLive } from "./console.ts";
import { expectLooks, expectSoon, johnId, streamId, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);
let banId = "";

/** Fills the lists with what makes layouts break: long, right to left, without a space. */
beforeAll(async () => {
  if (!hasBrowser) return;
  const chat = `/api/v1/live-stream/${streamId}/chat/messages`;
  for (const content of [
    "Good evening everybody, I have been looking forward to this for the whole of a long week",
    "مساء الخير، صوت جميل جدا هذا المساء",
    "晚上好,大家",
    "a".repeat(200),
  ])
    await call(johnId, "POST", chat, { content });
  const { _id } = await call(johnId, "POST", chat, { content: "deleted" });
  await call("admin", "DELETE", `${chat}/${_id}`);
  const gift = { giftTypeId: "65a1234bcde5678f90123456", liveStreamId: streamId };
  for (let times = 0; times < 3; times++) await call(johnId, "POST", "/api/v1/gifts/create", gift);
  const ban = { liveStreamId: streamId, actionType: "CHAT_ONLY" };
  const reason = "Wrote the same advertisement in every stream of this evening";
  const target = { ...ban, targetUserId: "user1", reason };
  banId = (await call("admin", "POST", "/api/v1/live-stream-ban", target))._id;
  await call("admin", "POST", `/api/v1/live-stream/${streamId}/overlay-keys`, {});
  // A host without a name is shown by the ID.
  await goLive(call, "0123456789abcdef01234567", "A host without a name");
}, testMilliseconds);
// The files of one worker share a system, and others expect the demo stream without bans.
afterAll(async () => {
  if (hasBrowser) await call("admin", "DELETE", `/api/v1/live-stream-ban/${banId}`);
});

/** Views with something to see in them, by the name of their picture. */
const views = {
  home: "view=home",
  streams: `view=streams&id=${streamId}`,
  chat: `view=chat&stream=${streamId}`,
  viewers: `view=viewers&stream=${streamId}`,
  users: "view=users&id=64d15f9e2e6c8f4d5a123456",
  bans: `view=bans&stream=${streamId}&id=new`,
  log: `view=log&stream=${streamId}`,
  moments: `view=moments&stream=${streamId}`,
  channel: "view=channel",
  gifts: "view=gifts&id=65a1234bcde5678f90123458",
  refunds: `view=refunds&stream=${streamId}`,
  parked: "view=parked",
  webhooks: "view=webhooks&id=new",
  machine: "view=machine",
};

/** Waits until every part of a view has been read: a list and a detail wait each for themselves. */
async function untilLoaded(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
  await expectSoon(async () => (await page.locator(".host-waiting").count()) === 0);
}

browserTest(
  "the console's sign-in page fits every size and colour",
  async () => {
    const { page, faults, close } = await pages.open("/console");
    await page.getByRole("button", { name: /Ada Admin/ }).waitFor();
    await expectLooks(page, "console-sign-in");
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "names in the list of users are not cut next to a detail, where there is room for them",
  async () => {
    const { page, close } = await pages.open("/console", { width: 1280 });
    await page.getByRole("button", { name: /Ada Admin/ }).click();
    await page.getByRole("table").waitFor();
    // Among the users of other tests, John may be beyond the first page.
    await page.goto(`${pages.system().url}/console?${views.users}&q=johndoe`);
    await page.getByRole("heading", { level: 2, name: "John Doe" }).waitFor();
    await untilLoaded(page);
    const name = await page.evaluate(`(({ textContent, scrollWidth, clientWidth }) =>
      ({ textContent, isCut: scrollWidth > clientWidth }))(
      document.querySelector('tr[aria-current="true"] bdi'))`);
    expect(name).toEqual({ textContent: "John Doe", isCut: false });
    await close();
  },
  testMilliseconds,
);

browserTest(
  "every view is accessible in every size and colour",
  async () => {
    const { page, faults, close } = await pages.open("/console");
    await page.getByRole("button", { name: /Ada Admin/ }).click();
    await page.getByRole("table").waitFor();
    for (const [name, query] of Object.entries(views)) {
      await page.goto(`${pages.system().url}/console?${query}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await untilLoaded(page);
      await expectLooks(page, `console-${name}`);
    }
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "tables fit next to a detail and on a phone, and no cell covers the one next to it",
  async () => {
    const { page, close } = await pages.open("/console");
    await page.getByRole("button", { name: /Ada Admin/ }).click();
    await page.getByRole("table").waitFor();
    for (const name of ["streams", "chat", "users", "bans", "log", "gifts", "refunds"] as const) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(`${pages.system().url}/console?${views[name]}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await untilLoaded(page);
      for (const width of [1280, 1024, 360, 320]) {
        await page.setViewportSize({ width, height: 800 });
        const wide = await page.evaluate(`[...document.querySelectorAll(".table, th, td")]
          .filter((one) => one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1)
          .map((one) => one.tagName + " " + one.textContent.slice(0, 40))`);
        expect({ name, width, wide }).toEqual({ name, width, wide: [] });
      }
    }
    await close();
  },
  testMilliseconds,
);

browserTest(
  "at 200 % zoom every view scrolls as a whole, and nothing covers a field or a button",
  async () => {
    // A window of 1280 by 800 has 640 by 400 CSS pixels then.
    const { page, close } = await pages.open("/console", { width: 640, height: 400 });
    await page.getByRole("button", { name: /Ada Admin/ }).click();
    await page.getByRole("table").waitFor();
    for (const query of Object.values(views)) {
      await page.goto(`${pages.system().url}/console?${query}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await untilLoaded(page);
      const controls = page
        .locator("main")
        .locator(":is(input, select, textarea, button, a):not(.hidden)");
      for (const control of await controls.all())
        if ((await control.isVisible()) && (await control.isEnabled()))
          await control.click({ trial: true });
      const low = await page.evaluate(`[...document.querySelectorAll("*")].filter((one) =>
        one.scrollHeight > one.clientHeight + 1 && one.clientHeight < 200 &&
        ["auto", "scroll"].includes(getComputedStyle(one).overflowY) && one.closest("main"))
        .map((one) => one.className + " " + one.clientHeight)`);
      const height = await page.evaluate("document.documentElement.scrollHeight");
      expect({ query, low, height }).toEqual({ query, low: [], height: 400 });
    }
    await close();
  },
  testMilliseconds,
);
