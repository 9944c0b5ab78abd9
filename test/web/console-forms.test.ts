/** What the console's forms show when answers come late. */
import type { Locator, Route } from "playwright-core";
import { type Keys, keepKey, keyOf } from "../../web/new-key.ts";
import { browserTest } from "./browser.ts";
import { callerOf, confirm, goLive, openConsole, openConsoleAs, toast } from "./console.ts";
import { expectDrawn } from "./focus.ts";
import { expectSoon, johnId, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);

test("a form keeps the keys of what was sent, and of what was only typed the newest", () => {
  const keys: Keys = new Map();
  const sent = keyOf(keys, "sent");
  keepKey(keys, "sent", sent);
  for (let typed = 0; typed < 100; typed++) keyOf(keys, `typed ${typed}`);
  expect([...keys.keys()]).toEqual(["sent", "typed 99"]);
  expect(keyOf(keys, "typed 99")).toBe(keys.get("typed 99")?.key);
  expect(keyOf(keys, "sent")).toBe(sent);
});

browserTest(
  "what is typed while a form is being saved stays in it, and is not sent",
  async () => {
    const hook = { url: "https://example.com/hook", events: ["webhook.test"] };
    const { id } = await call("admin", "POST", "/api/v1/webhooks", hook);
    const gift = { name: "Tiara", creditAmount: 900, svgUrl: "https://e.example/tiara.svg" };
    await call("admin", "POST", "/api/v1/gifts/gift-types", { ...gift, isActive: false });
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    let writes = 0;
    page.on("request", (request) => {
      if (request.method() !== "GET") writes++;
    });
    /** Types into a field, and presses Enter, while the call of its form is under way. */
    const typeMeanwhile = async (url: string, save: Locator, field: Locator, text: string) => {
      const held = Promise.withResolvers<Route>();
      await page.route(url, (route) => held.resolve(route), { times: 1 });
      await save.click();
      const route = await held.promise;
      expect(await save.isDisabled()).toBe(true);
      const before = writes;
      await field.fill(text);
      await field.press("Enter");
      await route.continue();
      await expectSoon(() => save.isEnabled());
      expect(writes).toBe(before);
    };
    await visit(`view=users&id=${johnId}`);
    const wallet = page.getByRole("form", { name: "Top up or pay out" });
    const credits = wallet.getByLabel("Credits", { exact: true });
    await credits.fill("7");
    const topUp = wallet.getByRole("button", { name: "Top up" }).last();
    await typeMeanwhile("**/top-ups", topUp, credits, "70");
    await toast(page, "now has").waitFor();
    expect(await credits.inputValue()).toBe("70");
    await visit("view=gifts");
    await page.getByRole("row", { name: /Tiara/ }).press("Enter");
    const editor = page.getByRole("form", { name: "Gift type" });
    const [name, price] = [editor.getByLabel("Name"), editor.getByLabel("Price in credits")];
    await price.fill("910");
    const save = page.getByRole("button", { name: "Save" });
    await typeMeanwhile("**/gift-types/*", save, name, "Diadem");
    await page.getByRole("row", { name: /Tiara 910/ }).waitFor();
    expect([await name.inputValue(), await price.inputValue()]).toEqual(["Diadem", "910"]);
    await toast(page, "updated for new gifts").getByRole("button", { name: "Undo" }).click();
    await page.getByRole("row", { name: /Tiara 900/ }).waitFor();
    await expectSoon(async () => (await price.inputValue()) === "900");
    expect(await name.inputValue()).toBe("Diadem");
    await page.getByRole("button", { name: "New gift type" }).click();
    await confirm(page, "Discard");
    const submit = editor.getByRole("button", { name: /^(Create gift|Save)$/ });
    await name.fill("Sceptre");
    await editor.getByLabel("Picture").fill("https://e.example/sceptre.svg");
    await typeMeanwhile("**/gift-types", submit, name, "Orb");
    await page.getByRole("row", { name: /Sceptre/ }).waitFor();
    expect(await name.inputValue()).toBe("Orb");
    // Now it is the form of that gift. Saved late, it does not replace that of another new one.
    const held = Promise.withResolvers<Route>();
    await page.route("**/gift-types/*", (route) => held.resolve(route), { times: 1 });
    await submit.click();
    const route = await held.promise;
    await page.getByRole("button", { name: "New gift type" }).click();
    await confirm(page, "Discard");
    await name.fill("Globe");
    await route.continue();
    await page.getByRole("row", { name: /Orb/ }).waitFor();
    expect(await submit.innerText()).toBe("Create gift");
    expect(await name.inputValue()).toBe("Globe");
    await visit(`view=webhooks&id=${id}`);
    await page.getByText("Edit webhook").click();
    const [events, description] = [page.getByLabel("Events"), page.getByLabel("Description")];
    await description.fill("Desk");
    await typeMeanwhile("**/webhooks/*", save, events, "gift.sent");
    await toast(page, "updated.").waitFor();
    expect([await events.inputValue(), await description.inputValue()]).toEqual([
      "gift.sent",
      "Desk",
    ]);
    // Its undo takes back only what was saved.
    await toast(page, "updated.").getByRole("button", { name: "Undo" }).click();
    await expectSoon(async () => (await description.inputValue()) === "");
    expect(await events.inputValue()).toBe("gift.sent");
    await close();
  },
  testMilliseconds,
);

