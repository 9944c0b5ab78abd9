/** The console in a browser, on the whole system. */
import type { Route } from "playwright-core";
import { browserTest } from "./browser.ts";
import { callerOf, confirm, goLive, openConsole, toast } from "./console.ts";
import { expectSoon, johnId, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const open = () => pages.open("/console");

const call = callerOf(pages);
const openAs = (name: string) => openConsole(pages, name);
const openAsAdmin = () => openAs("Ada Admin");

browserTest(
  "sign-in uses PKCE, and sign-out clears the session",
  async () => {
    const { page, faults, answer, close } = await open();
    expect(answer!.headers()["content-security-policy"]).toMatch(/default-src 'none'/);
    let sent: Record<string, string> = {};
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.pathname.endsWith("/authorize")) sent = Object.fromEntries(url.searchParams);
    });
    await page.getByRole("button", { name: "Sign in with SSO" }).click();
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    await page.getByText("Admin", { exact: true }).waitFor();
    expect(sent).toMatchObject({ response_type: "code", code_challenge_method: "S256" });
    expect(sent.code_challenge).toMatch(/^[\w-]{43}$/);
    expect(page.url()).not.toMatch(/code=|state=/);
    expect(await page.evaluate("localStorage.length")).toBe(0);
    expect(await page.evaluate("Object.keys(sessionStorage)")).toEqual(["ovation.console.token"]);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: /Ada Admin/ }).waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    // A link to a view leads there after a sign-in, too.
    await page.goto(`${pages.system().url}/console?view=users&q=john`);
    await page.getByRole("button", { name: "Sign in with SSO" }).click();
    await page.getByRole("heading", { level: 1, name: "Users" }).waitFor();
    expect(await page.getByLabel("Search users").inputValue()).toBe("john");
    expect(new URL(page.url()).search).toBe("?view=users&q=john");
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a user whose clock is hours ahead can sign in",
  async () => {
    const { page, close } = await open();
    await page.clock.setFixedTime(Date.now() + 3 * 3_600_000);
    await page.reload();
    await page.getByRole("button", { name: /Ada Admin/ }).click();
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "after another user signs in, nothing is called with the token of the one before",
  async () => {
    const { page, close } = await openAsAdmin();
    await page.getByRole("button", { name: "Sign out" }).click();
    const users = new Set<string>();
    page.on("request", (request) => {
      const [, claims] = (request.headers().authorization ?? "").split(".");
      if (claims) users.add(JSON.parse(Buffer.from(claims, "base64url").toString()).sub);
    });
    await page.getByRole("button", { name: /Deniz Kaya/ }).click();
    await expectSoon(() => Promise.resolve(users.size > 0));
    expect([...users]).toEqual(["moderator"]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an unsolicited sign-in response is rejected",
  async () => {
    const { page, close } = await open();
    await page.getByRole("button", { name: /Ada Admin/ }).waitFor();
    await page.goto(`${pages.system().url}/console?code=stolen&state=invented`);
    await page.getByRole("alert").getByText("not started in this tab").waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "without a sign-in page, a pasted token signs the user in",
  async () => {
    const { page, close } = await open();
    await page.route("**/api/v1/sign-in", async (route) => {
      const answer = await route.fetch();
      const said = await answer.json();
      const data = { ...said.data, issuer: "https://id.test/pool", authorizationEndpoint: null };
      await route.fulfill({ json: { ...said, data } });
    });
    await page.reload();
    await page.getByText("has no sign-in page").waitFor();
    expect(await page.getByRole("button", { name: /Ada Admin/ }).count()).toBe(0);
    await page.getByRole("textbox", { name: "Token" }).fill("nonsense");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("alert").getByText("This is not a JWT").waitFor();
    await page
      .getByRole("textbox", { name: "Token" })
      .fill(await pages.tokenOf({ sub: "admin", groups: ["admin"] }));
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    expect(await page.getByRole("link", { name: "This machine" }).count()).toBe(0);
    // A reload while the API does not answer does not sign the user out.
    const refuse = (route: Route) => route.fulfill({ status: 403, json: { errors: ["Busy"] } });
    await page.route("**/api/v1/sign-in", refuse);
    await page.reload();
    await page.getByRole("alert").getByText("Busy").waitFor();
    await page.unroute("**/api/v1/sign-in", refuse);
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a moderator mutes a user by keyboard and unbans them",
  async () => {
    const { page, faults, visit, close } = await openAsAdmin();
    const streamId = await goLive(call, "ban-host", "Quiet show");
    await visit(`view=bans&stream=${streamId}`);
    await page.getByText("No bans in Quiet show").waitFor();
    await page.getByRole("button", { name: "Ban user" }).press("Enter");
    await page.getByLabel("User", { exact: true }).fill("john");
    const found = page.getByRole("list", { name: "Found users" });
    await found.getByRole("button", { name: /John Doe/ }).press("Enter");
    await page.getByLabel("Reason").fill("Too loud");
    await page.getByRole("button", { name: "Mute…" }).press("Enter");
    // What is asked names the thing and shows the call.
    const question = page.getByRole("dialog", { name: "Mute John Doe in Quiet show?" });
    await question.getByText(/POST \/api\/v1\/live-stream-ban/).waitFor();
    await page.keyboard.press("Escape");
    expect(await page.getByRole("table", { name: "Bans" }).count()).toBe(0);
    await page.getByRole("button", { name: "Mute…" }).press("Enter");
    await confirm(page, "Mute");
    await toast(page, "John Doe is muted in Quiet show.").waitFor();
    const check = `/api/v1/live-stream-ban/check/${johnId}?liveStreamId=${streamId}`;
    const isBanned = async () => JSON.stringify(await call(johnId, "GET", check));
    expect(await isBanned()).toContain("CHAT_ONLY");
    await page
      .getByRole("row", { name: /John Doe/ })
      .getByRole("button", { name: "Unban" })
      .click();
    await toast(page, "Ban of John Doe in Quiet show removed.").waitFor();
    await page.getByText("No bans in Quiet show").waitFor();
    expect(await isBanned()).not.toContain("CHAT_ONLY");
    await visit(`view=log&stream=${streamId}`);
    await page.getByRole("cell", { name: "unmuted", exact: true }).waitFor();
    await page.getByRole("cell", { name: "muted", exact: true }).waitFor();
    await page.getByRole("cell", { name: "Too loud" }).first().waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "top-ups are immediate, payouts need a confirmation, and both calls are shown",
  async () => {
    const { page, faults, visit, close } = await openAsAdmin();
    await visit("view=users&q=user2");
    await page.getByRole("row", { name: /user2/ }).press("Enter");
    await page.getByLabel("Credits", { exact: true }).fill("700");
    await page.getByRole("button", { name: "Top up" }).last().click();
    await toast(page, "user2 now has 700 credits.").waitFor();
    await page.getByRole("button", { name: "Pay out", exact: true }).click();
    await page.getByLabel("Credits", { exact: true }).fill("200");
    await page.getByRole("button", { name: "Pay out…" }).click();
    await confirm(page, "Pay out");
    await toast(page, "user2 now has 500 credits.").waitFor();
    // The form is ready for the next call, and complains about nothing.
    await expectSoon(
      async () => (await page.getByLabel("Credits", { exact: true }).inputValue()) === "",
    );
    expect(await page.getByRole("alert").count()).toBe(0);
    const ledger = page.getByRole("region", { name: "Ledger" });
    for (const amount of ["+700", "−200"])
      await ledger.getByText(amount, { exact: true }).first().waitFor();
    await page.getByRole("button", { name: /^Calls/ }).click();
    const line = page.getByRole("button", { name: /200|201/ }).filter({ hasText: "payouts" });
    await line.first().click();
    await page.locator(".calls").getByText('"amount": 200').waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a moderator sees only the streams they moderate and no admin views",
  async () => {
    const body = { title: "Created first, live last" };
    const later = await call("deniz-host", "POST", "/api/v1/live-stream/create", body);
    const streamId = await goLive(call, "deniz-host", "Minded show");
    const start = { liveStreamId: later.id };
    await call("deniz-host", "POST", "/api/v1/live-stream/join-as-creator", start);
    const settingsOf = (id: string) => `/api/v1/live-stream/${id}/chat-settings`;
    // Whom the server has not seen yet cannot be named.
    const { page, faults, visit, close } = await openAs("Deniz Kaya");
    for (const id of [streamId, later.id])
      await call("deniz-host", "PATCH", settingsOf(id), { moderators: ["moderator"] });
    await visit("view=viewers");
    const chosen = page.getByLabel("Stream", { exact: true }).locator("option:checked");
    await chosen.filter({ hasText: "Created first, live last" }).waitFor({ state: "attached" });
    await visit("view=streams");
    await page.getByRole("row", { name: /Minded show/ }).waitFor();
    expect(await page.getByRole("row", { name: /Demo room/ }).count()).toBe(0);
    const links = await page.getByRole("navigation").getByRole("link").allTextContents();
    expect(links).toEqual([
      "Home",
      "Streams",
      "Chat",
      "Viewers",
      "Users",
      "Bans",
      "Moderation log",
      "Polls and goals",
      "Channel",
    ]);
    await visit(`view=streams&id=${streamId}`);
    await page.getByRole("switch", { name: "Followers only" }).click();
    await toast(page, "Followers only is on in Minded show.").waitFor();
    expect(await page.getByRole("button", { name: /End stream/ }).count()).toBe(0);
    await page.getByRole("switch", { name: "Followers only" }).click();
    await toast(page, "Followers only is off in Minded show.").waitFor();
    await visit(`view=users&id=${johnId}`);
    await page.getByRole("complementary", { name: "John Doe" }).waitFor();
    expect(await page.getByRole("region", { name: "Wallet" }).count()).toBe(0);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);
