/** The console in a browser, on the whole system. */
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
