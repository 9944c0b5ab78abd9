/** What an operator finds in the console's lists and details, in a browser, on the whole system. */
import type { Locator, Page, Route } from "playwright-core";
import { callsOf } from "../local/audience.ts";
import { browserTest } from "./browser.ts";
import { callerOf, confirm, goLive, openConsole, openConsoleAs, toast } from "./console.ts";
import { expectSoon, johnId, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);
const openAsAdmin = () => openConsole(pages, "Ada Admin");

/** The rows of a list, without its head. */
const rows = (page: Page, list: string) =>
  page.getByRole("region", { name: list, exact: true }).locator("tbody tr");
const messagesOf = (streamId: string) => `/api/v1/live-stream/${streamId}/chat/messages`;

browserTest(
  "a double click signs a user in once",
  async () => {
    const { page, close } = await pages.open("/console");
    const held = Promise.withResolvers<void>();
    let asked = 0;
    await page.route("**/local/token", async (route) => {
      asked++;
      await held.promise;
      await route.continue();
    });
    await page.getByRole("button", { name: "Ada Admin" }).dblclick();
    held.resolve();
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    expect(asked).toBe(1);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a list longer than a page loads to its end without duplicate rows",
  async () => {
    const streamId = await goLive(call, "admin", "Long talk");
    const messages = messagesOf(streamId);
    for (let from = 0; from < 120; from += 10)
      await Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          call("admin", "POST", messages, { content: `line ${from + at}` }),
        ),
      );
    // The view follows the stream: what is framed after it has subscribed would be rows as well.
    const { log } = callsOf(pages.system().url);
    const admin = { id: "admin", token: await pages.tokenOf({ sub: "admin", groups: ["admin"] }) };
    await expectSoon(async () => {
      const events = (await log(admin, streamId)).flatMap((frame) => frame.events);
      return events.filter(({ type }) => type === "chat.message").length === 120;
    });
    const { page, faults, visit, close } = await openAsAdmin();
    await visit(`view=chat&stream=${streamId}`);
    await expectSoon(async () => (await rows(page, "Messages").count()) === 50);
    // A new message meanwhile shifts the pages.
    await call("admin", "POST", messages, { content: "said meanwhile" });
    const more = page.getByRole("button", { name: "More", exact: true });
    await more.press("Enter");
    await expectSoon(async () => (await rows(page, "Messages").count()) >= 99);
    await more.press("Enter");
    await page.getByText(/^All \d+$/).waitFor();
    const said = await rows(page, "Messages").allTextContents();
    const lines = said.flatMap((text) => /line \d+/.exec(text) ?? []);
    expect(lines).toHaveLength(120);
    expect(new Set(lines).size).toBe(120);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "users who are unbanned meanwhile do not hide those of the next page",
  async () => {
    const liveStreamId = await goLive(call, "strict-host", "Strict show");
    const subs = Array.from({ length: 53 }, (_, at) => `strict-${at}`);
    await Promise.all(
      subs.map(async (targetUserId) => {
        await call(targetUserId, "GET", "/api/v1/wallet");
        const ban = { targetUserId, liveStreamId, actionType: "CHAT_ONLY", scope: "channel" };
        await call("strict-host", "POST", "/api/v1/live-stream-ban", ban);
      }),
    );
    const { page, visit, close } = await openConsoleAs(pages, "strict-host");
    const seen = async (row: Locator) => (await row.allTextContents()).length;
    const more = page.getByRole("button", { name: "More", exact: true });
    await visit(`view=bans&stream=${liveStreamId}`);
    const banned = rows(page, "Bans");
    await expectSoon(async () => (await seen(banned)) === 50);
    const unban = banned.getByRole("button", { name: "Unban" });
    for (const left of [49, 48]) {
      await unban.first().click();
      await expectSoon(async () => (await seen(banned)) === left);
    }
    await more.click();
    await expectSoon(async () => (await seen(banned)) === 50);
    await more.click();
    await page.getByText("All 51").waitFor();
    await visit("view=channel");
    await page.getByRole("tab", { name: "Bans" }).click();
    const items = page.getByRole("list", { name: "Bans" }).getByRole("listitem");
    await expectSoon(async () => (await seen(items)) === 50);
    await items.first().getByRole("button", { name: "Unban" }).click();
    await items.first().getByRole("button", { name: "Unban?" }).click();
    await expectSoon(async () => (await seen(items)) === 49);
    await more.click();
    await expectSoon(async () => (await seen(items)) === 50);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a moderator deletes a message after a confirmation and mutes its author",
  async () => {
    const streamId = await goLive(call, "ugly-host", "Rude show");
    const messages = messagesOf(streamId);
    await call(johnId, "POST", messages, { content: "something ugly" });
    const { page, faults, visit, close } = await openAsAdmin();
    await visit(`view=chat&stream=${streamId}`);
    await page.getByRole("row", { name: /something ugly/ }).press("Enter");
    const detail = page.getByRole("complementary", { name: "Message" });
    await detail.getByRole("button", { name: "Mute…" }).click();
    await confirm(page, "Mute");
    await toast(page, "John Doe is muted in Rude show.")
      .getByRole("button", { name: "Undo" })
      .click();
    await toast(page, "Ban of John Doe in Rude show removed.").waitFor();
    await detail.getByRole("button", { name: "Delete…" }).click();
    await confirm(page, "Delete");
    await toast(page, "Message from John Doe deleted.").waitFor();
    expect(await page.getByRole("row", { name: /something ugly/ }).count()).toBe(0);
    const { messages: left } = await call("admin", "GET", `${messages}?limit=50`);
    expect(JSON.stringify(left)).not.toContain("something ugly");
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an admin sets a user's daily spend limit and restores the default",
  async () => {
    const { page, faults, visit, close } = await openAsAdmin();
    await visit(`view=users&id=${johnId}`);
    const wallet = page.getByRole("region", { name: "Wallet" });
    const limit = async () => (await call("admin", "GET", `/api/v1/wallets/${johnId}`)).spendLimit;
    const before = await limit();
    await wallet.getByLabel("Credits per day").fill("250");
    await wallet.getByText('"spendLimit": 250').waitFor();
    await wallet.getByRole("button", { name: "Set limit" }).click();
    await toast(page, "John Doe can spend 250 credits per day.").waitFor();
    await wallet.getByText("250", { exact: true }).waitFor();
    expect(await limit()).toBe(250);
    await wallet.getByRole("button", { name: "Use default" }).click();
    await toast(page, "John Doe has the default limit.").waitFor();
    expect(await limit()).toBe(before);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "signing a user out everywhere revokes their token, after a confirmation",
  async () => {
    const token = await pages.tokenOf({
      sub: "stolen",
      claims: { preferred_username: "stolen.phone" },
    });
    const status = async () => {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${pages.system().url}/api/v1/wallet`, { headers })).status;
    };
    expect(await status()).toBe(200);
    // A new user is found a little later, and the page searches once.
    const search = () => call("admin", "GET", "/api/v1/users/search?q=stolen");
    await expectSoon(async () => (await search()).list.length > 0);
    const { page, faults, visit, close } = await openAsAdmin();
    await visit("view=users&q=stolen");
    await page.getByRole("row", { name: /stolen\.phone/ }).press("Enter");
    await page.getByRole("button", { name: "Sign out everywhere…" }).click();
    await confirm(page, "Sign out");
    await toast(page, "is signed out everywhere").waitFor();
    await expectSoon(async () => (await status()) === 401);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the actions on a user and on a stream stay in place while the rest of the page loads",
  async () => {
    const id = await goLive(call, "admin", "Slow show");
    const { page, faults, visit, close } = await openAsAdmin();
    for (const [view, slow, action] of [
      [`view=users&id=${johnId}`, /wallets|\/stats|live-stream-ban/, /^Sign out everywhere/],
      [`view=streams&id=${id}`, /statistics|overlay-keys/, /^End stream/],
    ] as const) {
      const { promise: held, resolve: answer } = Promise.withResolvers<void>();
      await page.route(slow, async (route) => {
        await held;
        await route.continue();
      });
      await visit(view);
      const detail = page.getByRole("complementary");
      const button = detail.getByRole("button", { name: action });
      const before = await button.boundingBox();
      const loading = detail.locator(".host-waiting, dd:text-is('–')");
      expect(await loading.count()).toBeGreaterThan(0);
      answer();
      await expectSoon(async () => (await loading.count()) === 0);
      expect(await button.boundingBox()).toEqual(before);
      await page.unrouteAll({ behavior: "wait" });
    }
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an admin revokes an overlay key, undoes a chat setting, and ends a stream",
  async () => {
    const { page, faults, visit, close } = await openAsAdmin();
    const id = await goLive(call, "admin", "Short show");
    const keys = `/api/v1/live-stream/${id}/overlay-keys`;
    await call("admin", "POST", keys, { description: "On my desk" });
    await visit(`view=streams&id=${id}`);
    const detail = page.getByRole("complementary", { name: "Short show" });
    await detail.getByRole("button", { name: "Revoke…" }).click();
    await confirm(page, "Revoke");
    await toast(page, "Overlay key On my desk revoked.").waitFor();
    expect((await call("admin", "GET", keys)).list).toEqual([]);
    await detail.getByLabel("Slow mode").selectOption("30");
    await toast(page, "Slow mode is 30 s in Short show.")
      .getByRole("button", { name: "Undo" })
      .click();
    await toast(page, "Chat settings restored in Short show.").waitFor();
    expect(await detail.getByLabel("Slow mode").inputValue()).toBe("0");
    // However much follows, each action can be undone.
    for (const seconds of ["5", "10", "30", "120"]) {
      await detail.getByLabel("Slow mode").selectOption(seconds);
      await toast(page, `Slow mode is ${seconds} s in Short show.`).hover();
    }
    const first = toast(page, "Slow mode is 5 s in Short show.");
    await first.getByRole("button", { name: "Undo" }).click();
    await expectSoon(async () => (await detail.getByLabel("Slow mode").inputValue()) === "0");
    await detail.getByRole("button", { name: "End stream…" }).click();
    await confirm(page, "End stream");
    await toast(page, "Short show has ended.").waitFor();
    await detail.getByRole("button", { name: "Delete stream…" }).click();
    await confirm(page, "Delete stream");
    await toast(page, "Short show is deleted.").waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "two chat settings that are changed at once are both shown",
  async () => {
    const id = await goLive(call, "raided-host", "Raided show");
    const { page, visit, close } = await openAsAdmin();
    const held: Route[] = [];
    await page.route(/chat-settings$/, (route) => void held.push(route));
    await visit(`view=streams&id=${id}`);
    const detail = page.getByRole("complementary", { name: "Raided show" });
    await detail.getByRole("switch", { name: "Followers only" }).click();
    await detail.getByLabel("Slow mode").selectOption("30");
    await expectSoon(() => held.length === 2);
    for (const route of held) await route.continue();
    await toast(page, "Followers only is on").waitFor();
    await toast(page, "Slow mode is 30 s").waitFor();
    expect(await detail.getByRole("switch", { name: "Followers only" }).isChecked()).toBe(true);
    expect(await detail.getByLabel("Slow mode").inputValue()).toBe("30");
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a refused switch, dialog or search shows the reason, even if the dialog was closed meanwhile",
  async () => {
    const id = await goLive(call, "firm-host", "Firm show");
    const { page, visit, close } = await openAsAdmin();
    const refuse = { status: 409, json: { isSuccess: false, errors: ["Ended just now"] } };
    await page.route(/chat-settings$/, (route) => route.fulfill(refuse));
    await visit(`view=streams&id=${id}`);
    const detail = page.getByRole("complementary", { name: "Firm show" });
    const followersOnly = detail.getByRole("switch", { name: "Followers only" });
    const slowMode = detail.getByLabel("Slow mode");
    for (const change of [() => followersOnly.click(), () => slowMode.selectOption("120")]) {
      await change();
      const failed = toast(page, "Ended just now");
      await failed.getByRole("button", { name: "Dismiss" }).click();
      await failed.waitFor({ state: "detached" });
    }
    expect(await followersOnly.isChecked()).toBe(false);
    expect(await slowMode.inputValue()).toBe("0");
    // Of an action whose dialog was closed meanwhile, a toast says that it was refused.
    const held = Promise.withResolvers<Route>();
    await page.route(/\/end$/, (route) => held.resolve(route));
    await detail.getByRole("button", { name: "End stream…" }).click();
    await confirm(page, "End stream");
    const late = await held.promise;
    await page.keyboard.press("Escape");
    await late.fulfill(refuse);
    await toast(page, "Couldn't end Firm show").getByText("Ended just now").waitFor();
    // A search that fails has not found nobody.
    await page.route(/users\/search/, (route) => route.fulfill(refuse));
    await visit(`view=bans&stream=${id}&id=new`);
    await page.getByLabel("User", { exact: true }).fill("john");
    const form = page.getByRole("form", { name: "Ban user" });
    await form.getByRole("alert").getByText("Ended just now").waitFor();
    expect(await form.getByText("No users match").count()).toBe(0);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an unknown stream ID shows an error, and another ID can be entered",
  async () => {
    const streamId = await goLive(call, "calm-host", "Calm show");
    const { page, visit, close } = await openAsAdmin();
    await visit("view=bans&stream=64d15f9e2e6c8f4d5affffff");
    await page.getByRole("alert").getByText("stream_not_found").waitFor();
    expect(await page.getByRole("alert").locator("p").innerText()).toBe(
      "There is no stream 64d15f9e2e6c8f4d5affffff. It may have been deleted. " +
        "Reload the list. stream_not_found",
    );
    // Ids are in lower case, whatever the case in which one is typed.
    await page.getByLabel("Stream ID").fill(streamId.toUpperCase());
    await page.keyboard.press("Enter");
    await page.getByText("No bans in Calm show").waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a gift picture is uploaded as a file, and other file types are rejected",
  async () => {
    const { page, visit, close } = await openAsAdmin();
    await visit("view=gifts");
    await page.getByRole("row", { name: /Heart/ }).press("Enter");
    const editor = page.getByRole("complementary", { name: "Heart" });
    const file = editor.locator('input[type="file"]');
    const send = (name: string, mimeType: string, text: string, encoding: BufferEncoding) =>
      file.setInputFiles({ name, mimeType, buffer: Buffer.from(text, encoding) });
    await send("heart.png", "image/png", "no picture at all", "utf8");
    await toast(page, "expected a PNG, JPEG, WebP or GIF picture").waitFor();
    const dot = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
    await send("heart.gif", "image/gif", dot, "base64");
    await toast(page, "Heart has a new picture.").waitFor();
    expect(await editor.getByRole("textbox", { name: "Picture" }).inputValue()).toMatch(
      /\/pictures\/\w+$/,
    );
    const { svgUrl } = (await call("admin", "GET", "/api/v1/gifts/gift-types")).find(
      (type: { name: string }) => type.name === "Heart",
    );
    expect(await editor.getByRole("textbox", { name: "Picture" }).inputValue()).toBe(svgUrl);
    await close();
  },
  testMilliseconds,
);
