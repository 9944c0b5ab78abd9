/** What a host manages from stream to stream, and polls and goals, in the console. */
import type { Locator, Route } from "playwright-core";
import { browserTest, listFindings } from "./browser.ts";
import { callerOf, goLive, openConsole, openConsoleAs } from "./console.ts";
import {
  expectSoon,
  testMilliseconds,
  timeoutMilliseconds,
  usePages,
  watchFor,
  watchSubscription,
} from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);
const openAsAdmin = () => openConsole(pages, "Ada Admin");

browserTest(
  "settings, moderators, words and the overlay URL of a channel hold in the next stream",
  async () => {
    const host = "channel-host-1";
    await call("mod-of-host", "GET", "/api/v1/wallet");
    // A new user is found a little later, and the page searches once for what is typed.
    const search = () => call(host, "GET", "/api/v1/users/search?q=mod-of");
    await expectSoon(async () => (await search()).list.length > 0);
    const { page, faults, visit, close } = await openConsoleAs(pages, host);
    const channel = () => call(host, "GET", "/api/v1/channel");
    await visit("view=channel");
    await page.getByLabel("Slow mode").selectOption("10");
    await expectSoon(async () => (await channel()).slowModeSeconds === 10);
    await page.getByRole("tab", { name: "Moderators" }).click();
    await page.getByText("No moderators yet").waitFor();
    await page.getByLabel("Add a moderator").fill("mod-of");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    const moderators = page.getByRole("list", { name: "Moderators" });
    await moderators.getByText("mod-of-host").waitFor();
    // Tab leads from button to button: each tells whom it is about.
    const remove = moderators.getByRole("button", { name: "Remove" });
    const described = `document.getElementById(one.getAttribute("aria-describedby")).textContent`;
    expect(await remove.evaluate(new Function("one", `return ${described}`) as never)).toMatch(
      /mod-of-host/,
    );
    await page.getByLabel("Add a moderator").fill("mod-of");
    await page.getByRole("status").getByText("Already a moderator").waitFor();
    await page.getByLabel("Add a moderator").fill("nobody-of-this-name");
    await page.getByRole("status").getByText("No users match").waitFor();
    await page.getByRole("tab", { name: "Blocked words" }).click();
    await page.getByLabel("Word or phrase").fill(`spoiler, ${"w".repeat(51)}`);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("alert").getByText("is longer than 50 characters").waitFor();
    await page.getByLabel("Word or phrase").fill("spoiler, cheap followers");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Remove cheap followers" }).click();
    await expectSoon(async () => (await channel()).blockedWords.join() === "spoiler");
    await page.getByRole("tab", { name: "Hype train" }).click();
    await page.getByLabel("Level goals (total credits)").fill("50, 40");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").getByText("each higher than the one before").waitFor();
    await page.getByLabel("Level goals (total credits)").fill("50, 130");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").getByText("Saved").waitFor();
    await page.getByLabel("Level goals (total credits)").fill("50, 40");
    expect(await page.getByText("Saved").count()).toBe(0);
    // The switch saves itself alone, and Save only what was changed here.
    await page.getByRole("switch", { name: "Hype trains on" }).click();
    await expectSoon(async () => (await channel()).train.enabled);
    const { train } = await channel();
    expect(train.levels).toEqual([50, 130]);
    const elsewhere = { ...train, enabled: false, startSenders: 7 };
    await call(host, "PATCH", "/api/v1/channel", { train: elsewhere });
    await page.getByLabel("Level goals (total credits)").fill("50, 140");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").getByText("Saved").waitFor();
    expect((await channel()).train).toEqual({ ...elsewhere, levels: [50, 140] });
    expect(await page.getByLabel("Supporters to start").inputValue()).toBe("7");
    await page.getByRole("tab", { name: "Overlay" }).click();
    await page.getByLabel("Name").fill("Desk");
    await page.getByLabel("Position").selectOption("center");
    await page.getByRole("img", { name: "Preview: Light text, Center" }).waitFor();
    await page.getByRole("button", { name: "Create overlay URL" }).click();
    const url = await page.getByRole("textbox", { name: /Overlay URL/ }).inputValue();
    expect(url).toMatch(/\/overlay\?channel=channel-host-1&key=ovk_[\w-]+&align=center$/);
    const next = await goLive(call, host, "The next evening");
    const settings = await call(host, "GET", `/api/v1/live-stream/${next}/chat-settings`);
    expect(settings).toMatchObject({ slowModeSeconds: 10, blockedWords: ["spoiler"] });
    expect(settings.moderators).toEqual(["mod-of-host"]);
    const overlay = await page.context().newPage();
    overlay.setDefaultTimeout(timeoutMilliseconds);
    const subscribed = watchSubscription(overlay);
    await overlay.goto(url);
    await overlay.locator('.ov[data-state="online"][data-align="center"]').waitFor();
    await subscribed();
    const messages = `/api/v1/live-stream/${next}/chat/messages`;
    await call(host, "POST", messages, { content: "seen in OBS" });
    await overlay.getByText("seen in OBS").waitFor();
    // A double click is one press.
    await page.getByRole("button", { name: "Revoke" }).dblclick();
    await page.getByRole("button", { name: "Revoke?" }).press("Enter");
    await page.getByText("No overlay URLs yet").waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a change that is made while another one is being saved is saved after it",
  async () => {
    const { page, faults, visit, close } = await openConsoleAs(pages, "channel-host-3");
    const held = Promise.withResolvers<void>();
    await page.route("**/api/v1/channel", async (route) => {
      if (route.request().method() === "PATCH") await held.promise;
      await route.continue();
    });
    await visit("view=channel");
    await page.getByLabel("Slow mode").selectOption("10");
    await page.getByRole("tab", { name: "Blocked words" }).click();
    await page.getByLabel("Word or phrase").fill("spoiler");
    await page.keyboard.press("Enter");
    held.resolve();
    await page.getByRole("button", { name: "Remove spoiler" }).waitFor();
    const saved = await call("channel-host-3", "GET", "/api/v1/channel");
    expect(saved).toMatchObject({ slowModeSeconds: 10, blockedWords: ["spoiler"] });
    // In another tab.
    const blockedWords = ["spoiler", "elsewhere"];
    await call("channel-host-3", "PATCH", "/api/v1/channel", { blockedWords });
    await page.getByLabel("Word or phrase").fill("here");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Remove here" }).waitFor();
    await page.getByRole("button", { name: "Remove elsewhere" }).waitFor();
    await page.getByLabel("Word or phrase").fill("w".repeat(40));
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: /^Remove www/ }).waitFor();
    await page.setViewportSize({ width: 320, height: 640 });
    const isWider = `(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)(
      document.querySelector(".channel-body"))`;
    expect(await page.evaluate(isWider)).toBe(false);
    expect(faults).toEqual([]);
    // The next word may be typed while one is being saved.
    const saving = Promise.withResolvers<void>();
    await page.route("**/api/v1/channel", async (route) => {
      await saving.promise;
      await route.fallback();
    });
    await page.getByLabel("Word or phrase").fill("first");
    await page.keyboard.press("Enter");
    await page.getByLabel("Word or phrase").pressSequentially("second");
    saving.resolve();
    await page.getByRole("button", { name: "Remove first" }).waitFor();
    expect(await page.getByLabel("Word or phrase").inputValue()).toBe("second");
    // A refusal is shown where it belongs, and with it what was typed.
    const refuse = { status: 403, json: { isSuccess: false, errors: ["Not these words"] } };
    await page.route("**/api/v1/channel", (route) => route.fulfill(refuse));
    await page.getByLabel("Word or phrase").fill("refused");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("Not these words").waitFor();
    expect(await page.getByLabel("Word or phrase").inputValue()).toBe("refused");
    await page.getByRole("tab", { name: "Bans" }).click();
    await page.getByText("No bans").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.route("**/users/search?*", (route) => route.fulfill(refuse));
    await page.getByRole("tab", { name: "Moderators" }).click();
    await page.getByLabel("Add a moderator").fill("mod");
    await page.getByRole("alert").getByText("Not these words").waitFor();
    await page.getByLabel("Add a moderator").fill("");
    await page.getByRole("alert").waitFor({ state: "detached" });
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a channel, its bans, its overlay URLs and its polls that could not be read are read again",
  async () => {
    const host = "channel-host-5";
    const streamId = await goLive(call, host, "Second attempt");
    const { page, visit, close } = await openConsoleAs(pages, host);
    /** Lets the first read fail, and repeats it. */
    const expectRetry = async (path: string, act: () => Promise<unknown>, result: Locator) => {
      const refuse = { status: 403, json: { isSuccess: false, errors: ["Not now"] } };
      await page.route(path, (route) => route.fulfill(refuse), { times: 1 });
      await act();
      await page.getByRole("alert").getByText("Not now").waitFor();
      expect(await page.locator("[aria-busy=true]").count()).toBe(0);
      await page.getByRole("button", { name: "Try again" }).click();
      await result.waitFor();
      expect(await page.getByRole("alert").count()).toBe(0);
    };
    const openTab = (name: string) => () => page.getByRole("tab", { name }).click();
    const slow = page.getByLabel("Slow mode");
    await expectRetry("**/api/v1/channel", () => visit("view=channel"), slow);
    await expectRetry("**/live-stream-ban?*", openTab("Bans"), page.getByText("No bans"));
    const none = page.getByText("No overlay URLs yet");
    await expectRetry("**/overlay-keys?*", openTab("Overlay"), none);
    await expectRetry(
      "**/moments?*",
      () => visit(`view=moments&stream=${streamId}`),
      page.getByText("No polls, goals or hype trains yet"),
    );
    await close();
  },
  testMilliseconds,
);

