/** What admins and moderators do in the console: gift types, refunds, webhooks, bans. */
import { createServer } from "node:http";
import type { Route } from "playwright-core";
import { openTable } from "../../bin/aws/table.ts";
import { listen } from "../../local/reachable.ts";
import { park } from "../../platform/store/money/parked.ts";
import { key } from "../../platform/table/keys.ts";
import { browserTest } from "./browser.ts";
import { callerOf, confirm, goLive, openConsole, toast } from "./console.ts";
import { expectSoon, johnId, type Look, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);
const openAsAdmin = (look?: Look) => openConsole(pages, "Ada Admin", look);

/** A stream of its own in which John has given a rose; answers the ids of both. */
async function giveRose(host: string) {
  const streamId = await goLive(call, host, "Rose show");
  const gift = { giftTypeId: "65a1234bcde5678f90123456", liveStreamId: streamId };
  const { id: giftId } = await call(johnId, "POST", "/api/v1/gifts/create", gift);
  return { streamId, giftId };
}

/** Whether viewers can send the gift of this name. */
async function isSold(name: string): Promise<boolean> {
  const types = await call("admin", "GET", "/api/v1/gifts/gift-types");
  return types.some((type: { name: string }) => type.name === name);
}

/** Parks a gift of the running system as its reader does, with a reason. */
async function parkGift(reason: string): Promise<void> {
  const { streamId, giftId } = await giveRose("parked-host");
  process.env.DATA_DIR = pages.system().dataDir;
  const close = await openTable();
  try {
    const image = {
      ...key.gift(streamId, giftId),
      kind: "gift",
      due: "another-user",
      dueCredits: 10,
    };
    await park(image, new Error(reason), new Date());
  } finally {
    await close();
  }
}

