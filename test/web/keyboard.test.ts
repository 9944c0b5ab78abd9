/** The keyboard's place: the focus is never lost, whatever an action removes, hides or closes. */
import type { Page, Route } from "playwright-core";
import { browserTest } from "./browser.ts";
import { callerOf, goLive, openConsole } from "./console.ts";
import { expectDrawn, expectFocus, focused, tabTo } from "./focus.ts";
import { expectSoon, hostId, johnId, streamId, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);

browserTest(
  "Escape closes a detail and a dialog, and the focus returns to what opened them",
  async () => {
    await goLive(call, "keys-host", "Opened by keyboard");
    const { page, faults, visit, close } = await openConsole(pages, "Ada Admin");
    await visit("view=streams");
    await tabTo(page, /Opened by keyboard/);
    await page.keyboard.press("Enter");
    await expectFocus(page, /^Opened by keyboard$/);
    await tabTo(page, /End stream/);
    await page.keyboard.press("Enter");
    await expectFocus(page, /^Go back$/);
    await page.keyboard.press("Escape");
    await expectFocus(page, /^End stream…$/);
    await page.keyboard.press("Escape");
    await expectFocus(page, /^Opened by keyboard.*Live/);
    expect(await page.getByRole("complementary").count()).toBe(0);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "when an action removes its own row, the focus goes to the next row, at last to its list's page",
  async () => {
    const id = await goLive(call, "rows-host", "Rows");
    for (const targetUserId of [johnId, "user2"])
      await call("admin", "POST", "/api/v1/live-stream-ban", {
        targetUserId,
        liveStreamId: id,
        actionType: "CHAT_ONLY",
      });
    const { page, faults, visit, close } = await openConsole(pages, "Ada Admin");
    await visit(`view=bans&stream=${id}`);
    const unban = page.getByRole("button", { name: "Unban" });
    await expectSoon(async () => (await unban.count()) === 2);
    // One row and its button are in the Tab order, however long the list is.
    expect(await page.locator('tbody [tabindex="0"]').count()).toBe(2);
    await tabTo(page, /^Unban$/);
    await page.keyboard.press("Enter");
    await expectSoon(async () => (await unban.count()) === 1);
    await expectFocus(page, /^Unban$/);
    await page.keyboard.press("Enter");
    await page.getByText("No bans in Rows").waitFor();
    await expectFocus(page, /^Ban user$/);
    await tabTo(page, /^Dismiss$/);
    await page.keyboard.press("Enter");
    await expectFocus(page, /./);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a press that removes a row does nothing to the row that takes its place",
  async () => {
    const { page, faults, visit, close } = await openConsole(pages, "Ada Admin");
    const streamId = await goLive(call, "press-host", "Three bans");
    for (const targetUserId of [johnId, "user2", "user3"]) {
      await call(targetUserId, "GET", "/api/v1/wallet");
      const ban = { targetUserId, liveStreamId: streamId, actionType: "CHAT_ONLY" };
      await call("admin", "POST", "/api/v1/live-stream-ban", ban);
    }
    await visit(`view=bans&stream=${streamId}`);
    const unban = page.getByRole("button", { name: "Unban" });
    const expectRows = (rows: number) => expectSoon(async () => (await unban.count()) === rows);
    await expectRows(3);
    const deleted: string[] = [];
    page.on("request", (request) => request.method() === "DELETE" && deleted.push(request.url()));
    // A double click whose second click comes after the answer.
    const { x, y } = (await unban.first().boundingBox())!;
    await page.mouse.move(x + 4, y + 8);
    await page.mouse.down();
    await page.mouse.up();
    await expectRows(2);
    await page.mouse.down({ clickCount: 2 });
    await page.mouse.up({ clickCount: 2 });
    // A key that is held down: the focus goes to the next row's button.
    await unban.first().focus();
    await page.keyboard.down("Enter");
    await expectRows(1);
    await page.keyboard.down("Enter");
    await page.keyboard.up("Enter");
    // Each press of its own counts.
    expect(deleted).toHaveLength(2);
    await unban.press("Enter");
    await page.getByText("No bans in Three bans").waitFor();
    expect(deleted).toHaveLength(3);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a form opened by keyboard starts in its first field, and a followed link in the new view",
  async () => {
    const id = await goLive(call, "link-host", "Linked");
    const { page, faults, visit, close } = await openConsole(pages, "Ada Admin");
    await visit(`view=bans&stream=${id}`);
    await page.getByText("No bans in Linked").waitFor();
    await tabTo(page, /^Ban user$/);
    await page.keyboard.press("Enter");
    await expectFocus(page, /^User$/);
    await visit(`view=streams&id=${id}`);
    await tabTo(page, /^Moderation log$/);
    await tabTo(page, /^Moderation log$/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Moderation log" }).waitFor();
    await expectFocus(page, /./);
    const here = page.getByRole("navigation").locator('[aria-current="page"]');
    expect(await here.allTextContents()).toEqual(["Moderation log"]);
    await tabTo(page, /^Stream$/);
    // Another stream and back: the control that chooses it stays, and no list is read for it.
    await page.route("**/live-stream?*", () => {});
    for (const key of ["ArrowDown", "ArrowUp"]) {
      const before = page.url();
      await page.keyboard.press(key);
      await expectSoon(() => page.url() !== before);
      await expectFocus(page, /^Stream$/);
    }
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "arrow keys, Home and End select tabs, of which one is in the Tab order",
  async () => {
    const { page, faults, visit, close } = await openConsole(pages, "Ada Admin");
    await visit("view=channel");
    const selected = page.getByRole("tab", { selected: true });
    await tabTo(page, /^Chat settings$/);
    for (const [key, name] of [
      ["ArrowRight", "Moderators"],
      ["End", "Overlay"],
      ["ArrowRight", "Chat settings"],
      ["ArrowLeft", "Overlay"],
      ["Home", "Chat settings"],
    ] as const) {
      await page.keyboard.press(key);
      expect(await selected.innerText()).toBe(name);
      expect(await focused(page)).toBe(name);
    }
    // The panel may still load.
    await page.getByText("Slow mode").waitFor();
    await page.keyboard.press("Tab");
    expect(await focused(page)).toMatch(/Slow mode/);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "in Studio, Escape closes what floats, and a dialog gives the focus back to its button",
  async () => {
    const { page, faults, close } = await pages.open("/");
    await tabTo(page, /on AWS/);
    await page.keyboard.press("Enter");
    await page.getByText("at list prices").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("at list prices").waitFor({ state: "hidden" });
    expect(await focused(page)).toMatch(/on AWS/);
    await tabTo(page, /^Viewer 1 tools$/);
    const openLedger = async () => {
      await page.keyboard.press("Enter");
      await tabTo(page, /^Ledger and notifications$/);
      await page.keyboard.press("Enter");
      await expectFocus(page, /^Close ledger$/);
    };
    await openLedger();
    await page.keyboard.press("Escape");
    await expectFocus(page, /^Viewer 1 tools$/);
    await openLedger();
    // A stage that still loads gets more controls between two presses.
    await expectSoon(async () => (await page.locator(".stage [aria-busy=true]").count()) === 0);
    // The chat that it covers is not in the Tab order.
    await page.keyboard.press("Shift+Tab");
    expect(await page.evaluate(`document.activeElement.closest(".stage") !== null`)).toBe(true);
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Close ledger");
    await page.keyboard.press("Enter");
    await tabTo(page, /^Logs$/);
    await page.keyboard.press("Enter");
    await tabTo(page, /^\d\d:\d\d:/);
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    expect(await focused(page)).toMatch(/^\d\d:\d\d:/);
    await page.keyboard.press("Enter");
    await page.locator(".detail").waitFor();
    await page.keyboard.press("Tab");
    expect(await focused(page)).toMatch(/^Copy/);
    await page.keyboard.press("Escape");
    await page.locator(".detail").waitFor({ state: "detached" });
    await expectFocus(page, /^\d\d:\d\d:/);
    await tabTo(page, /^Logs$/, "Shift+Tab");
    await page.keyboard.press("Enter");
    for (const name of ["Channel", "Overlay", "Use in your app"]) {
      await tabTo(page, new RegExp(`^${name}$`));
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      // As if Tab had left the dialog's last control for the browser's own.
      await page.evaluate("document.activeElement.blur()");
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(await focused(page)).toBe(name);
    }
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a dialog opens at once, so that the next key goes to it, however late the page is drawn",
  async () => {
    /** Whether what one press of a button opens has the focus before the page is drawn again. */
    const opens = (page: Page, button: RegExp, layer: string) =>
      page.evaluate(`(async () => {
        const all = [...document.querySelectorAll("button, tbody tr")];
        const button = all.find((one) => ${button}.test(one.ariaLabel ?? one.textContent.trim()));
        button.focus({ focusVisible: true });
        button.click();
        for (let turns = 0; turns < 100; turns++) await undefined;
        return document.activeElement.closest("${layer}") !== null;
      })()`);
    const studio = await pages.open("/");
    await studio.page.getByRole("button", { name: "Channel" }).waitFor();
    expect(await opens(studio.page, /^Channel$/, "dialog")).toBe(true);
    const id = await goLive(call, "slow-host", "Drawn late");
    const { page, visit, faults, close } = await openConsole(pages, "Ada Admin");
    await visit(`view=streams&id=${id}`);
    await page.getByRole("button", { name: "End stream…" }).waitFor();
    expect(await opens(page, /^End stream…$/, "dialog")).toBe(true);
    await visit(`view=bans&stream=${id}`);
    await page.getByText("No bans in Drawn late").waitFor();
    expect(await opens(page, /^Ban user$/, ".detail")).toBe(true);
    expect([...studio.faults, ...faults]).toEqual([]);
    await close();
    await studio.close();
  },
  testMilliseconds,
);

browserTest(
  "a dialog opened before the browser reports that the last one closed stays open",
  async () => {
    const { page, faults, close } = await pages.open("/");
    await page.getByRole("button", { name: "Channel" }).press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    // On a busy page the next press comes before the close event, which is a later task.
    const shownAfter = (closes: string, opens: string) =>
      page.evaluate(`(async () => {
        const dialog = document.querySelector("dialog");
        ${closes};
        const button = document.querySelector(".top-bar [title='${opens}']");
        button.focus();
        button.click();
        for (let drawn = 0; drawn < 2; drawn++)
          await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        const all = [...document.querySelectorAll("dialog:modal")];
        return all.map(({ ariaLabel }) => ariaLabel);
      })()`);
    const press = `dialog.querySelector("[aria-label=Close]").click()`;
    expect(await shownAfter(press, "Overlay")).toEqual(["Channel"]);
    expect(await shownAfter(press, "Overlay")).toEqual(["Channel"]);
    // As Escape does in a page that nobody has touched.
    const snippets = "Use in your app";
    expect(await shownAfter("dialog.close()", snippets)).toEqual([snippets]);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await focused(page)).toBe("Use in your app");
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a button keeps the focus while its call is under way, and another press makes no second call",
  async () => {
    const refused = { status: 409, json: { isSuccess: false, errors: ["Not now"] } };
    /** Presses Enter on the focused button, and again before the call has an answer. */
    const pressTwice = async (page: Page, url: string, name: RegExp) => {
      const held: Route[] = [];
      await page.route(url, (route) => {
        if (route.request().method() === "GET") return route.continue();
        held.push(route);
      });
      await page.keyboard.press("Enter");
      await expectSoon(() => held.length === 1);
      await expectDrawn(page);
      expect(await focused(page)).toMatch(name);
      await page.keyboard.press("Enter");
      // A later call, by whose answer a second one would be there.
      await page.evaluate(`fetch("/health").then(Boolean)`);
      expect(held).toHaveLength(1);
      await held[0]!.fulfill(refused);
      await page.getByRole("alert").getByText("Not now").waitFor();
      expect(await focused(page)).toMatch(name);
    };
    const studio = await pages.open("/");
    await studio.page.getByRole("button", { name: "Overlay", exact: true }).press("Enter");
    const create = studio.page.getByRole("button", { name: "Create overlay URL" });
    await expectSoon(() => create.isEnabled());
    await create.focus();
    await pressTwice(studio.page, "**/overlay-keys*", /^Create overlay URL$/);
    await studio.close();
    const id = await goLive(call, "busy-host", "Ended slowly");
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    await visit(`view=streams&id=${id}`);
    await page.getByRole("button", { name: "End stream…" }).press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "End stream" }).focus();
    await pressTwice(page, "**/end", /^End stream$/);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a toast stays for 12 s, and longer while its undo has the focus",
  async () => {
    const id = await goLive(call, "toast-host", "Toasts");
    for (const targetUserId of [johnId, "user2"])
      await call("admin", "POST", "/api/v1/live-stream-ban", {
        targetUserId,
        liveStreamId: id,
        actionType: "CHAT_ONLY",
      });
    const { page, faults, visit, close } = await openConsole(pages, "Ada Admin", {
      hasTestClock: true,
    });
    await visit(`view=bans&stream=${id}`);
    const toasts = page.locator(".toast");
    await page.getByRole("button", { name: "Unban" }).nth(1).waitFor();
    await page.clock.pauseAt(Date.now() + 60_000);
    const unban = async () => {
      await page.getByRole("button", { name: "Unban" }).first().click();
      await toasts.waitFor();
    };
    await unban();
    await page.clock.runFor(4_000);
    expect(await toasts.count()).toBe(1);
    await page.clock.runFor(8_000);
    await toasts.waitFor({ state: "detached" });
    await unban();
    await tabTo(page, /^Dismiss$/);
    await page.clock.runFor(30_000);
    expect(await toasts.count()).toBe(1);
    await tabTo(page, /^Home$/);
    await page.clock.runFor(12_000);
    await toasts.waitFor({ state: "detached" });
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a poll that ends keeps the focus on its option, and gives it to the chat when it goes",
  async () => {
    const { page, close } = await pages.open("/", { hasTestClock: true });
    await page.getByRole("textbox", { name: "Message" }).first().waitFor();
    const path = `/api/v1/live-stream/${streamId}/moments`;
    const poll = { kind: "poll", title: "By keyboard?", options: ["Yes", "No"], seconds: 600 };
    const { id } = await call(hostId, "POST", path, poll);
    await page.getByRole("button", { name: /^Yes/ }).first().waitFor();
    await tabTo(page, /^Yes/);
    await page.keyboard.press("Enter");
    await expectSoon(async () => (await focused(page)).includes("100%"));
    await call(hostId, "POST", `${path}/${id}/end`);
    const option = page.getByRole("button", { name: /^Yes/ }).first();
    await expectSoon(() => option.isDisabled());
    expect(await focused(page)).toMatch(/^Yes/);
    await page.clock.runFor(30_000);
    await option.waitFor({ state: "detached" });
    expect(await focused(page)).toMatch(/./);
    await close();
  },
  testMilliseconds,
);
