/** Studio as people meet it: in a browser, on the whole system. */
import type { Locator } from "playwright-core";
import { browserTest } from "./browser.ts";
import { callerOf, goLive } from "./console.ts";
import { expectSoon, hostId, streamId, testMilliseconds } from "./pages.ts";
import { box, log, quiet, say, secondName, useStudio } from "./studio-page.ts";

const { open, pages } = useStudio();
const call = callerOf(pages);

const creditsOf = async (viewer: Locator) =>
  Number((await viewer.getByLabel("Credits", { exact: true }).textContent())!.replace(/\D/g, ""));

browserTest(
  "two viewers see each other's messages; nothing is loaded from other hosts, and nothing fails",
  async () => {
    const { page, faults, answer, viewer, close } = await open();
    const policy = answer.headers()["content-security-policy"]!;
    expect(policy).toMatch(/default-src 'none'.*object-src 'none'; base-uri 'none'/);
    expect(policy).not.toContain("unsafe");
    await quiet(page);
    await say(viewer(1), "Good evening from the first");
    await log(viewer(2)).getByText("Good evening from the first").waitFor();
    await say(viewer(2), "<b>and</b> from the second 👩‍👩‍👧 مرحبا");
    await log(viewer(1)).getByText("<b>and</b> from the second 👩‍👩‍👧 مرحبا").waitFor();
    expect(await box(viewer(1)).inputValue()).toBe("");
    const broken = await page.evaluate(
      "[...document.images].filter((image) => image.complete && image.naturalWidth === 0).length",
    );
    expect(broken).toBe(0);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a gift is chosen by keyboard, counts up in both windows, and is paid",
  async () => {
    const { page, faults, viewer, close } = await open();
    await quiet(page);
    // Rows may be there before the balance, in whose place a dash stands until then.
    await expectSoon(async () => (await creditsOf(viewer(1))) > 0);
    const before = await creditsOf(viewer(1));
    await viewer(1).getByRole("button", { name: "Gift", exact: true }).press("Enter");
    await viewer(1)
      .getByRole("button", { name: /^Heart/ })
      .waitFor();
    // The first card has the focus; the arrows lead on. It is selected, and then sent.
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    const rows = viewer(2).locator(".row.gift", { hasText: /John Doe.*Heart/s });
    // "×3", or nothing for a single gift.
    const countsIn = async () =>
      (await rows.locator(".times").allTextContents()).map((text) => Number(text.slice(1) || 1));
    let given = 0;
    let counts: number[] = [];
    // On a machine so slow that gifts come seconds apart, the server starts new combos.
    while (!counts.some((count) => count > 1) && given < 30) {
      for (let times = 0; times < 3; times++) await page.keyboard.press("Enter");
      given += 3;
      await expectSoon(async () => (await creditsOf(viewer(1))) === before - given * 20);
      await expectSoon(async () => {
        counts = await countsIn();
        return counts.reduce((sum, count) => sum + count, 0) === given;
      });
    }
    expect(Math.max(...counts)).toBeGreaterThan(1);
    await page.keyboard.press("Escape");
    expect(await viewer(1).getByRole("dialog").count()).toBe(0);
    await viewer(2).getByRole("button", { name: "Superlike" }).click();
    await viewer(1).locator(".superlike", { hasText: secondName }).waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a ledger that cannot be read says why and can be read again; its entries have labels and times",
  async () => {
    const { page, viewer, faults, close } = await open();
    const refuse = { status: 403, json: { isSuccess: false, errors: ["Not now"] } };
    await page.route("**/users/me/transactions?*", (route) => route.fulfill(refuse));
    await viewer(1).getByLabel("Viewer 1 tools").click();
    await page.getByRole("button", { name: "Ledger and notifications" }).click();
    const ledger = page.getByRole("dialog", { name: /^Ledger of/ });
    await ledger.getByRole("alert").getByText("Not now").waitFor();
    await page.unroute("**/users/me/transactions?*");
    await ledger.getByRole("button", { name: "Try again" }).click();
    const entry = ledger.getByRole("row", { name: /^(Top up|Gift sent|Superlike sent)/ }).first();
    await entry.waitFor();
    expect(await entry.locator("time").innerText()).toMatch(/\d:\d\d:\d\d/);
    expect(await ledger.getByRole("alert").count()).toBe(0);
    expect(faults.filter((fault) => !/403/.test(fault))).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an audit that fails says so and runs again on a click",
  async () => {
    const { page, faults, close } = await open();
    const audit = page.getByTitle("Run the audit again");
    await audit.getByText("Everything fits").waitFor();
    await page.route("**/local/audit", (route) => route.fulfill({ status: 500, json: {} }));
    await audit.click();
    await audit.getByText("Audit failed").waitFor();
    await page.unroute("**/local/audit");
    await audit.click();
    await audit.getByText("Everything fits").waitFor();
    expect(faults.filter((fault) => !/500/.test(fault))).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the heading of Studio says Loading until the title has been read",
  async () => {
    const { page, close } = await pages.open("/docs");
    await page.route("**/api/v1/live-stream/*", () => undefined);
    await page.goto(pages.system().url);
    await page.getByRole("heading", { level: 1, name: "Loading" }).waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a streamer who has ended the demo stream finds their live one again, and no stream by a wrong ID",
  async () => {
    const id = await goLive(call, hostId, "Still live");
    await call(hostId, "POST", `/api/v1/live-stream/${streamId}/end`);
    const { page, close } = await pages.open("/");
    await page.getByRole("heading", { level: 1, name: "Still live" }).waitFor();
    expect(new URL(page.url()).search).toBe(`?stream=${id}`);
    await page.goto(`${pages.system().url}/?stream=wrong`);
    // The chats may be refused, with the same words, before the page has its own answer.
    await page.locator(".load-error", { hasText: "expected 24 hex characters" }).waitFor();
    // Those that the chats have sent until then are known once a later one has its answer.
    await page.evaluate(`fetch("/health").then(Boolean)`);
    const calls: string[] = [];
    page.on("request", (request) => calls.push(request.url()));
    await page.waitForTimeout(2_500);
    expect(calls.filter((url) => url.includes("wrong"))).toEqual([]);
    await close();
  },
  testMilliseconds,
);
