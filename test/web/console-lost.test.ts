/** What the console and the pages of hosts do after the response of a call was lost. */
import type { Page, Route } from "playwright-core";
import { browserTest } from "./browser.ts";
import { callerOf, confirm, goLive, openConsole, openConsoleAs, toast } from "./console.ts";
import { hostId, johnId, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);

/** The API returns a secret once: a repeated call's response has null instead. */
const withoutSecret = (page: Page, url: RegExp, field: string) =>
  page.route(url, async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    const response = await route.fetch();
    const { data } = await response.json();
    await route.fulfill({ response, json: { isSuccess: true, data: { ...data, [field]: null } } });
  });

browserTest(
  "a webhook's secret whose response was lost is not shown as empty",
  async () => {
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    await withoutSecret(page, /\/(webhooks|rotate-secret)$/, "secret");
    await visit("view=webhooks&id=new");
    const url = "https://example.com/lost-secret";
    await page.getByLabel("Endpoint URL").fill(url);
    await page.getByRole("button", { name: "Create webhook" }).click();
    const lost = page.getByText("The response was lost, so the secret cannot be shown. Rotate");
    await lost.waitFor();
    const [{ id }] = (await call("admin", "GET", "/api/v1/webhooks")).list;
    await visit(`view=webhooks&id=${id}`);
    await page.getByRole("button", { name: "Rotate secret…" }).click();
    expect(await lost.count()).toBe(0);
    await confirm(page, "Rotate secret");
    await toast(page, "Secret rotated.").waitFor();
    await lost.waitFor();
    expect(await page.getByRole("button", { name: "Copy", exact: true }).count()).toBe(0);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an overlay URL whose response was lost is said to be lost",
  async () => {
    const { page, visit, close } = await openConsoleAs(pages, "lost-host");
    await withoutSecret(page, /\/overlay-keys$/, "url");
    await visit("view=channel");
    await page.getByRole("tab", { name: "Overlay" }).click();
    await page.getByRole("button", { name: "Create overlay URL" }).click();
    const lost = page.getByText("The response was lost, so the URL cannot be shown. Revoke it");
    await lost.waitFor();
    expect(await page.getByRole("button", { name: "Copy", exact: true }).count()).toBe(0);
    await page.getByRole("button", { name: "Revoke" }).press("Enter");
    await page.getByRole("button", { name: /revoke/i }).press("Enter");
    await page.getByText("No overlay URLs yet").waitFor();
    expect(await lost.count()).toBe(0);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a poll or an overlay URL that is submitted again after a failure is created once",
  async () => {
    const streamId = await goLive(call, "lost-host", "Lost answers");
    const { page, visit, close } = await openConsoleAs(pages, "lost-host");
    const keys: (string | undefined)[] = [];
    /** The call takes effect, but its first answer says that it has failed. */
    await page.route(/\/(moments|overlay-keys)$/, async (route) => {
      const request = route.request();
      if (request.method() !== "POST") return route.continue();
      keys.push(request.headers()["idempotency-key"]);
      const response = await route.fetch();
      if (keys.length % 2 === 0) return route.fulfill({ response });
      await route.fulfill({ status: 409, json: { isSuccess: false, errors: ["Try that again"] } });
    });
    const submitTwice = async (name: string) => {
      await page.getByRole("button", { name }).click();
      await page.getByRole("alert").getByText("Try that again").waitFor();
      await page.getByRole("button", { name }).click();
      await page.getByRole("alert").waitFor({ state: "detached" });
      expect(keys.at(-1)).toBe(keys.at(-2));
    };
    await visit(`view=moments&stream=${streamId}`);
    const poll = page.getByRole("form", { name: "New poll" });
    const moments = `/api/v1/live-stream/${streamId}/moments`;
    // The same poll once more is another one.
    for (const count of [1, 2]) {
      await poll.getByLabel("Question").fill("Which song next?");
      await poll.getByLabel("Option 1").fill("Blue");
      await poll.getByLabel("Option 2").fill("Red");
      await submitTwice("Start poll");
      expect((await call("lost-host", "GET", moments)).list).toHaveLength(count);
    }
    await visit("view=channel");
    await page.getByRole("tab", { name: "Overlay" }).click();
    await page.getByLabel("Name").fill("Desk");
    await page.getByRole("button", { name: "Create overlay URL" }).click();
    await page.getByRole("alert").getByText("Try that again").waitFor();
    await page.getByLabel("Name").fill("Laptop");
    await page.getByRole("button", { name: "Create overlay URL" }).click();
    await page.getByText("Laptop").waitFor();
    expect(keys.at(-1)).not.toBe(keys.at(-2));
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a form that is changed after a lost response is sent with another key, and with its own once more",
  async () => {
    const payee = "lost-payee";
    await goLive(call, payee, "Paid once");
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    let keys: (string | undefined)[] = [];
    /** The first call takes effect, but its answer says that it has failed. */
    await page.route(/\/(top-ups|webhooks|gift-types)$/, async (route) => {
      const request = route.request();
      if (request.method() !== "POST") return route.continue();
      keys.push(request.headers()["idempotency-key"]);
      if (keys.length > 1) return route.continue();
      await route.fetch();
      await route.fulfill({ status: 409, json: { isSuccess: false, errors: ["Try that again"] } });
    });
    /** Sends a form, changes and sends it, and then sends again what it had first. */
    const send = async (name: string, field: string, values: [string, string], says: RegExp) => {
      keys = [];
      const form = page.getByRole("form", { name });
      const [first, second] = values;
      const submit = form.locator('button[type="submit"]');
      const input = form.getByLabel(field, { exact: true });
      await input.fill(first);
      await submit.click();
      await page.getByText("Try that again").waitFor();
      await input.fill(second);
      await submit.click();
      await page.getByText(says).first().waitFor();
      await input.fill(first);
      expect(keys).toEqual([expect.any(String), expect.any(String)]);
      expect(keys[1]).not.toBe(keys[0]);
      return submit;
    };
    await visit(`view=users&id=${payee}`);
    const topUp = await send("Top up or pay out", "Credits", ["5", "6"], /was used before/);
    await topUp.click();
    await toast(page, "now has 5 credits").waitFor();
    expect(keys[2]).toBe(keys[0]);
    expect((await call("admin", "GET", `/api/v1/wallets/${payee}`)).balance).toBe(5);
    await visit("view=webhooks&id=new");
    const url = "https://example.com/lost-key";
    await send("New webhook", "Endpoint URL", [url, `${url}-2`], /lost-key-2 created/);
    await visit("view=gifts&id=new");
    await page.getByLabel("Price in credits").fill("7");
    await page.getByLabel("Picture").fill("https://e.example/kite.svg");
    await send("Gift type", "Name", ["Lost kite", "Lost kites"], /Lost kites created/);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a gift's picture whose upload gets no response is sent again with its key",
  async () => {
    const gift = { name: "Ice crown", creditAmount: 900, svgUrl: "https://e.example/ice.svg" };
    const body = { ...gift, isActive: false };
    const { id } = await call("admin", "POST", "/api/v1/gifts/gift-types", body);
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    const keys: (string | undefined)[] = [];
    await page.route("**/image", async (route) => {
      keys.push(route.request().headers()["idempotency-key"]);
      await (keys.length === 1 ? route.abort() : route.continue());
    });
    await visit(`view=gifts&id=${id}`);
    const dot = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
    const file = { name: "ice.gif", mimeType: "image/gif", buffer: dot };
    await page.locator('input[type="file"]').setInputFiles(file);
    await page.locator(".toast").waitFor();
    expect(await page.locator(".toast").innerText()).toMatch(/^Ice crown has a new picture/);
    expect(keys).toEqual([expect.any(String), keys[0]]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a user who is opened while a ban is under way stays open",
  async () => {
    const streamId = await goLive(call, "lost-host-4", "Late bans");
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    const held = Promise.withResolvers<Route>();
    await page.route("**/live-stream-ban", (route) => held.resolve(route), { times: 1 });
    await visit(`view=bans&stream=${streamId}&id=new&user=${johnId}`);
    await page.getByRole("button", { name: "Mute…" }).click();
    await confirm(page, "Mute");
    const route = await held.promise;
    await page.getByRole("dialog").getByRole("button", { name: "Go back" }).click();
    await page.getByRole("link", { name: "Users" }).click();
    await page.getByLabel("User ID").fill(hostId);
    await page.keyboard.press("Enter");
    const detail = page.getByRole("complementary");
    await detail.waitFor();
    await route.continue();
    await toast(page, "is muted in Late bans").waitFor();
    expect(await detail.count()).toBe(1);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the reason why an action failed is shown until it succeeds, whatever other actions do",
  async () => {
    const host = "lost-host-2";
    await call(host, "POST", "/api/v1/channel/overlay-keys", { description: "Desk" });
    const { page, visit, close } = await openConsoleAs(pages, host);
    await visit("view=channel");
    await page.getByRole("tab", { name: "Overlay" }).click();
    const refuse = { status: 409, json: { isSuccess: false, errors: ["Not now"] } };
    await page.route("**/overlay-keys/*", (route) => route.fulfill(refuse), { times: 1 });
    const desk = page.getByRole("listitem").filter({ hasText: "Desk" });
    for (let press = 1; press <= 2; press++) await desk.getByRole("button").press("Enter");
    const failed = page.getByRole("alert").getByText("Not now");
    await failed.waitFor();
    await page.getByRole("button", { name: "Create overlay URL" }).click();
    await page.getByText("It is shown only once").waitFor();
    await page.getByRole("listitem").nth(1).waitFor();
    expect(await failed.count()).toBe(1);
    for (let press = 1; press <= 2; press++) await desk.getByRole("button").press("Enter");
    await desk.waitFor({ state: "detached" });
    expect(await failed.count()).toBe(0);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a user's bans that cannot be read say so, and are read again on request",
  async () => {
    await goLive(call, "lost-host-3", "Listed once");
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    const refuse = { status: 409, json: { isSuccess: false, errors: ["Not now"] } };
    await page.route("**/live-stream?*", (route) => route.fulfill(refuse), { times: 1 });
    await visit(`view=users&id=${johnId}`);
    const detail = page.getByRole("complementary");
    await detail.getByRole("alert").getByText("Not now").waitFor();
    await detail.getByRole("button", { name: "Try again" }).click();
    await detail.getByRole("region", { name: "Bans" }).waitFor();
    await close();
  },
  testMilliseconds,
);