browserTest(
  "entered values are kept after a reload, next to what others have changed meanwhile",
  async () => {
    const hook = { url: "https://example.com/reloaded", events: ["webhook.test"] };
    const { id } = await call("admin", "POST", "/api/v1/webhooks", hook);
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    await visit(`view=webhooks&id=${id}`);
    await page.getByText("Edit webhook").click();
    await page.getByLabel("Description").fill("Desk");
    await call("admin", "PATCH", `/api/v1/webhooks/${id}`, { events: ["gift.sent"] });
    await page.reload();
    await page.getByText("Edit webhook").click();
    expect(await page.getByLabel("Description").inputValue()).toBe("Desk");
    expect(await page.getByLabel("Events").inputValue()).toBe("gift.sent");
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the last of several presses of a switch is the one that is stored",
  async () => {
    const hook = { url: "https://example.com/switched", events: ["webhook.test"] };
    const { id } = await call("admin", "POST", "/api/v1/webhooks", hook);
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    await visit(`view=webhooks&id=${id}`);
    const held: Route[] = [];
    await page.route(`**/webhooks/${id}`, (route) => {
      if (route.request().method() !== "PATCH" || held.length > 0) return route.continue();
      held.push(route);
    });
    let changes = 0;
    page.on("request", (request) => {
      if (request.method() === "PATCH") changes++;
    });
    const enabled = page.getByRole("switch", { name: "Enabled" });
    for (const isOn of [false, true]) {
      await enabled.press("Space");
      expect(await enabled.isChecked()).toBe(isOn);
    }
    await expectSoon(() => held.length === 1);
    // A later call, by whose answer a second change would be there.
    await page.evaluate(`fetch("/health").then(Boolean)`);
    expect(changes).toBe(1);
    await held[0]!.continue();
    await expectSoon(() => changes === 2);
    await toast(page, "enabled.").waitFor();
    expect(await enabled.isChecked()).toBe(true);
    expect((await call("admin", "GET", `/api/v1/webhooks/${id}`)).enabled).toBe(true);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a list that is read twice shows the newer rows, whichever arrive last",
  async () => {
    const gift = { name: "Crescent", creditAmount: 100, svgUrl: "https://e.example/c.svg" };
    await call("admin", "POST", "/api/v1/gifts/gift-types", { ...gift, isActive: false });
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    await visit("view=gifts");
    const row = page.getByRole("row", { name: /Crescent/ });
    await row.press("Enter");
    const answers: (() => Promise<void>)[] = [];
    await page.route(/gift-types\?inactive/, async (route) => {
      const response = await route.fetch();
      answers.push(() => route.fulfill({ response }));
    });
    const save = page.getByRole("button", { name: "Save" });
    for (const price of ["110", "120"]) {
      const count = answers.length;
      await page.getByLabel("Price in credits").fill(price);
      await save.click();
      await expectSoon(() => answers.length > count);
    }
    for (const answer of answers.reverse()) await answer();
    await page.evaluate(`fetch("/health").then(Boolean)`);
    await expectDrawn(page);
    expect(await row.innerText()).toContain("120");
    expect(await save.isDisabled()).toBe(true);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "of two overlay URLs that are revoked at once none stays listed",
  async () => {
    const host = "channel-host-8";
    for (const description of ["Desk", "Laptop"])
      await call(host, "POST", "/api/v1/channel/overlay-keys", { description });
    const { page, visit, close } = await openConsoleAs(pages, host);
    await visit("view=channel");
    await page.getByRole("tab", { name: "Overlay" }).click();
    const revoke = async (name: string) => {
      const row = page.getByRole("listitem").filter({ hasText: name });
      await row.getByRole("button", { name: "Revoke" }).press("Enter");
      await row.getByRole("button", { name: "Revoke?" }).press("Enter");
    };
    // The list without the first one, as it was before the second one was revoked, comes last.
    const [read, late] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const list = "**/overlay-keys?*";
    const hold = async (route: Route) => {
      const answer = await route.fetch();
      read.resolve();
      await late.promise;
      await route.fulfill({ response: answer });
    };
    await page.getByText("Laptop").waitFor();
    await page.route(list, hold, { times: 1 });
    await revoke("Desk");
    await read.promise;
    await revoke("Laptop");
    const none = page.getByText("No overlay URLs yet");
    await none.waitFor();
    const answered = page.waitForResponse(list);
    late.resolve();
    await (await answered).finished();
    await expectDrawn(page);
    expect(await none.count()).toBe(1);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the refusal of a new poll is shown in its form, and what was entered stays in it",
  async () => {
    const streamId = await goLive(call, "forms-host", "Refused poll");
    const { page, visit, close } = await openConsoleAs(pages, "forms-refused");
    await visit(`view=moments&stream=${streamId}`);
    const poll = page.getByRole("form", { name: "New poll" });
    await fillPoll(poll);
    const refuse = { status: 409, json: { isSuccess: false, errors: ["Not another poll"] } };
    await page.route("**/moments", (route) => route.fulfill(refuse));
    await poll.getByRole("button", { name: "Start poll" }).click();
    await poll.getByRole("alert").getByText("Not another poll").waitFor();
    await page.getByRole("tab", { name: "Goal" }).click();
    await page.getByRole("form", { name: "New goal" }).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.getByRole("tab", { name: "Poll" }).click();
    expect(await poll.getByLabel("Question").inputValue()).toBe("Which song next?");
    await close();
  },
  testMilliseconds,
);

const fillPoll = async (poll: Locator) => {
  const texts = { Question: "Which song next?", "Option 1": "Blue", "Option 2": "Red" };
  for (const [label, text] of Object.entries(texts)) await poll.getByLabel(label).fill(text);
};

browserTest(
  "what a user has entered outlives their session and a reload, but is not shown to another user",
  async () => {
    const streamId = await goLive(call, "forms-host", "Half a poll");
    const { page, visit, close } = await openConsoleAs(pages, "forms-expired");
    await visit(`view=moments&stream=${streamId}`);
    const poll = page.getByRole("form", { name: "New poll" });
    await fillPoll(poll);
    await page.route("**/moments", (route) => route.fulfill({ status: 401 }));
    const expire = async () => {
      await poll.getByRole("button", { name: "Start poll" }).click();
      await page.getByText("Your session has ended. Sign in again.").waitFor();
    };
    const signInAs = async (sub: string) => {
      await page.getByText("Sign in with a token").click();
      await page
        .getByRole("textbox", { name: "Token" })
        .fill(await pages.tokenOf({ sub, groups: ["admin"] }));
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await poll.waitFor();
    };
    const question = poll.getByLabel("Question");
    await expire();
    await signInAs("forms-expired");
    expect(await question.inputValue()).toBe("Which song next?");
    await poll.getByLabel("Option 3").fill("Green");
    await page.reload();
    expect(await poll.getByLabel("Option 3").inputValue()).toBe("Green");
    await expire();
    await signInAs("forms-other");
    expect(await question.inputValue()).toBe("");
    // It ends with its form.
    await visit(`view=users&q=johndoe&id=${johnId}`);
    const credits = page.getByRole("form", { name: "Top up or pay out" }).getByLabel("Credits");
    await credits.fill("70");
    await page.getByRole("button", { name: "Close" }).click();
    await confirm(page, "Discard");
    await page.getByRole("row", { name: /johndoe/ }).click();
    await credits.waitFor();
    expect(await credits.inputValue()).toBe("");
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a form whose changes would be lost asks before it closes",
  async () => {
    const streamId = await goLive(call, "forms-host", "Left early");
    for (const name of ["Comet", "Meteor"]) {
      const gift = { name, creditAmount: 800, svgUrl: "https://e.example/comet.svg" };
      await call("admin", "POST", "/api/v1/gifts/gift-types", { ...gift, isActive: false });
    }
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    await visit(`view=bans&stream=${streamId}&id=new`);
    const question = page.getByRole("dialog", { name: "Discard changes?" });
    const pane = page.getByRole("complementary", { name: "Ban user" });
    const reason = pane.getByLabel("Reason");
    await reason.fill("Rude");
    // Escape that ends the input of a character is not for the pane.
    await reason.dispatchEvent("keydown", { key: "Escape", isComposing: true });
    await expectDrawn(page);
    expect(await question.count()).toBe(0);
    await reason.press("Escape");
    await confirm(page, "Keep editing");
    expect(await reason.inputValue()).toBe("Rude");
    await pane.getByRole("button", { name: "Close" }).click();
    await page.keyboard.press("Escape");
    await question.waitFor({ state: "detached" });
    await pane.getByRole("button", { name: "Close" }).click();
    await confirm(page, "Discard");
    await pane.waitFor({ state: "detached" });
    // What is as it was is left without a question.
    await page.getByRole("button", { name: "Ban user" }).click();
    await reason.fill("Rude");
    await reason.fill("");
    await reason.press("Escape");
    await pane.waitFor({ state: "detached" });
    await visit("view=gifts");
    await page.getByRole("row", { name: /Comet/ }).click();
    const name = page.getByRole("form", { name: "Gift type" }).getByLabel("Name");
    await name.fill("Halley");
    await page.getByRole("row", { name: /Meteor/ }).click();
    await confirm(page, "Keep editing");
    expect(await name.inputValue()).toBe("Halley");
    await page.getByRole("row", { name: /Meteor/ }).click();
    await confirm(page, "Discard");
    await page.getByRole("complementary", { name: "Meteor" }).waitFor();
    await page.getByRole("row", { name: /Comet/ }).click();
    await page.getByRole("complementary", { name: "Comet" }).waitFor();
    // Another view closes the form, too.
    await name.fill("Halley");
    const streams = page.getByRole("link", { name: "Streams", exact: true });
    for (const leave of [streams, page.getByRole("button", { name: "Sign out" })]) {
      await leave.click();
      await confirm(page, "Keep editing");
      expect(await name.inputValue()).toBe("Halley");
    }
    await streams.click();
    await confirm(page, "Discard");
    await page.getByRole("heading", { level: 1, name: "Streams" }).waitFor();
    // A tab or a duration that is chosen is lost without a question, but a text is not.
    await visit(`view=moments&stream=${streamId}`);
    await page.getByLabel("Duration").selectOption("60");
    await page.getByRole("link", { name: "Channel", exact: true }).click();
    await page.getByRole("tab", { name: "Overlay" }).click();
    await page.getByLabel("Theme").selectOption("panel");
    await streams.click();
    await page.getByRole("heading", { level: 1, name: "Streams" }).waitFor();
    expect(await question.count()).toBe(0);
    await visit(`view=users&id=${johnId}`);
    await page.getByRole("form", { name: "Top up or pay out" }).getByLabel("Credits").fill("7");
    await page.getByLabel("User ID").fill("user2");
    await page.getByLabel("User ID").press("Enter");
    await confirm(page, "Discard");
    await expectSoon(() => page.url().endsWith("id=user2"));
    await close();
  },
  testMilliseconds,
);
