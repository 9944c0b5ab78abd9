/** What moderators and support do in the console: a live chat, one person, and what goes wrong. */
import type { Locator, Route, WebSocketRoute } from "playwright-core";
import { browserTest } from "./browser.ts";
import { callerOf, confirm, goLive, openConsole, openConsoleAs, toast } from "./console.ts";
import { copyAsCurl, expectFits, expectSoon, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);
const openAsAdmin = () => openConsole(pages, "Ada Admin");
const roseId = "65a1234bcde5678f90123456";

/** A user whom no other test knows. */
async function newUser(sub: string, given_name: string): Promise<void> {
  const claims = { preferred_username: sub, given_name, family_name: "" };
  const token = await pages.tokenOf({ sub, claims, credits: 1_000 });
  const headers = { authorization: `Bearer ${token}` };
  await fetch(`${pages.system().url}/api/v1/wallet`, { headers });
}

browserTest(
  "the chat is live, to the second, and a long name leaves room for the message",
  async () => {
    const streamId = await goLive(call, "talk-host", "Talk show");
    const messages = `/api/v1/live-stream/${streamId}/chat/messages`;
    await newUser("long-name", "N".repeat(100));
    await call("talk-host", "POST", messages, { content: "said before" });
    const { page, faults, visit, close } = await openAsAdmin();
    // The socket opens only after the list was read and another message was sent.
    const [held, reconnecting] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const sockets: WebSocketRoute[] = [];
    await page.routeWebSocket(/\/ws\b/, async (socket) => {
      sockets.push(socket);
      await (sockets.length === 1 ? held : reconnecting).promise;
      socket.connectToServer();
    });
    await visit(`view=chat&stream=${streamId}`);
    await page.getByRole("row", { name: /said before/ }).waitFor();
    await call("long-name", "POST", messages, { content: "said in between" });
    held.resolve();
    const between = page.getByRole("row", { name: /said in between/ });
    await between.waitFor();
    // Nothing moves under a pointer that is about to act.
    const timeOut = between.getByRole("button", { name: "Time out" });
    await timeOut.hover();
    const before = await timeOut.boundingBox();
    await call("long-name", "POST", messages, { content: "said under the pointer" });
    await page.locator(".filters .status").getByText("Paused").waitFor();
    expect(await timeOut.boundingBox()).toEqual(before);
    await page.getByRole("heading", { level: 1 }).hover();
    await page.getByRole("row", { name: /said under the pointer/ }).waitFor();
    const { _id } = await call("long-name", "POST", messages, { content: "said while it is open" });
    const row = page.getByRole("row", { name: /said while it is open/ });
    await row.waitFor();
    expect(await row.getByRole("cell").first().textContent()).toMatch(
      /^\d{1,2}:\d\d:\d\d(\s[AP]M)?$/,
    );
    expect(await page.locator("tbody tr").first().textContent()).toContain("said while");
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 });
      const said = await row.locator("td.grow .cut").boundingBox();
      expect({ width, isReadable: said!.width >= 96 }).toEqual({ width, isReadable: true });
      await expectFits(page, `chat-${width}`);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await row.getByRole("button", { name: "Time out" }).click();
    await toast(page, "is timed out in Talk show for 10 minutes.").waitFor();
    const check = `/api/v1/live-stream-ban/check/long-name?liveStreamId=${streamId}`;
    const { ban } = await call("admin", "GET", check);
    expect(Date.parse(ban.endsAt) - Date.parse(ban.createdAt)).toBe(600_000);
    await call("talk-host", "DELETE", `${messages}/${_id}`);
    await row.waitFor({ state: "detached" });
    const label = page.locator(".filters .status");
    expect(await label.allTextContents()).toEqual(["Live"]);
    await sockets.at(-1)!.close();
    await label.getByText("Reconnecting…").waitFor().then(reconnecting.resolve);
    await label.getByText("Live").waitFor();
    await call("talk-host", "POST", `/api/v1/live-stream/${streamId}/end`);
    await label.waitFor({ state: "detached" });
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a message that a moderator has opened stays open while a busy chat drops it from the list",
  async () => {
    const streamId = await goLive(call, "busy-host", "Busy show");
    const messages = `/api/v1/live-stream/${streamId}/chat/messages`;
    const sent = await call("busy-host", "POST", messages, { content: "look at this" });
    const { page, visit, close } = await openAsAdmin();
    let reads = 0;
    page.on("requestfinished", (request) => {
      if (request.url().includes(`${messages}?`)) reads++;
    });
    const subscribed = Promise.withResolvers<(after: number, events: object[]) => void>();
    await page.routeWebSocket(/\/ws\b/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((text) => {
        socket.send(text);
        const { type, epoch, head } = JSON.parse(String(text));
        if (type !== "subscribed") return;
        const frame = { type: "events", streamId, epoch, viewers: 1, skipped: 0 };
        subscribed.resolve((after, events) =>
          socket.send(JSON.stringify({ ...frame, frame: head + after, events })),
        );
      });
    });
    await visit(`view=chat&stream=${streamId}`);
    const row = page.getByRole("row", { name: /look at this/ });
    await row.click();
    const detail = page.getByRole("complementary", { name: "Message" });
    await detail.getByText("look at this").waitFor();
    // The list is read when the view opens, and again when it is subscribed.
    const post = await subscribed.promise;
    await expectSoon(() => reads === 2);
    const at = new Date().toISOString();
    for (const frame of [1, 2]) {
      const events = Array.from({ length: 500 }, (_, n) => ({
        id: `event-${frame}-${n}`,
        type: "chat.message",
        at,
        data: { ...sent, _id: `message-${frame}-${n}`, content: `line ${frame}-${n}.` },
      }));
      post(frame, events);
      await page.getByRole("row", { name: `line ${frame}-499.` }).waitFor();
    }
    await row.waitFor({ state: "detached" });
    expect(await detail.getByText("look at this").count()).toBe(1);
    // It is found by its ID after a reload, too; a deleted one is closed.
    await page.reload();
    await detail.getByText("look at this").waitFor();
    await call("busy-host", "DELETE", `${messages}/${sent._id}`);
    await detail.waitFor({ state: "detached" });
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a chat whose socket is closed because of its token asks for a new sign-in",
  async () => {
    const streamId = await goLive(call, "guarded-host", "Guarded show");
    const { page, visit, close } = await openConsoleAs(pages, "expiring-moderator");
    await visit(`view=chat&stream=${streamId}`);
    await page.locator(".filters .status").getByText("Live").waitFor();
    await call("admin", "POST", "/api/v1/revocations", { sub: "expiring-moderator" });
    await page.getByRole("alert").getByText("Your session has ended. Sign in again.").waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "support finds a user by ID, reads the ledger, refunds a gift and bans them",
  async () => {
    const streamId = await goLive(call, "gift-host", "Gift show");
    await newUser("giver-1", "Gina");
    const gift = { giftTypeId: roseId, liveStreamId: streamId };
    await call("giver-1", "POST", "/api/v1/gifts/create", gift);
    const { page, faults, visit, close } = await openAsAdmin();
    await visit("view=users&q=nobody-is-called-this");
    await page.getByText("No users match “nobody-is-called-this”").waitFor();
    // The field follows the URL.
    const searched = async () => await page.getByLabel("Search users").inputValue();
    expect(await searched()).toBe("nobody-is-called-this");
    await page.getByRole("link", { name: "Users" }).click();
    await expectSoon(async () => (await searched()) === "");
    await page.goBack();
    await expectSoon(async () => (await searched()) === "nobody-is-called-this");
    await page.getByLabel("User ID").fill("giver-1");
    await page.keyboard.press("Enter");
    const detail = page.getByRole("complementary", { name: "Gina" });
    const ledger = detail.getByRole("region", { name: "Ledger" });
    const spent = ledger.getByRole("listitem").filter({ hasText: "Gift sent" });
    await spent.getByText("−10", { exact: true }).waitFor();
    await ledger.getByRole("button", { name: "Gifts" }).click();
    expect(await ledger.getByText("Top up").count()).toBe(0);
    await spent.getByRole("button", { name: "Refund…" }).click();
    await confirm(page, "Refund");
    await toast(page, "10 credits refunded to Gina.").waitFor();
    await ledger.getByText("+10", { exact: true }).waitFor();
    const balance = detail.getByRole("region", { name: "Wallet" }).locator("dd").first();
    await balance.getByText("1,000", { exact: true }).waitFor();
    expect(await spent.getByRole("button", { name: "Refund…" }).count()).toBe(0);
    await detail.getByRole("link", { name: "Ban…" }).click();
    await page.getByLabel("Stream", { exact: true }).selectOption(streamId);
    const form = page.getByRole("form", { name: "Ban user" });
    await form.waitFor();
    await page.getByRole("button", { name: "Ban user" }).click();
    // The name comes later than the form.
    await form.getByText("Gina", { exact: true }).waitFor();
    await form.getByText("giver-1", { exact: true }).waitFor();
    await form.getByLabel("Duration").selectOption("3600");
    await form.getByLabel("Scope").selectOption("channel");
    await form.getByRole("button", { name: "Time out…" }).click();
    await confirm(page, "Time out");
    await toast(page, "Gina is timed out in the channel for 1 hour.").waitFor();
    await page.getByRole("row", { name: /Gina.*Muted.*Channel/ }).waitFor();
    const check = `/api/v1/live-stream-ban/check/giver-1?liveStreamId=${streamId}`;
    const { ban } = await call("admin", "GET", check);
    expect(ban).toMatchObject({ scope: "channel", endsAt: expect.any(String) });
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "problems are shown at their fields, by the page and by the API, and nothing covers the button",
  async () => {
    await newUser("payee-1", "Pay");
    await call("admin", "POST", "/api/v1/wallets/payee-1/top-ups", {
      amount: 5,
      reference: "used-before",
    });
    const { page, visit, close } = await openAsAdmin();
    await visit("view=users&id=payee-1");
    const form = page.getByRole("form", { name: "Top up or pay out" });
    const credits = form.getByLabel("Credits", { exact: true });
    const submit = form.getByRole("button", { name: "Top up" }).last();
    for (const wrong of ["-5", "1.5", "abc", ""]) {
      await credits.fill(wrong);
      await submit.click();
      await form.getByRole("alert").getByText("Enter a whole number from 1").waitFor();
      expect(await credits.getAttribute("aria-invalid")).toBe("true");
      await credits.and(page.locator(":focus")).waitFor();
    }
    await credits.fill("7");
    expect(await form.getByRole("alert").count()).toBe(0);
    const reference = form.getByLabel("Reference");
    await reference.fill("x".repeat(300));
    await submit.click();
    await form
      .getByRole("alert")
      .getByText(/^reference/)
      .waitFor();
    expect(await reference.getAttribute("aria-invalid")).toBe("true");
    await reference.fill("a new one");
    await submit.click();
    const done = toast(page, "now has");
    await done.waitFor();
    const [below, above] = [await done.boundingBox(), await form.boundingBox()];
    const pane = await page.getByRole("complementary").boundingBox();
    expect(below!.y).toBeGreaterThanOrEqual(pane!.y + pane!.height);
    expect(above).not.toBeNull();
    // Of a ledger that goes on, only what is loaded has no gifts.
    await page.route(/\/transactions\?/, async (route) => {
      const said = await (await route.fetch()).json();
      said.data.pageInfo = { ...said.data.pageInfo, nextCursor: "1", hasNextPage: true };
      await route.fulfill({ json: said });
    });
    await visit("view=users&id=payee-1&ledger=gifts");
    await page.getByText(/^No gifts in the newest \d transactions$/).waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "copying works where a page has no clipboard, as over plain http",
  async () => {
    const { page, faults, visit, close } = await openAsAdmin();
    await page.addInitScript("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    await visit("view=users&id=admin");
    const form = page.getByRole("form", { name: "Top up or pay out" });
    await form.getByLabel("Credits", { exact: true }).fill("12");
    await copyAsCurl(page, form);
    await page.getByLabel("User ID").click();
    await page.keyboard.press("Control+V");
    await expectSoon(async () =>
      (await page.getByLabel("User ID").inputValue()).includes('"amount":12'),
    );
    await form.getByRole("button", { name: "Pay out", exact: true }).click();
    await form.getByRole("button", { name: "Pay out…" }).click();
    // The button is in the dialog, outside of which nothing takes the focus.
    const question = page.getByRole("dialog");
    await copyAsCurl(page, question);
    await page.keyboard.press("Escape");
    await page.getByLabel("User ID").fill("");
    await page.keyboard.press("Control+V");
    await expectSoon(async () =>
      (await page.getByLabel("User ID").inputValue()).includes("payouts"),
    );
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the next user of a tab gets no late answer, question, undo or call of the one before",
  async () => {
    const streamId = await goLive(call, "next-host", "Next show");
    const { page, visit, close } = await openAsAdmin();
    const held = Promise.withResolvers<Route>();
    await page.route(/\/gift-statistics$/, (route) => held.resolve(route), { times: 1 });
    await visit(`view=streams&id=${streamId}`);
    const late = await held.promise;
    await page.getByLabel("Slow mode").selectOption("30");
    await toast(page, "Slow mode is 30 s").waitFor();
    await page.getByRole("button", { name: "End stream…" }).click();
    await page.getByRole("dialog").waitFor();
    await page.getByLabel("Sign out").dispatchEvent("click");
    await page.getByRole("button", { name: /Deniz Kaya/ }).click();
    await page.getByRole("heading", { level: 1, name: "Streams" }).waitFor();
    const answered = page.waitForResponse((response) => response.status() === 401);
    await late.fulfill({ status: 401, json: { isSuccess: false, errors: ["Too late"] } });
    await (await answered).finished();
    await page.getByRole("button", { name: /^Calls/ }).click();
    const calls = page.getByRole("region", { name: "Calls" });
    await calls.getByText(/GET \/api\/v1\/live-stream\?/).waitFor();
    expect(await calls.getByText("chat-settings").count()).toBe(0);
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(await page.locator(".toast").count()).toBe(0);
    await close();
  },
  testMilliseconds,
);

/** Whether a part of a text is not shown. */
const isCut = (text: Locator): Promise<boolean> =>
  text.evaluate(
    new Function(
      "one",
      "return one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight",
    ) as never,
  );

browserTest(
  "small screens show titles and results in full, and tooltips of icons",
  async () => {
    const { page, visit, close } = await openAsAdmin();
    await page.setViewportSize({ width: 360, height: 800 });
    const results = [
      { misfits: 0, says: "Everything fits" },
      { misfits: 1, says: "1 mismatch" },
      { misfits: 12, says: "12 mismatches" },
    ];
    for (const { misfits, says } of results) {
      const found = Array.from({ length: misfits }, (_, at) => ({ item: `${at}`, problem: "Odd" }));
      await page.route("**/local/audit", (route) =>
        route.fulfill({ json: { fits: misfits === 0, sums: {}, misfits: found } }),
      );
      await visit("view=machine");
      const result = page.getByRole("heading", { name: says });
      await result.waitFor();
      expect(await isCut(result)).toBe(false);
    }
    const title = "A tablet has enough room for all of the title of this stream";
    await goLive(call, "title-host", title);
    await page.setViewportSize({ width: 768, height: 800 });
    await visit("view=streams");
    expect(await isCut(page.getByText(title))).toBe(false);
    await page.getByRole("navigation").getByTitle("Moderation log").waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the form of a ban does not wait for its user's name, which moves nothing when it comes",
  async () => {
    const streamId = await goLive(call, "form-host", "Form show");
    const otherId = await goLive(call, "form-host-2", "Other show");
    await newUser("noisy-1", "Nora");
    const { page, faults, visit, close } = await openAsAdmin();
    const held = Promise.withResolvers<void>();
    await page.route("**/api/v1/users/noisy-1", async (route) => {
      await held.promise;
      await route.continue();
    });
    await visit(`view=bans&stream=${streamId}&id=new&user=noisy-1`);
    const form = page.getByRole("form", { name: "Ban user" });
    const topOf = async (name: string) =>
      (await form.getByLabel(name, { exact: true }).boundingBox())!.y;
    // The pane may scroll.
    const place = async () => (await topOf("Type")) - (await topOf("User"));
    await form.getByText("noisy-1").first().waitFor();
    const before = await place();
    await form.getByRole("button", { name: "Mute…" }).click();
    await page.getByRole("dialog", { name: "Mute noisy-1 in Form show?" }).waitFor();
    await page.keyboard.press("Escape");
    held.resolve();
    await form.getByText("Nora").waitFor();
    expect(await place()).toBe(before);
    // Another stream gets the form as it is; the next form is empty.
    const reason = form.getByLabel("Reason");
    await reason.fill("Loud");
    await page.getByLabel("Stream", { exact: true }).selectOption(otherId);
    await page.getByText("No bans in Other show").waitFor();
    expect(await reason.inputValue()).toBe("Loud");
    await page.getByRole("button", { name: "Close" }).click();
    await confirm(page, "Discard");
    await page.getByRole("button", { name: "Ban user" }).click();
    expect(await reason.inputValue()).toBe("");
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);
