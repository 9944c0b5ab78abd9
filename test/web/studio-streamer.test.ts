/** Studio's stage, its logs, and the streamer's side of it, in a browser. */
import type { Route } from "playwright-core";
import { browserTest, listFindings } from "./browser.ts";
import { callerOf, goLive } from "./console.ts";
import { expectDrawn, focused } from "./focus.ts";
import { expectSoon, hostId, johnId, testMilliseconds } from "./pages.ts";
import { box, log, quiet, say, secondName, useStudio, wide } from "./studio-page.ts";

const { pages, open } = useStudio();
const call = callerOf(pages);

browserTest(
  "one chat is next to the stage, and tabs lead to the others",
  async () => {
    const { page, faults, viewer, close } = await open({ width: 1280, height: 800 });
    await quiet(page);
    const [stage, chat] = [page.locator(".stage > .picture"), viewer(1)];
    const [picture, nextTo] = [await stage.boundingBox(), await chat.boundingBox()];
    expect(picture!.width).toBeGreaterThan(640);
    expect(nextTo!.x).toBeGreaterThan(picture!.x + picture!.width);
    expect(await viewer(2).isVisible()).toBe(false);
    await page.getByRole("tab", { name: "Viewer 2" }).press("Enter");
    expect(await chat.isVisible()).toBe(false);
    await say(viewer(2), "said from the second tab");
    await page.getByRole("tab", { name: "Streamer" }).press("Enter");
    const streamer = page.getByRole("region", { name: "Streamer", exact: true });
    await log(streamer).getByText("said from the second tab").waitFor();
    const panes = page.getByRole("tablist", { name: "Panes" });
    const selected = panes.getByRole("tab", { selected: true });
    await page.keyboard.press("Home");
    expect(await selected.innerText()).toBe("Viewer 1");
    await page.setViewportSize({ width: 360, height: 800 });
    await page.getByRole("tab", { name: "Stage" }).click();
    await page.getByRole("button", { name: "Overlay", exact: true }).click();
    const isInView = `(({ left, right }) => left >= 0 && right <= innerWidth)(
      document.querySelector(".channel [aria-selected=true]").getBoundingClientRect())`;
    await expectSoon(() => page.evaluate<boolean>(isInView));
    await page.keyboard.press("Escape");
    await page.setViewportSize({ width: 1280, height: 800 });
    await expectSoon(async () => (await selected.allInnerTexts()).join() === "Viewer 1");
    // Read out at each change: nothing that changes with every event.
    await page
      .getByRole("status")
      .getByText(/^0 lost, 0 duplicated$/)
      .waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a chat setting that is refused is shown as it is stored, with the reason",
  async () => {
    const { page, faults, close } = await pages.open("/");
    await page.route("**/chat-settings", (route) =>
      route.fulfill({
        status: 403,
        json: { isSuccess: false, errors: ["Access denied", "Not now"] },
      }),
    );
    const followersOnly = page.getByRole("switch", { name: "Followers only" });
    await followersOnly.click();
    await page.getByRole("alert").getByText("Not now").waitFor();
    expect(await followersOnly.isChecked()).toBe(false);
    await page.getByLabel("Slow mode").selectOption("30");
    await expectSoon(async () => (await page.getByLabel("Slow mode").inputValue()) === "0");
    expect(faults.filter((fault) => !/403/.test(fault))).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a chat setting that another tab changes stays, although an older response comes after it",
  async () => {
    const id = await goLive(call, hostId, "Two tabs");
    const { page, faults, close } = await pages.open(`/?stream=${id}`);
    const path = `/api/v1/live-stream/${id}`;
    const [stored, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await page.route("**/chat-settings", async (route) => {
      const response = await route.fetch();
      stored.resolve();
      await released.promise;
      await route.fulfill({ response });
    });
    const slowMode = page.getByLabel("Slow mode");
    await slowMode.selectOption("5");
    await stored.promise;
    await call(hostId, "PATCH", `${path}/chat-settings`, { slowModeSeconds: 10 });
    await call(hostId, "POST", `${path}/chat/messages`, { content: "Slower now" });
    const streamer = page.getByRole("region", { name: "Streamer", includeHidden: true });
    await streamer.getByText("Slower now").waitFor({ state: "attached" });
    released.resolve();
    await expectSoon(async () => (await slowMode.inputValue()) !== "5");
    expect(await slowMode.inputValue()).toBe("10");
    // Slow mode refuses messages of the simulated viewers.
    expect(faults.filter((fault) => !/429/.test(fault))).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a chat setting that is changed while the sockets open is shown",
  async () => {
    const id = await goLive(call, hostId, "Slow sockets");
    const { page, faults, close } = await pages.open("/docs");
    const changed = Promise.withResolvers<void>();
    await page.routeWebSocket(/\/ws\b/, async (socket) => {
      await changed.promise;
      socket.connectToServer();
    });
    let profiles = 0;
    page.on("response", (response) => {
      if (response.url().endsWith("/users/me")) profiles++;
    });
    await page.goto(`${pages.system().url}/?stream=${id}`);
    // Everything that is read without a socket has been read.
    await expectSoon(() => profiles >= 3);
    await page.evaluate(`fetch("/health").then(Boolean)`);
    await call(hostId, "PATCH", `/api/v1/live-stream/${id}/chat-settings`, { slowModeSeconds: 10 });
    changed.resolve();
    const slowMode = page.getByLabel("Slow mode");
    await expectSoon(async () => (await slowMode.inputValue()) === "10");
    expect(faults.filter((fault) => !/429/.test(fault))).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a dialog that is opened before the host's chat has started is filled once it has",
  async () => {
    const { page, faults, close } = await pages.open("/docs");
    await page.addInitScript(`new MutationObserver((_, observer) => {
      const button = document.querySelector('.top-bar button[title="Overlay"]');
      if (button === null) return;
      observer.disconnect();
      button.click();
    }).observe(document, { childList: true, subtree: true })`);
    await page.goto(pages.system().url);
    await page.getByRole("button", { name: "Create overlay URL" }).waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "long names fit next to the stage, and each large gift has its moment in the middle",
  async () => {
    const id = await goLive(call, hostId, "W".repeat(200));
    const types = await call(hostId, "GET", "/api/v1/gifts/gift-types");
    const giftTypeId = types.find(({ name }: { name: string }) => name === "Rocket").id;
    const { page, faults, close } = await pages.open(`/?stream=${id}`);
    await quiet(page);
    // The number of viewers is known once the page is subscribed.
    const viewers = page.locator(".streamer .figures dd").first();
    await viewers.locator("span").waitFor({ state: "attached" });
    const names = ["L".repeat(50), "عبدالرحمن".repeat(5)];
    // Sees each one, however slow the page is: one is shown for 1.6 s.
    const seen = page.evaluate<string[]>(`new Promise((done) => {
      const seen = new Set();
      new MutationObserver(() => {
        for (const one of document.querySelectorAll(".flight.large")) {
          seen.add(one.textContent);
          // It can be seen for most of its time, with reduced motion, too.
          const [showing] = one.getAnimations();
          for (const at of [400, 800, 1200]) {
            showing.currentTime = at;
            if (getComputedStyle(one).opacity !== "1") seen.add("cannot be seen");
          }
          showing.currentTime = 0;
        }
        if (seen.size === 2) done([...seen]);
      }).observe(document.body, { childList: true, subtree: true });
    })`);
    // The credits of the whole gift count, as in the chat: one of these alone is small.
    for (const [at, given_name] of ["Small", ...names].entries()) {
      const sub = `long-name-${at}`;
      await pages.tokenOf({ sub, claims: { given_name }, credits: 1_000 });
      const token = await pages.tokenOf({ sub, claims: { given_name } });
      const given = await fetch(`${pages.system().url}/api/v1/gifts/create`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ giftTypeId, liveStreamId: id, quantity: at === 0 ? 1 : 2 }),
      });
      expect(given.ok).toBe(true);
    }
    expect((await seen).sort()).toEqual(names.map((name) => `${name}: Rocket`).sort());
    await page.locator(".supporters li").nth(1).waitFor();
    const tooWide = `[...document.querySelectorAll(".stage, .stage .card, .stage .supporters")]
      .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.className)`;
    expect(await page.evaluate(tooWide)).toEqual([]);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a poll counts down by the server's clock, whatever that of the page shows",
  async () => {
    const id = await goLive(call, hostId, "Right on time");
    const poll = { kind: "poll", title: "How long?", options: ["Long", "Short"], seconds: 600 };
    await call(hostId, "POST", `/api/v1/live-stream/${id}/moments`, poll);
    const { page, faults, close } = await pages.open("/docs");
    await page.addInitScript("const now = Date.now; Date.now = () => now() - 3_600_000;");
    await page.goto(`${pages.system().url}/?stream=${id}`);
    await page
      .getByRole("article", { name: "How long?" })
      .getByText(/^\d:\d\d left$/)
      .waitFor();
    await page
      .locator(".moment .left")
      .getByText(/^\d:\d\d$/)
      .first()
      .waitFor();
    expect(await listFindings(page)).toEqual([]);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "figures have placeholders instead of zeros until they are read",
  async () => {
    const { page, close } = await pages.open("/docs");
    const { promise: asked, resolve: answer } = Promise.withResolvers<void>();
    await page.route(/live-stream\/\w+(\/gift-statistics)?$/, async (route) => {
      await asked;
      await route.continue();
    });
    await page.goto(pages.system().url);
    const stage = page.getByRole("region", { name: "Stage" });
    await stage.getByRole("status", { name: "Loading" }).first().waitFor();
    expect(await stage.textContent()).not.toMatch(/\b0\b|No gifts yet|Live/);
    answer();
    await stage.getByText("Live", { exact: true }).waitFor();
    await stage
      .getByTitle("Credits received in this stream")
      .getByText(/^[\d,]+$/)
      .waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a streamer goes live with a title, a thumbnail and settings, and a summary follows the end",
  async () => {
    const first = await goLive(call, hostId, "The first evening");
    const { page, faults, viewer, close } = await open(wide, `/?stream=${first}`);
    await quiet(page);
    await page.getByRole("button", { name: "End stream" }).click();
    await page.getByRole("button", { name: "End stream?" }).click();
    await page.getByRole("region", { name: "Stream summary" }).waitFor();
    expect(await page.getByRole("button", { name: /simulated viewers/ }).count()).toBe(0);
    expect(await page.getByLabel("Slow mode").count()).toBe(0);
    expect(await page.getByText("Top supporters").count()).toBe(1);
    const refuse = { status: 409, json: { isSuccess: false, errors: ["Not now"] } };
    await page.route("**/api/v1/channel", (route) => route.fulfill(refuse), { times: 1 });
    await page.getByRole("button", { name: "New stream" }).click();
    const form = page.getByRole("form", { name: "New stream" });
    await form.getByRole("button", { name: "Try again" }).click();
    await form.getByLabel("Slow mode").waitFor();
    await form.getByRole("button", { name: "Go live" }).click();
    await form.getByRole("alert").getByText("Enter a title").waitFor();
    await form.getByLabel("Title").fill("The second evening");
    const dot = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
    const thumbnail = form.getByLabel("Thumbnail");
    // Leaving the browser's list of files without a choice is not leaving the dialog.
    await thumbnail.dispatchEvent("cancel", { bubbles: true });
    await thumbnail.setInputFiles({ name: "dot.gif", mimeType: "image/gif", buffer: dot });
    await form.getByLabel("Slow mode").selectOption("5");
    const created: string[] = [];
    page.on("request", (request) => {
      const { "idempotency-key": key = "" } = request.headers();
      if (request.url().endsWith("/live-stream/create")) created.push(key);
    });
    const answered = Promise.withResolvers<void>();
    await page.route("**/join-as-creator", async (route) => {
      await answered.promise;
      await route.fulfill({ status: 409, json: { isSuccess: false, errors: ["Not yet"] } });
    });
    const live = form.getByRole("button", { name: "Go live" });
    await live.press("Enter");
    await expectSoon(() => live.isDisabled());
    await expectDrawn(page);
    expect(await focused(page)).toBe("Go live");
    answered.resolve();
    await form.getByRole("alert").getByText("Not yet").waitFor();
    await page.unroute("**/join-as-creator");
    await form.getByRole("button", { name: "Go live" }).click();
    await page.getByRole("heading", { name: "The second evening" }).waitFor();
    // With the key of the first press, which creates no second stream.
    expect(created).toEqual([created[0], created[0]]);
    await quiet(page);
    expect(await page.getByLabel("Slow mode").inputValue()).toBe("5");
    const streamId = new URL(page.url()).searchParams.get("stream");
    const { thumbnailUrl } = await call(hostId, "GET", `/api/v1/live-stream/${streamId}`);
    expect(thumbnailUrl).toMatch(/\/pictures\/\w+$/);
    await say(viewer(1), "good evening");
    await viewer(2).getByRole("button", { name: "Superlike" }).click();
    // Its row: the card over the chat is for those alone who watch at that moment.
    await viewer(1).locator(".superlike-row", { hasText: secondName }).waitFor();
    await page.getByRole("button", { name: "End stream" }).click();
    await page.getByRole("button", { name: "End stream?" }).click();
    const summary = page.getByRole("region", { name: "Stream summary" });
    for (const name of ["Messages", "Peak viewers", "Total viewers", "Gifts", "Credits"])
      await summary.getByText(name, { exact: true }).waitFor();
    await expectSoon(async () => {
      const text = (await summary.locator("div", { hasText: "Messages" }).textContent()) ?? "";
      return Number(/\d+/.exec(text)?.[0]) >= 1;
    });
    // Simulated viewers talk faster than the slow mode until they are stopped, and their last
    // message may arrive after the end of the stream.
    expect(faults.filter((fault) => !/409|429/.test(fault))).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a new stream whose dialog is closed before it opens does not open and is cancelled",
  async () => {
    const ended = await goLive(call, hostId, "The evening before");
    await call(hostId, "POST", `/api/v1/live-stream/${ended}/end`);
    const { page, close } = await pages.open(`/?stream=${ended}`, wide);
    const made: string[] = [];
    page.on("response", async (response) => {
      if (response.url().endsWith("/live-stream/create"))
        made.push((await response.json()).data.id);
    });
    const hold = (address: string) =>
      new Promise<Route>((resolve) => void page.route(address, resolve, { times: 1 }));
    const form = page.getByRole("form", { name: "New stream" });
    const begin = async (title: string) => {
      await form.getByLabel("Title").fill(title);
      await form.getByRole("button", { name: "Go live" }).click();
    };
    const closeDialog = () =>
      page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "New stream" }).click();
    const refuse = { status: 409, json: { isSuccess: false, errors: ["Not yet"] } };
    await page.route("**/join-as-creator", (route) => route.fulfill(refuse), { times: 1 });
    await begin("The evening after");
    await form.getByRole("alert").getByText("Not yet").waitFor();
    const joining = hold("**/join-as-creator");
    await begin("Another title");
    const join = await joining;
    await closeDialog();
    const data = { isSuccess: true, data: {} };
    // A call that was given up takes no answer.
    await join.fulfill({ json: data }).catch(() => {});
    const isLeft = page.waitForURL((url) => !url.href.includes(ended), { timeout: 3_000 });
    expect(await isLeft.then(() => true).catch(() => false)).toBe(false);
    const creating = hold("**/live-stream/create");
    await page.getByRole("button", { name: "New stream" }).click();
    await begin("The evening after that");
    const create = await creating;
    await closeDialog();
    await create.continue();
    await expectSoon(() => made.length === 3);
    for (const id of made)
      await expectSoon(async () => {
        const { status } = await call(hostId, "GET", `/api/v1/live-stream/${id}`);
        return status === "cancelled_by_host";
      });
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a viewer's new notification is pushed to their page, where it is unread until they look",
  async () => {
    const { viewer, faults, close } = await open();
    // From another page, so this one has a socket once it shows the message.
    await say(viewer(2), "Can you see this?");
    await log(viewer(1)).getByText("Can you see this?").waitFor();
    const rest = { type: "system", category: "payments", metadata: {} };
    const body = { userId: johnId, title: "Refund", message: "You have 10 credits back.", ...rest };
    await call(johnId, "POST", "/api/v1/notifications", body);
    await viewer(1).getByLabel("Viewer 1 tools, 1 unread").click();
    await viewer(1).getByRole("button", { name: "Ledger and notifications" }).click();
    await viewer(1).getByText(body.message).waitFor();
    await viewer(1).getByRole("button", { name: "Close ledger" }).click();
    await viewer(1).getByLabel("Viewer 1 tools", { exact: true }).waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a test notification that is refused says why, and one that is sent stays in the list",
  async () => {
    const { page, viewer, faults, close } = await open();
    const openLedger = async () => {
      await viewer(1).getByLabel("Viewer 1 tools").click();
      await page.getByRole("button", { name: "Ledger and notifications" }).click();
    };
    await openLedger();
    const refuse = { status: 409, json: { isSuccess: false, errors: ["Not now"] } };
    await page.route("**/api/v1/notifications", (route) => route.fulfill(refuse), { times: 1 });
    const ledger = page.getByRole("dialog", { name: /^Ledger of/ });
    await ledger.getByRole("button", { name: "Send test" }).click();
    await ledger.getByRole("alert").getByText("Not now").waitFor();
    await ledger.getByRole("button", { name: "Send test" }).click();
    await ledger.getByText("Pushed over the WebSocket.").waitFor();
    expect(await ledger.getByRole("alert").count()).toBe(0);
    await page.reload();
    await openLedger();
    await ledger.getByText("Pushed over the WebSocket.").waitFor();
    expect(faults.filter((fault) => !fault.includes("409"))).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "messages that the streamer deletes disappear in the other windows, and slow mode keeps the text",
  async () => {
    const { page, faults, viewer, close } = await open();
    await quiet(page);
    await say(viewer(1), "This had better not stay");
    const streamer = page.getByRole("region", { name: "Streamer", exact: true });
    const row = streamer.locator(".row", { hasText: "This had better not stay" });
    await page.getByRole("tab", { name: "Streamer" }).click();
    await row.focus();
    await page.keyboard.press("m");
    await streamer.getByRole("menuitem", { name: "Delete" }).click();
    await expectSoon(async () => (await page.getByText("This had better not stay").count()) === 0);
    await page.getByLabel("Slow mode").selectOption("120");
    await expectSoon(async () => {
      if ((await viewer(2).locator(".seconds").textContent()) !== "") return true;
      // By the key, which waits for nothing: slow mode may begin at any moment.
      await box(viewer(2)).fill("one");
      await page.keyboard.press("Enter");
      return false;
    });
    await box(viewer(2)).fill("two, which has to wait");
    await page.keyboard.press("Enter");
    expect(await box(viewer(2)).inputValue()).toBe("two, which has to wait");
    await page.getByLabel("Slow mode").selectOption("0");
    // Closed before, the page might not have sent it, and the next test would wait two minutes.
    await expectSoon(async () => (await viewer(2).locator(".seconds").textContent()) === "");
    expect(faults.filter((fault) => !/429/.test(fault))).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the Logs panel follows its newest line even if the browser reports a scroll after more have come",
  async () => {
    const { page, close } = await open();
    await page.getByRole("button", { name: "Logs", exact: true }).click();
    const list = `document.querySelector(".lines")`;
    await expectSoon(() => page.evaluate<boolean>(`${list}.scrollTop > 0`));
    await page.evaluate(`(() => {
      window.batches = 0;
      new MutationObserver(() => {
        batches++;
        ${list}.dispatchEvent(new Event("scroll"));
      }).observe(${list}, { childList: true });
    })()`);
    await expectSoon(() => page.evaluate<boolean>("batches > 2"));
    await quiet(page);
    await expectSoon(() =>
      page.evaluate<boolean>(
        `(({ scrollHeight, scrollTop, clientHeight }) =>
          scrollHeight - scrollTop - clientHeight < 24)(${list})`,
      ),
    );
    await close();
  },
  testMilliseconds,
);