browserTest(
  "an admin changes a gift type, archives it after a confirmation, and restores it",
  async () => {
    const { page, faults, visit, close } = await openAsAdmin();
    await visit("view=gifts");
    await page.getByRole("row", { name: /Coffee/ }).press("Enter");
    const editor = page.getByRole("complementary", { name: "Coffee" });
    await editor.getByLabel("Price in credits").fill("60");
    await editor.getByText(/PATCH \/api\/v1\/gifts\/gift-types/).waitFor();
    await editor.getByRole("button", { name: "Save" }).click();
    await toast(page, "Coffee updated").waitFor();
    await page.getByRole("row", { name: /Coffee 60/ }).waitFor();
    await editor.getByRole("switch", { name: "Active" }).click();
    await editor.getByRole("button", { name: "Archive" }).click();
    await confirm(page, "Archive");
    // No toast goes away while one of them has the pointer.
    await toast(page, "Coffee updated").last().hover();
    await page.getByRole("row", { name: /Coffee 60.*Archived/ }).waitFor();
    await toast(page, "Coffee updated").last().getByRole("button", { name: "Undo" }).click();
    await page.getByRole("row", { name: /Coffee 60.*Active/ }).waitFor();
    const types = await call("admin", "GET", "/api/v1/gifts/gift-types");
    expect(types).toContainEqual(expect.objectContaining({ name: "Coffee", creditAmount: 60 }));
    // Undone from another view, it leaves that view as it is.
    const dismiss = page.getByRole("button", { name: "Dismiss" });
    while ((await dismiss.count()) > 1) await dismiss.first().click();
    await page.getByRole("link", { name: "Users" }).click();
    await page.getByRole("heading", { level: 1, name: "Users" }).waitFor();
    const last = toast(page, "Coffee updated");
    await last.getByRole("button", { name: "Undo" }).click();
    await expectSoon(async () => !(await isSold("Coffee")));
    await last.waitFor();
    expect(new URL(page.url()).search).toBe("?view=users");
    await last.getByRole("button", { name: "Undo" }).click();
    await expectSoon(() => isSold("Coffee"));
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an admin refunds a gift once, after a confirmation",
  async () => {
    const { streamId } = await giveRose("rose-host");
    const { page, faults, visit, close } = await openAsAdmin();
    await visit(`view=refunds&stream=${streamId}`);
    await page.getByRole("button", { name: "Refund…" }).first().click();
    await confirm(page, "Refund");
    await toast(page, "10 credits refunded to John Doe.").waitFor();
    await page.getByText("Refunded", { exact: true }).first().waitFor();
    await call(johnId, "POST", `/api/v1/live-stream/${streamId}/chat/superlike`);
    await page.getByRole("button", { name: "Superlikes" }).click();
    await page.getByRole("button", { name: "Refund…" }).click();
    await confirm(page, "Refund");
    // It stays, also if the list is read again.
    for (const reload of [false, true]) {
      if (reload) await page.reload();
      await page.getByText("Refunded", { exact: true }).waitFor();
    }
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a refund of a gift that an application's callback charged says that no credits move",
  async () => {
    const { streamId } = await giveRose("free-host");
    const { page, faults, visit, close } = await openAsAdmin();
    await page.route("**/gifts/*/refund", (route) => {
      const data = { id: "0".repeat(24), refundedAt: new Date().toISOString(), credits: 0 };
      return route.fulfill({ json: { isSuccess: true, statusCode: 200, data, errors: [] } });
    });
    await visit(`view=refunds&stream=${streamId}`);
    await page.getByRole("button", { name: "Refund…" }).first().click();
    const warning = "10 credits will go back to the sender. If your application's callback charged";
    await page.getByRole("dialog").getByText(warning).waitFor();
    await confirm(page, "Refund");
    await toast(page, "Refunded 1 × Rose from John Doe. No credits moved.").waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the ledger names the whole price before it refunds a gift to several receivers",
  async () => {
    await giveRose("several-host");
    const { page, faults, visit, close } = await openAsAdmin();
    await page.route(/\/transactions\?/, async (route) => {
      const answer = await route.fetch();
      const { data, ...rest } = await answer.json();
      const [row] = data.list.filter(({ type }: { type: string }) => type === "gift_spend");
      const parts = ["a", "b", "c"].map((id) => ({ ...row, id }));
      // The last one may have more entries on the next page.
      const list = [...parts, { ...row, id: "d", giftId: "0".repeat(24) }];
      data.pageInfo = { ...data.pageInfo, hasNextPage: true, nextCursor: "e" };
      await route.fulfill({ response: answer, json: { ...rest, data: { ...data, list } } });
    });
    await visit(`view=users&id=${johnId}`);
    for (const [at, price] of [
      [1, "30 credits"],
      [3, "The whole price"],
    ] as const) {
      await page.getByRole("button", { name: "Refund…" }).nth(at).click();
      await page.getByRole("dialog").getByText(`${price} will go back`).waitFor();
      await page.keyboard.press("Escape");
    }
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an admin redrives a parked record with the function's own grants",
  async () => {
    await parkGift("price: expected a whole number");
    await parkGift("count: expected a whole number");
    const { page, faults, visit, close } = await openAsAdmin();
    await visit("view=parked");
    await page.getByRole("row", { name: /price: expected a whole number/ }).press("Enter");
    const detail = page.getByRole("complementary", { name: "Parked record" });
    const held = Promise.withResolvers<Route>();
    await page.route("**/redrive", (route) => held.resolve(route), { times: 1 });
    await detail.getByRole("button", { name: "Redrive" }).click();
    const route = await held.promise;
    // The record that is opened meanwhile stays open.
    await page.getByRole("row", { name: /count: expected a whole number/ }).press("Enter");
    await detail.getByText("count: expected a whole number").waitFor();
    await route.continue();
    await toast(page, /settled/i).waitFor();
    await detail.getByText("count: expected a whole number").waitFor();
    await detail.getByRole("button", { name: "Redrive" }).click();
    await page.getByText("No parked records.").waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an admin creates a webhook, sends a test event and resends it",
  async () => {
    const heard: string[] = [];
    const server = createServer((request, response) => {
      heard.push(String(request.headers["webhook-id"]));
      request.resume();
      // The second one after the page has read the list.
      setTimeout(() => response.writeHead(204).end(), (heard.length - 1) * 1_000);
    });
    const url = `http://127.0.0.1:${await listen(server)}/hook`;
    const { page, faults, visit, close } = await openAsAdmin({ hasTestClock: true });
    await visit("view=webhooks&id=new");
    await page.getByLabel("Endpoint URL").fill(url);
    await page.getByLabel("Events").fill("webhook.test");
    const held = Promise.withResolvers<void>();
    await page.route(/\/webhooks$/, async (route) => {
      if (route.request().method() === "POST") await held.promise;
      await route.continue();
    });
    const create = page.getByRole("button", { name: "Create webhook" });
    await create.dblclick();
    held.resolve();
    await toast(page, "created.").waitFor();
    // The form is empty then: another press creates nothing, and the secret stays.
    await create.click();
    await page.getByRole("alert").getByText("Enter a URL").waitFor();
    await page.getByText(/^whsec_/).waitFor();
    // A click waits for the list, and fails if there are two rows.
    await page.getByRole("row", { name: url }).click();
    await page.getByRole("button", { name: "Send test event" }).click();
    const deliveries = page.getByRole("region", { name: "Deliveries" });
    await deliveries.getByText("delivered").waitFor();
    // The list is read again while something is due, and not for as long as the page is open.
    let reads = 0;
    page.on("request", (request) => {
      if (/\/deliveries/.test(request.url())) reads++;
    });
    let quiet = 0;
    await expectSoon(async () => {
      const before = reads;
      await page.clock.fastForward(10_000);
      await call("admin", "GET", "/api/v1/webhooks");
      quiet = reads === before ? quiet + 1 : 0;
      return quiet === 5;
    });
    await deliveries.getByRole("button", { name: "Resend" }).click();
    await toast(page, "resent").waitFor();
    await expectSoon(async () => heard.length === 2);
    expect(heard[0]).toBe(heard[1]);
    // Its outcome is shown, though nothing is due.
    await deliveries.getByText("2 attempts").waitFor();
    await page.getByRole("button", { name: "Delete…" }).click();
    await confirm(page, "Delete");
    await toast(page, "deleted.").waitFor();
    expect(faults).toEqual([]);
    await close();
    server.close();
  },
  testMilliseconds,
);

browserTest(
  "an admin who leaves the form of a new webhook before the answer still gets its secret",
  async () => {
    const { page, faults, visit, close } = await openAsAdmin();
    await visit("view=webhooks&id=new");
    const url = "https://example.com/left-early";
    await page.getByLabel("Endpoint URL").fill(url);
    const held = Promise.withResolvers<void>();
    await page.route(/\/webhooks$/, async (route) => {
      if (route.request().method() === "POST") await held.promise;
      await route.continue();
    });
    await page.getByRole("button", { name: "Create webhook" }).click();
    await page.getByRole("button", { name: "Close" }).click();
    await confirm(page, "Discard");
    held.resolve();
    await toast(page, `Webhook to ${url} created.`).waitFor();
    await page.getByRole("row", { name: url }).click();
    const pane = page.getByRole("complementary", { name: url });
    const secret = await pane.getByText(/^whsec_/).textContent();
    // The same after a rotation, with the new secret; another user of the tab sees neither.
    await pane.getByRole("button", { name: "Rotate secret…" }).click();
    await confirm(page, "Rotate secret");
    await pane
      .getByText(/^whsec_/)
      .and(page.locator(`:not(:text-is("${secret}"))`))
      .waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Ada Admin" }).click();
    await pane.getByText("Edit webhook").waitFor();
    expect(await pane.getByText(/^whsec_/).count()).toBe(0);
    expect(faults).toEqual([]);
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
    const found = page.getByRole("list", { name: "Search results" });
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
