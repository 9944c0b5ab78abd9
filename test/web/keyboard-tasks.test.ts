/** Whole tasks of a streamer, a moderator and a reader by keyboard alone. */
import type { Page } from "playwright-core";
import { browserTest } from "./browser.ts";
import { callerOf, goLive, openConsole } from "./console.ts";
import { expectFocus, focused, tabTo } from "./focus.ts";
import { expectSoon, hostId, streamId, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);
const send = (sender: string, stream: string, content: string) =>
  call(sender, "POST", `/api/v1/live-stream/${stream}/chat/messages`, { content });

/** Opens Studio and shows the streamer's chat. */
async function openStreamer() {
  const opened = await pages.open("/");
  const { page } = opened;
  await tabTo(page, /^Stop simulated viewers$/);
  await page.keyboard.press("Enter");
  await tabTo(page, /^Viewer 1$/);
  await page.keyboard.press("End");
  expect(await focused(page)).toBe("Streamer");
  await page.getByRole("region", { name: "New poll or goal" }).waitFor();
  return { ...opened, chat: page.getByRole("region", { name: "Streamer", exact: true }) };
}

/** Presses an arrow key until a row or an item has the focus. */
async function walkTo(page: Page, name: RegExp, key: "ArrowUp" | "ArrowDown"): Promise<void> {
  await tabTo(page, name, key);
}

/** Chooses items of the menu of a chat's message, which has the focus. */
async function choose(page: Page, ...items: RegExp[]): Promise<void> {
  await page.keyboard.press("Enter");
  for (const item of items) {
    if (!item.test(await focused(page))) await walkTo(page, item, "ArrowDown");
    await page.keyboard.press("Enter");
  }
}

