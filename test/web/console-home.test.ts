/** The console's home: what happens in the live streams, and what an operator has to look at. */
import type { Page } from "playwright-core";
import { browserTest } from "./browser.ts";
import { callerOf, goLive, openConsole } from "./console.ts";
import { expectSoon, johnId, testMilliseconds, usePages, watchSubscription } from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);

/** The newest value of a chart. */
const newestOf = async (page: Page, title: string) =>
  Number(
    (await page.getByRole("figure", { name: title }).locator("b").innerText()).replaceAll(",", ""),
  );

browserTest(
  "the home charts what happens in the live streams, and opens them",
  async () => {
    const streamId = await goLive(call, "home-host", "Watched from home");
    const { page, faults, close } = await openConsole(pages, "Ada Admin");
    const row = page.getByRole("row", { name: /Watched from home/ });
    await row.waitFor();
    await expectSoon(async () => (await newestOf(page, "Viewers")) > 0);
    await expectSoon(async () => (await newestOf(page, "Live streams")) > 0);
    const chat = `/api/v1/live-stream/${streamId}/chat/messages`;
    const { _id } = await call(johnId, "POST", chat, { content: "Seen at home" });
    await call("home-host", "DELETE", `${chat}/${_id}`);
    await call(johnId, "POST", "/api/v1/gifts/create", {
      giftTypeId: "65a1234bcde5678f90123456",
      liveStreamId: streamId,
    });
    for (const title of ["Messages", "Gift credits", "Deletions and bans", "Delivery delay"])
      await expectSoon(async () => (await newestOf(page, title)) > 0);
    await row.press("Enter");
    await page.getByRole("complementary", { name: "Watched from home" }).waitFor();
    await page.getByRole("link", { name: "Home" }).click();
    await row.waitFor();
    await call("home-host", "POST", `/api/v1/live-stream/${streamId}/end`);
    await row.waitFor({ state: "detached" });
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "rates are those of the time that has passed, however late the page's timers run",
  async () => {
    const streamId = await goLive(call, "late-host", "Seen late");
    const { page, close } = await pages.open("/console", { hasTestClock: true });
    let received = 0;
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        received += String(payload).match(/"said behind"/g)?.length ?? 0;
      }),
    );
    const isSubscribed = watchSubscription(page);
    await page.getByRole("button", { name: "Ada Admin" }).click();
    await page.getByRole("row", { name: /Seen late/ }).waitFor();
    await isSubscribed();
    // As in a hidden page, in which nothing runs for a minute.
    await page.clock.pauseAt(Date.now() + 60_000);
    for (let sent = 0; sent < 6; sent++)
      await call(johnId, "POST", `/api/v1/live-stream/${streamId}/chat/messages`, {
        content: "said behind",
      });
    await expectSoon(() => received >= 6);
    const before = await newestOf(page, "Messages");
    await page.clock.fastForward(60_000);
    await expectSoon(async () => (await newestOf(page, "Messages")) !== before);
    expect(await newestOf(page, "Messages")).toBeLessThanOrEqual(6 + before);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the delivery delay is that of the server's clock, and leaves out what an outage has delayed",
  async () => {
    const streamId = await goLive(call, "delayed-host", "Seen after an outage");
    const { page, close } = await pages.open("/console", { hasTestClock: true });
    await page.clock.setSystemTime(Date.now() + 3 * 3_600_000);
    let cut = () => {};
    let isBack = false;
    await page.routeWebSocket(/\/ws\b/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((text) => {
        socket.send(text);
        const { type, epoch, head } = JSON.parse(String(text));
        if (type !== "subscribed" || !isBack) return;
        const at = new Date(Date.now() - 7 * 86_400_000).toISOString();
        const events = [{ id: "missed", type: "chat.deleted", at, data: {} }];
        const frame = { type: "events", streamId, epoch, viewers: 1, skipped: 0 };
        socket.send(JSON.stringify({ ...frame, frame: head + 1, events }));
      });
      cut = () => void socket.close();
    });
    await page.reload();
    await page.getByRole("button", { name: "Ada Admin" }).click();
    await page.getByRole("row", { name: /Seen after an outage/ }).waitFor();
    const chat = `/api/v1/live-stream/${streamId}/chat/messages`;
    await expectSoon(async () => {
      await call("delayed-host", "POST", chat, { content: "Seen at once" });
      return (await newestOf(page, "Messages")) > 0;
    });
    expect(await newestOf(page, "Delivery delay")).toBeLessThan(60_000);
    isBack = true;
    cut();
    await expectSoon(async () => (await newestOf(page, "Deletions and bans")) > 0);
    expect(await newestOf(page, "Delivery delay")).toBeLessThan(60_000);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an admin sees alarms and parked records at once, and a moderator sees neither",
  async () => {
    const admin = await openConsole(pages, "Ada Admin");
    // The system is shared, and an alarm of its own may ring on a slow machine.
    await admin.page.route("**/local/alarms", (route) =>
      route.fulfill({ json: { alarms: [], metrics: [] } }),
    );
    await admin.page.getByText("No alarms").waitFor();
    await admin.page.getByText("No parked records").waitFor();
    await admin.page.unroute("**/local/alarms");
    await admin.page.route("**/local/alarms", (route) => {
      const alarm = { name: "push/fan-out lags", description: "Viewers see changes late." };
      const alarms = [
        { ...alarm, state: "ALARM" },
        { ...alarm, name: "fine", state: "OK" },
      ];
      return route.fulfill({ json: { alarms, metrics: [] } });
    });
    await admin.page.reload();
    await admin.page.getByText("Alarms: 1").waitFor();
    await admin.page.getByText("push/fan-out lags Viewers see changes late.").waitFor();
    expect(admin.faults).toEqual([]);
    await admin.close();
    const moderator = await openConsole(pages, "Deniz Kaya");
    await moderator.page.getByRole("figure", { name: "Viewers" }).waitFor();
    await moderator.page.getByRole("heading", { name: "Live now" }).waitFor();
    expect(await moderator.page.getByText("parked records").count()).toBe(0);
    expect(moderator.faults).toEqual([]);
    await moderator.close();
  },
  testMilliseconds,
);

browserTest(
  "an outage interrupts the charts, and a strip tells since when, until the connection is back",
  async () => {
    await goLive(call, "lost-host", "Seen before an outage");
    const { page, close } = await pages.open("/console");
    let isDown = false;
    let cut = () => {};
    await page.routeWebSocket(/\/ws\b/, (socket) => {
      if (isDown) return void socket.close();
      socket.connectToServer();
      cut = () => void socket.close();
    });
    await page.getByRole("button", { name: "Ada Admin" }).click();
    await page.getByRole("row", { name: /Seen before an outage/ }).waitFor();
    const viewers = page.getByRole("figure", { name: "Viewers" }).locator("b");
    await expectSoon(async () => Number(await viewers.innerText()) > 0);
    const strip = page.getByText(/Connection lost at \d\d?:\d\d.*\. Reconnecting…/);
    expect(await strip.count()).toBe(0);
    isDown = true;
    cut();
    await strip.waitFor();
    // Nothing is measured: neither the last number nor zero.
    await expectSoon(async () => (await viewers.innerText()) === "–");
    isDown = false;
    await strip.waitFor({ state: "detached" });
    await expectSoon(async () => Number(await viewers.innerText()) > 0);
    await close();
  },
  testMilliseconds,
);
