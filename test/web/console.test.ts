/** The console as those who look after a stage meet it: in a browser, on the whole system. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openTable } from "../../bin/table.ts";
import { park } from "../../platform/store/money/parked.ts";
import { key } from "../../platform/table/keys.ts";
import { browserTest } from "./browser.ts";
import { callerOf, confirm, openConsole, word } from "./console.ts";
import { expectSoon, johnId, streamId, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const open = () => pages.open("/console");

const call = callerOf(pages);
const openAs = (name: string) => openConsole(pages, name);
const openAsAdmin = () => openAs("Ada Admin");

const giveRose = (count = 1) =>
  Promise.all(
    Array.from({ length: count }, () =>
      call(johnId, "POST", "/api/v1/gifts/create", {
        giftTypeId: "65a1234bcde5678f90123456",
        liveStreamId: streamId,
      }),
    ),
  );

browserTest(
  "one signs in at the issuer with PKCE, and nothing of it stays",
  async () => {
    const { page, faults, answer, close } = await open();
    expect(answer!.headers()["content-security-policy"]).toMatch(/default-src 'none'/);
    let sent: Record<string, string> = {};
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.pathname.endsWith("/authorize")) sent = Object.fromEntries(url.searchParams);
    });
    await page.getByRole("button", { name: "Sign in with the stage's issuer" }).click();
    await page.getByRole("heading", { level: 1, name: "Streams" }).waitFor();
    await page.getByText("Admin", { exact: true }).waitFor();
    expect(sent).toMatchObject({ response_type: "code", code_challenge_method: "S256" });
    expect(sent.code_challenge).toMatch(/^[\w-]{43}$/);
    expect(page.url()).not.toMatch(/code=|state=/);
    expect(await page.evaluate("localStorage.length")).toBe(0);
    expect(await page.evaluate("Object.keys(sessionStorage)")).toEqual(["ovation.console.token"]);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: /Ada Admin/ }).waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an answer that was not asked for signs nobody in",
  async () => {
    const { page, close } = await open();
    await page.getByRole("button", { name: /Ada Admin/ }).waitFor();
    await page.goto(`${pages.system().url}/console?code=stolen&state=invented`);
    await page.getByRole("alert").getByText("not begun here").waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a stage whose issuer has no page to sign in on takes a token that one has",
  async () => {
    const { page, close } = await open();
    await page.route("**/api/v1/sign-in", async (route) => {
      const answer = await route.fetch();
      const said = await answer.json();
      const data = { ...said.data, issuer: "https://id.test/pool", authorizationEndpoint: null };
      await route.fulfill({ json: { ...said, data } });
    });
    await page.reload();
    await page.getByText("has no page to sign in on").waitFor();
    expect(await page.getByRole("button", { name: /Ada Admin/ }).count()).toBe(0);
    await page.getByRole("textbox", { name: "Token" }).fill("nonsense");
    await page.getByRole("button", { name: "Go in" }).click();
    await page.getByRole("alert").getByText("This is no token").waitFor();
    await page
      .getByRole("textbox", { name: "Token" })
      .fill(await pages.tokenOf({ sub: "admin", groups: ["admin"] }));
    await page.getByRole("button", { name: "Go in" }).click();
    await page.getByRole("heading", { level: 1, name: "Streams" }).waitFor();
    expect(await page.getByRole("link", { name: "This machine" }).count()).toBe(0);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a user is muted by keyboard, and the ban is lifted again",
  async () => {
    const { page, faults, visit, close } = await openAsAdmin();
    await visit(`view=bans&stream=${streamId}`);
    await page.getByText("Nobody is banned from Demo stream.").waitFor();
    await page.getByRole("button", { name: "Ban somebody" }).press("Enter");
    await page.getByLabel("Whom").fill("john");
    const found = page.getByRole("list", { name: "Found users" });
    await found.getByRole("button", { name: /John Doe/ }).press("Enter");
    await page.getByLabel("Reason").fill("Too loud");
    await page.getByRole("button", { name: "Mute …" }).press("Enter");
    // What is asked names the thing and shows the call.
    const question = page.getByRole("dialog", { name: "Mute John Doe in Demo stream?" });
    await question.getByText(/POST \/api\/v1\/live-stream-ban/).waitFor();
    await page.keyboard.press("Escape");
    expect(await page.getByRole("table", { name: "Bans" }).count()).toBe(0);
    await page.getByRole("button", { name: "Mute …" }).press("Enter");
    await confirm(page, "Mute");
    await word(page, "John Doe is muted in Demo stream.").waitFor();
    const check = `/api/v1/live-stream-ban/check/${johnId}?liveStreamId=${streamId}`;
    const isBanned = async () => JSON.stringify(await call(johnId, "GET", check));
    expect(await isBanned()).toContain("CHAT_ONLY");
    await page
      .getByRole("row", { name: /John Doe/ })
      .getByRole("button", { name: "Lift" })
      .click();
    await word(page, "welcome in Demo stream again").waitFor();
    await page.getByText("Nobody is banned from Demo stream.").waitFor();
    expect(await isBanned()).not.toContain("CHAT_ONLY");
    await visit(`view=log&stream=${streamId}`);
    await page.getByRole("cell", { name: "lifted the ban of" }).waitFor();
    await page.getByRole("cell", { name: "Too loud" }).first().waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a gift type is changed, put away after a question, and brought back",
  async () => {
    const { page, faults, visit, close } = await openAsAdmin();
    await visit("view=gifts");
    await page.getByRole("row", { name: /Coffee/ }).press("Enter");
    const editor = page.getByRole("complementary", { name: "Coffee" });
    await editor.getByLabel("Price in credits").fill("60");
    await editor.getByText(/PATCH \/api\/v1\/gifts\/gift-types/).waitFor();
    await editor.getByRole("button", { name: "Save" }).click();
    await word(page, "Coffee is changed").waitFor();
    await page.getByRole("row", { name: /Coffee 60/ }).waitFor();
    await editor.getByRole("switch", { name: "For sale" }).click();
    await editor.getByRole("button", { name: "Put away" }).click();
    await confirm(page, "Put away");
    await page.getByRole("row", { name: /Coffee 60.*put away/ }).waitFor();
    await word(page, "Coffee is changed").last().getByRole("button", { name: "Undo" }).click();
    await page.getByRole("row", { name: /Coffee 60.*for sale/ }).waitFor();
    const types = await call("admin", "GET", "/api/v1/gifts/gift-types");
    expect(types).toContainEqual(expect.objectContaining({ name: "Coffee", creditAmount: 60 }));
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a gift is refunded once, after a question",
  async () => {
    await giveRose();
    const { page, faults, visit, close } = await openAsAdmin();
    await visit(`view=refunds&stream=${streamId}`);
    await page.getByRole("button", { name: "Refund …" }).first().click();
    await confirm(page, "Refund");
    await word(page, "10 credits went back to John Doe.").waitFor();
    await page.getByText("refunded", { exact: true }).first().waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

/** Parks a gift of the running system as its reader does, with a reason. */
async function parkGift(): Promise<void> {
  const [{ id }] = await giveRose();
  process.env.DATA_DIR = pages.system().dataDir;
  const close = await openTable();
  try {
    const image = { ...key.gift(streamId, id), kind: "gift", due: "somebody", dueCredits: 10 };
    await park(image, new Error("price: expected a whole number"), new Date());
  } finally {
    await close();
  }
}

browserTest(
  "a parked record is brought back, by the function's own grants",
  async () => {
    await parkGift();
    const { page, faults, visit, close } = await openAsAdmin();
    await visit("view=parked");
    await page.getByRole("row", { name: /price: expected a whole number/ }).press("Enter");
    const detail = page.getByRole("complementary", { name: "Parked record" });
    await detail.getByRole("button", { name: "Redrive" }).click();
    await word(page, /settled/i).waitFor();
    await page.getByText("Nothing is parked.").waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a webhook is made, tested, and a delivery sent again",
  async () => {
    const heard: string[] = [];
    const server = createServer((request, response) => {
      heard.push(String(request.headers["webhook-id"]));
      request.resume();
      response.writeHead(204).end();
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const { page, faults, visit, close } = await openAsAdmin();
    await visit("view=webhooks&id=new");
    await page.getByLabel("Address").fill(url);
    await page.getByLabel("Events").fill("webhook.test");
    await page.getByRole("button", { name: "Make the webhook" }).click();
    await page.getByText(/^whsec_/).waitFor();
    await page.getByRole("row", { name: url }).click();
    await page.getByRole("button", { name: "Send a test" }).click();
    const deliveries = page.getByRole("region", { name: "Deliveries" });
    await deliveries.getByText("delivered").waitFor();
    await deliveries.getByRole("button", { name: "Resend" }).click();
    await word(page, "sent once more").waitFor();
    await expectSoon(async () => heard.length === 2);
    expect(heard[0]).toBe(heard[1]);
    await page.getByRole("button", { name: "Delete …" }).click();
    await confirm(page, "Delete");
    await word(page, "told nothing any more").waitFor();
    expect(faults).toEqual([]);
    await close();
    server.close();
  },
  testMilliseconds,
);

browserTest(
  "credits go into a wallet at once and out after a question, each by a call that is shown",
  async () => {
    const { page, faults, visit, close } = await openAsAdmin();
    await visit("view=users&q=user2");
    await page.getByRole("row", { name: /user2/ }).press("Enter");
    await page.getByLabel("Credits", { exact: true }).fill("700");
    await page.getByRole("button", { name: "Top up" }).last().click();
    await word(page, "user2 has 700 credits now.").waitFor();
    await page.getByRole("button", { name: "Pay out", exact: true }).click();
    await page.getByLabel("Credits", { exact: true }).fill("200");
    await page.getByRole("button", { name: "Pay out …" }).click();
    await confirm(page, "Pay out");
    await word(page, "user2 has 500 credits now.").waitFor();
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
  "a moderator sees the streams they moderate, and nothing that is an admin's",
  async () => {
    const { page, faults, visit, close } = await openAs("Deniz Kaya");
    await page.getByRole("row", { name: /Demo stream/ }).waitFor();
    expect(await page.getByRole("row", { name: /Demo room/ }).count()).toBe(0);
    const links = await page.getByRole("navigation").getByRole("link").allTextContents();
    expect(links).toEqual(["Streams", "Chat", "Viewers", "Users", "Bans", "Moderation log"]);
    await visit(`view=streams&id=${streamId}`);
    await page.getByRole("switch", { name: "Only followers may write" }).click();
    await word(page, "Only followers may write in Demo stream.").waitFor();
    expect(await page.getByRole("button", { name: "End this stream" }).count()).toBe(0);
    await page.getByRole("switch", { name: "Only followers may write" }).click();
    await word(page, "Everybody may write in Demo stream.").waitFor();
    await visit(`view=users&id=${johnId}`);
    await page.getByRole("complementary", { name: "John Doe" }).waitFor();
    expect(await page.getByRole("region", { name: "Wallet" }).count()).toBe(0);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);