browserTest(
  "a streamer pins and unpins a message and times its sender out, and the focus stays in the chat",
  async () => {
    const { page, faults, chat, close } = await openStreamer();
    await send("user1", streamId, "pin this");
    await send("user2", streamId, "rude words");
    await chat.getByText("rude words").waitFor();
    await tabTo(page, /^Chat$/);
    await walkTo(page, /pin this/, "ArrowUp");
    await choose(page, /^Pin$/);
    const unpin = chat.getByRole("button", { name: "Unpin" });
    await unpin.waitFor();
    expect(await focused(page)).toMatch(/pin this/);
    await tabTo(page, /^Unpin$/, "Shift+Tab");
    await page.keyboard.press("Enter");
    await unpin.waitFor({ state: "hidden" });
    await expectFocus(page, /./);
    await tabTo(page, /^Chat$/);
    await walkTo(page, /rude words/, "ArrowUp");
    await choose(page, /^Time out$/, /^10 minutes$/);
    // Under the pointer it does not go away by itself, however slow the machine is.
    await chat.locator(".toast").last().hover();
    await chat.getByText("rude words").waitFor({ state: "detached" });
    await expectFocus(page, /./);
    await tabTo(page, /^Undo$/);
    await page.keyboard.press("Enter");
    await expectSoon(async () => {
      const path = `/api/v1/live-stream-ban/check/user2?liveStreamId=${streamId}`;
      return (await call("user2", "GET", path)).isBanned === false;
    });
    await expectFocus(page, /./);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a streamer sets a goal, ends it, and switches hype trains",
  async () => {
    // The stream may have other open ones, whose buttons are not this goal's.
    const moments = `/api/v1/live-stream/${streamId}/moments`;
    const question = { kind: "poll", title: "Another?", options: ["Yes", "No"], seconds: 600 };
    const other = await call(hostId, "POST", moments, question);
    const { page, faults, close } = await openStreamer();
    // The goal reaches the page by socket; on a busy machine the call that made it answers later.
    const { promise: held, resolve: answer } = Promise.withResolvers<void>();
    await page.route("**/live-stream/*/moments", async (route) => {
      const response = await route.fetch();
      if (route.request().method() === "POST") await held;
      await route.fulfill({ response });
    });
    await tabTo(page, /^Poll$/);
    await page.keyboard.press("ArrowRight");
    await tabTo(page, /^Title$/);
    await page.keyboard.type("Goal by keyboard");
    await tabTo(page, /^Target$/);
    await page.keyboard.type("777");
    await page.keyboard.press("Enter");
    const goal = page.getByRole("article", { name: "Goal by keyboard" });
    await goal.getByText("of 777").waitFor();
    expect(await focused(page)).toBe("Target");
    const hasFocus = async () => (await goal.locator(":focus").count()) > 0;
    do await tabTo(page, /^End$/);
    while (!(await hasFocus()));
    await page.keyboard.press("Enter");
    expect(await focused(page)).toBe("End?");
    await page.keyboard.press("Enter");
    await goal.getByText("Ended").waitFor();
    const answered = page.waitForResponse((one) => one.request().method() === "POST");
    answer();
    await answered;
    await expectFocus(page, /./);
    await goal.getByText("Ended").waitFor();
    expect(await goal.getByRole("button").count()).toBe(0);
    await tabTo(page, /^Channel$/);
    await page.keyboard.press("Enter");
    await tabTo(page, /^Chat settings$/);
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    await tabTo(page, /^Hype trains on$/);
    const trains = page.getByRole("switch", { name: "Hype trains on" });
    const isOn = async () => (await call(hostId, "GET", "/api/v1/channel")).train.enabled;
    const before: boolean = await isOn();
    for (const wanted of [!before, before]) {
      await page.keyboard.press("Space");
      await expectSoon(async () => (await isOn()) === wanted);
      await expectSoon(async () => (await trains.getAttribute("aria-checked")) === `${wanted}`);
      expect(await focused(page)).toBe("Hype trains on");
    }
    await page.keyboard.press("Escape");
    await expectFocus(page, /^Channel$/);
    await call(hostId, "POST", `${moments}/${other.id}/cancel`);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a moderator opens a live stream's chat, deletes, bans and unbans",
  async () => {
    const id = await goLive(call, "task-host", "Moderated by keyboard");
    for (let at = 1; at <= 30; at++) await send(at % 2 ? "task-1" : "task-2", id, `line ${at}.`);
    const { page, faults, visit, close } = await openConsole(pages, "Ada Admin");
    await visit("view=streams");
    await page.getByText("Moderated by keyboard").waitFor();
    await tabTo(page, /Live\d+:/);
    if (!/Moderated by keyboard/.test(await focused(page)))
      await walkTo(page, /Moderated by keyboard/, "ArrowDown");
    await page.keyboard.press("Enter");
    await expectFocus(page, /^Moderated by keyboard$/);
    await tabTo(page, /^Chat$/);
    await page.keyboard.press("Enter");
    await page.getByText("line 30.").waitFor();
    await tabTo(page, /line 30\./);
    await walkTo(page, /line 28\./, "ArrowDown");
    // One row is in the Tab order, with its buttons: the rest of the page is near.
    for (const name of ["Delete", "Time out", "Block", "Calls"]) {
      await page.keyboard.press("Tab");
      expect(await focused(page)).toContain(name);
    }
    await tabTo(page, /^Delete$/, "Shift+Tab");
    await page.keyboard.press("Enter");
    await expectFocus(page, /^Go back$/);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("line 28.").waitFor({ state: "detached" });
    await expectFocus(page, /^Delete$/);
    await tabTo(page, /^Block$/);
    await page.keyboard.press("Enter");
    await expectFocus(page, /^Go back$/);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    // Under the pointer toasts do not go away by themselves, however slow the machine is.
    const toasts = page.locator(".toast");
    await toasts.filter({ hasText: "Undo" }).hover();
    await expectFocus(page, /^Block$/);
    await tabTo(page, /^Undo$/);
    await page.keyboard.press("Enter");
    await page.getByText(/^Ban of .* removed/).waitFor();
    // Its toast and those of the other actions go away, one by one.
    await toasts.last().hover();
    for (let left = await toasts.count(); left > 0; left--) {
      await tabTo(page, /^Dismiss$/);
      await page.keyboard.press("Enter");
    }
    await toasts.first().waitFor({ state: "detached" });
    await expectFocus(page, /./);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "new messages do not move the row that a moderator has reached by keyboard",
  async () => {
    const id = await goLive(call, "still-host", "Held by keyboard");
    await send("still-1", id, "the first line");
    const { page, faults, visit, close } = await openConsole(pages, "Ada Admin");
    await visit(`view=chat&stream=${id}`);
    const status = page.locator(".filters .status");
    await status.getByText("Live").waitFor();
    await tabTo(page, /the first line/);
    await tabTo(page, /^Time out$/);
    const row = page.getByRole("row", { name: /the first line/ });
    const before = await row.boundingBox();
    await send("still-2", id, "the second line");
    await status.getByText("Paused").waitFor();
    expect(await row.boundingBox()).toEqual(before);
    await tabTo(page, /^Calls/);
    await page.getByRole("row", { name: /the second line/ }).waitFor();
    await status.getByText("Live").waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a reader finds an operation by the search of the reference and continues there",
  async () => {
    const { page, faults, close } = await pages.open("/docs");
    await page.getByRole("searchbox").waitFor();
    await tabTo(page, /^Search$/);
    await page.keyboard.type("unpin");
    const found = page.getByRole("navigation", { name: "Operations" }).getByRole("link");
    await expectSoon(async () => (await found.count()) === 1);
    await page.keyboard.press("Enter");
    await expectSoon(() => new URL(page.url()).hash !== "");
    await expectFocus(page, /^Unpin the pinned message/);
    expect(await page.evaluate(`document.activeElement.closest("main") !== null`)).toBe(true);
    await tabTo(page, /^Search$/, "Shift+Tab");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { level: 1, name: "Reference" }).waitFor();
    expect(await focused(page)).toBe("Search");
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);