browserTest(
  "bans of a channel are listed and lifted on its page",
  async () => {
    await call("loud-1", "GET", "/api/v1/wallet");
    const streamId = await goLive(call, "channel-host-2", "Loud evening");
    const ban = { targetUserId: "loud-1", liveStreamId: streamId, scope: "channel" };
    await call("channel-host-2", "POST", "/api/v1/live-stream-ban", {
      ...ban,
      reason: "5 إعلانات",
    });
    const { page, faults, visit, close } = await openConsoleAs(pages, "channel-host-2");
    await visit("view=channel");
    await page.getByRole("tab", { name: "Bans" }).click();
    const row = page.getByRole("list", { name: "Bans" }).getByRole("listitem");
    const loud = row.filter({ hasText: "loud-1" });
    await loud.getByText("Blocked in the channel · 5 إعلانات").waitFor();
    // Read from the right, whatever is around it: the number comes first there.
    const order = (text: string) => `(() => {
      const node = [...document.querySelectorAll("bdi")].at(-1).firstChild;
      const range = document.createRange();
      range.setStart(node, node.data.indexOf("${text}"));
      range.setEnd(node, node.data.indexOf("${text}") + 1);
      return range.getBoundingClientRect().left;
    })()`;
    expect(await page.evaluate<number>(order("5"))).toBeGreaterThan(
      await page.evaluate<number>(order("إ")),
    );
    await loud.getByRole("button", { name: "Unban" }).click();
    await loud.getByRole("button", { name: "Unban?" }).click();
    await loud.waitFor({ state: "detached" });
    const check = `/api/v1/live-stream-ban/check/loud-1?liveStreamId=${streamId}`;
    expect(await call("channel-host-2", "GET", check)).toMatchObject({ isBanned: false });
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a ban lifted by the page or in another tab leaves the list, and hides none on the next page",
  async () => {
    const host = "channel-host-4";
    const streamId = await goLive(call, host, "Loud evenings");
    const ids: string[] = [];
    for (const targetUserId of ["loud-4", "loud-3", "loud-2", "loud-1"]) {
      await call(targetUserId, "GET", "/api/v1/wallet");
      const ban = { targetUserId, liveStreamId: streamId, scope: "channel" };
      ids.push((await call(host, "POST", "/api/v1/live-stream-ban", ban))._id);
    }
    const { page, faults, visit, close } = await openConsoleAs(pages, host);
    await page.route("**/live-stream-ban?*", (route) =>
      route.continue({ url: route.request().url().replace("limit=50", "limit=2") }),
    );
    await visit("view=channel");
    await page.getByRole("tab", { name: "Bans" }).click();
    const row = (name: string) =>
      page.getByRole("list", { name: "Bans" }).getByRole("listitem").filter({ hasText: name });
    const unban = async (name: string) => {
      await row(name).getByRole("button", { name: "Unban" }).click();
      await row(name).getByRole("button", { name: "Unban?" }).click();
      await row(name).waitFor({ state: "detached" });
    };
    await unban("loud-1");
    await page.getByRole("button", { name: "More" }).click();
    await row("loud-3").waitFor();
    await call(host, "DELETE", `/api/v1/live-stream-ban/${ids[2]}`);
    await unban("loud-2");
    expect(faults.filter((fault) => !/409/.test(fault))).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a moderator who has deleted their account does not hide the others, nor keep them in the list",
  async () => {
    const host = "channel-host-5";
    const moderators = ["mod-gone", "mod-left", "mod-stays"];
    for (const one of moderators) await call(one, "GET", "/api/v1/wallet");
    await call(host, "GET", "/api/v1/wallet");
    await call(host, "PATCH", "/api/v1/channel", { moderators });
    const { page, faults, visit, close } = await openConsoleAs(pages, host);
    // An erasure removes moderators; those whom an earlier version left in a list have no profile.
    const gone = { isSuccess: false, errors: ["Resource not found"], code: "user_not_found" };
    await page.route("**/api/v1/users/mod-gone", (route) =>
      route.fulfill({ status: 404, json: gone }),
    );
    await visit("view=channel");
    await page.getByRole("tab", { name: "Moderators" }).click();
    const row = page.getByRole("list", { name: "Moderators" }).getByRole("listitem");
    await row.filter({ hasText: "Deleted user" }).waitFor();
    await row.filter({ hasText: "mod-left" }).getByRole("button", { name: "Remove" }).click();
    await expectSoon(async () => {
      const channel = await call(host, "GET", "/api/v1/channel");
      return channel.moderators.join() === "mod-stays";
    });
    expect(faults.filter((fault) => !/404/.test(fault))).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a poll shows votes as they come and its result, and a goal is cancelled",
  async () => {
    const streamId = await goLive(call, "poll-host", "Vote show");
    const { page, faults, visit, close } = await openAsAdmin();
    await visit(`view=moments&stream=${streamId}`);
    const form = page.getByRole("form", { name: "New poll" });
    await form.getByRole("button", { name: "Start poll" }).click();
    await form.getByRole("alert").getByText("Enter a question").waitFor();
    await form.getByLabel("Question").fill("Which song next?");
    await form.getByLabel("Option 1").fill("Ankara");
    await form.getByLabel("Option 2").fill("Istanbul");
    const held = Promise.withResolvers<Route>();
    await page.route("**/moments", (route) => held.resolve(route), { times: 1 });
    await form.getByRole("button", { name: "Start poll" }).click();
    const sent = await held.promise;
    expect(await form.getByRole("button", { name: "Start poll" }).isDisabled()).toBe(true);
    await form.getByLabel("Question").fill("And the one after it?");
    await sent.continue();
    const poll = page.getByRole("article", { name: "Which song next?" });
    await poll.getByText("Istanbul").waitFor();
    await expectSoon(async () => (await form.getByLabel("Option 1").inputValue()) === "");
    expect(await form.getByLabel("Question").inputValue()).toBe("And the one after it?");
    const moments = `/api/v1/live-stream/${streamId}/moments`;
    const [{ id }] = (await call("admin", "GET", moments)).list;
    for (const voter of ["voter-1", "voter-2", "voter-3"])
      await call(voter, "PUT", `${moments}/${id}/vote`, { options: [voter === "voter-3" ? 0 : 1] });
    await poll.getByText("2 · 67%").waitFor();
    const before = page.getByRole("list", { name: "Earlier polls and goals" });
    await page.getByRole("tab", { name: "Goal" }).click();
    await page.getByLabel("Title").fill("New lights");
    await page.getByLabel("Target").fill("500");
    await page.getByRole("button", { name: "Start goal" }).click();
    const goal = page.getByRole("article", { name: "New lights" });
    await goal.waitFor();
    await poll.getByRole("button", { name: "End" }).press("Enter");
    // Until its result comes, which may be before this test looks.
    const counting = await watchFor(page, "[aria-label='Earlier polls and goals']", "Counting…");
    await poll.getByRole("button", { name: "End?" }).press("Enter");
    await counting();
    const gift = { giftTypeId: "65a1234bcde5678f90123456", liveStreamId: streamId };
    await pages.tokenOf({ sub: "goal-giver", credits: 100 });
    await call("goal-giver", "POST", "/api/v1/gifts/create", gift);
    await goal.getByText("10 of 500").waitFor();
    // The frame of the gift came while the poll is counted: it stays where it is, with its votes.
    expect(await page.getByRole("list", { name: /^Open polls/ }).innerText()).not.toContain("song");
    expect(await before.innerText()).toContain("2 · 67%");
    await before.getByText("3 voters").waitFor();
    expect(await listFindings(page)).toEqual([]);
    await goal.getByRole("button", { name: "Cancel" }).click();
    await goal.getByRole("button", { name: "Cancel?" }).click();
    await before.getByText("Cancelled").waitFor();
    await page.reload();
    await before.getByText("3 voters").waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a goal whose result comes before the answer to its end keeps the result",
  async () => {
    const streamId = await goLive(call, "goal-host", "Goal show");
    const moments = `/api/v1/live-stream/${streamId}/moments`;
    const goal = { kind: "goal", of: "credits", title: "Slow answer", target: 500 };
    await call("goal-host", "POST", moments, goal);
    const { page, faults, visit, close } = await openAsAdmin();
    const { promise: held, resolve: answer } = Promise.withResolvers<void>();
    await page.route("**/moments/*/end", async (route) => {
      const response = await route.fetch();
      await held;
      await route.fulfill({ response });
    });
    await visit(`view=moments&stream=${streamId}`);
    const card = page.getByRole("article", { name: "Slow answer" });
    await card.getByRole("button", { name: "End" }).press("Enter");
    await card.getByRole("button", { name: "End?" }).press("Enter");
    await card.getByText("Ended").waitFor();
    const answered = page.waitForResponse("**/moments/*/end");
    answer();
    await (await answered).finished();
    await page.evaluate(() => new Promise((done) => setTimeout(done, 100)));
    expect(await card.locator("header").textContent()).toBe("Slow answerEnded");
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);
