/** The wording of the console: names, counts, and messages that state exactly what happened. */
import { browserTest } from "./browser.ts";
import { callerOf, goLive, openConsole, openConsoleAs, toast } from "./console.ts";
import { expectSoon, isWhole, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);

browserTest(
  "a long name leaves the username in view, in lists and in the detail",
  async () => {
    const name = "Bartholomew Montgomery Featherstonehaugh the Third of Somewhere";
    await call("barty", "PUT", "/api/v1/users/me", { name, surname: "" });
    // A new user is found a little later, and the page searches once.
    const search = () => call("barty", "GET", "/api/v1/users/search?q=barty");
    await expectSoon(async () => (await search()).list.length > 0);
    const { page, visit, close } = await openConsoleAs(pages, "words-names");
    await visit("view=users&q=barty&id=barty");
    const names = page.getByText("@barty", { exact: true });
    await expectSoon(async () => (await names.count()) === 2);
    for (const one of await names.all()) expect(await one.evaluate(isWhole)).toBe(true);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a title of full length is read in a tooltip of the list, and in whole in the detail",
  async () => {
    const title = "Which of these very long songs should the band play next? "
      .repeat(4)
      .slice(0, 200);
    const id = await goLive(call, "words-host", title.trim());
    const { page, visit, close } = await openConsoleAs(pages, "words-titles");
    await visit(`view=streams&id=${id}`);
    const heading = page.getByRole("heading", { level: 2, name: title.trim() });
    await heading.waitFor();
    expect(await heading.evaluate(isWhole)).toBe(true);
    await page.getByRole("row").getByTitle(title.trim()).first().waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a ban that is removed is named by its scope: another one of the user may remain",
  async () => {
    const streamId = await goLive(call, "words-host", "Two bans");
    await call("twice", "GET", "/api/v1/users/me");
    const ban = { targetUserId: "twice", liveStreamId: streamId, actionType: "BLOCK" };
    const { _id } = await call("words-host", "POST", "/api/v1/live-stream-ban", ban);
    await call("words-host", "POST", "/api/v1/live-stream-ban", { ...ban, scope: "channel" });
    const { page, visit, close } = await openConsoleAs(pages, "words-bans");
    await visit(`view=bans&stream=${streamId}`);
    const row = page.getByRole("row", { name: /Channel/ });
    await row.getByRole("button", { name: "Unban" }).click();
    await toast(page, "Ban of twice in the channel removed.").waitFor();
    const other = page.getByRole("row", { name: /Stream .*Unban/ });
    await other.waitFor();
    // What is refused for another reason is not removed.
    const missing = { isSuccess: false, errors: ["No stream"], code: "stream_not_found" };
    await page.route("**/live-stream-ban/*", (route) =>
      route.fulfill({ status: 404, json: missing }),
    );
    await other.getByRole("button", { name: "Unban" }).click();
    await toast(page, "Couldn't unban twice").getByText("No stream").waitFor();
    await page.unroute("**/live-stream-ban/*");
    // What another moderator has removed meanwhile is removed.
    await call("words-host", "DELETE", `/api/v1/live-stream-ban/${_id}`);
    await other.getByRole("button", { name: "Unban" }).click();
    await toast(page, "Ban of twice in Two bans removed.").waitFor();
    await other.waitFor({ state: "detached" });
    await close();
  },
  testMilliseconds,
);

browserTest(
  "one credit and one voter are singular",
  async () => {
    const streamId = await goLive(call, "words-host", "One voter");
    const path = `/api/v1/live-stream/${streamId}/moments`;
    const poll = { kind: "poll", title: "Yes?", options: ["Yes", "No"], seconds: 600 };
    const { id } = await call("words-host", "POST", path, poll);
    await call("words-voter", "PUT", `${path}/${id}/vote`, { options: [0] });
    await call("words-host", "POST", `${path}/${id}/end`);
    const { page, visit, close } = await openConsoleAs(pages, "words-counts");
    await visit(`view=moments&stream=${streamId}`);
    await page.getByText("1 voter", { exact: true }).waitFor();
    await visit("view=users&id=words-voter");
    const form = page.getByRole("form", { name: "Top up or pay out" });
    await form.getByRole("textbox", { name: "Credits" }).fill("1");
    await form.getByRole("button", { name: "Top up", exact: true }).last().click();
    await toast(page, "words-voter now has 1 credit.").waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a new poll or goal says which field to change, before it is sent",
  async () => {
    const streamId = await goLive(call, "words-host", "Limits");
    const { page, visit, close } = await openConsoleAs(pages, "words-limits");
    await visit(`view=moments&stream=${streamId}`);
    const poll = page.getByRole("form", { name: "New poll" });
    const fill = (name: string, text: string) =>
      page.getByRole("textbox", { name, exact: true }).fill(text);
    const expectProblem = async (verb: string, problem: string) => {
      await page.getByRole("button", { name: verb }).click();
      await page.getByRole("alert").getByText(problem, { exact: true }).waitFor();
    };
    await fill("Question", "🎉".repeat(201));
    await fill("Option 1", "Yes");
    await fill("Option 2", "N".repeat(81));
    await expectProblem("Start poll", "The question is longer than 200 characters");
    await fill("Question", "🎉".repeat(200));
    await expectProblem("Start poll", "Option 2 is longer than 80 characters");
    await fill("Option 2", "N".repeat(80));
    await page.getByRole("button", { name: "Start poll" }).click();
    await expectSoon(async () => (await poll.getByLabel("Question").inputValue()) === "");
    await page.getByRole("tab", { name: "Goal" }).click();
    await fill("Title", "New microphone");
    await fill("Target", "2000000000");
    await expectProblem("Start goal", "Enter a target from 1 to 1,000,000,000 without separators");
    await close();
  },
  testMilliseconds,
);

browserTest(
  "on a phone, the sums of the audit are whole, up to a trillion",
  async () => {
    const { page, visit, close } = await openConsole(pages, "Ada Admin", { width: 320 });
    const sums = { issuedCredits: 1_000_000_000_000, owedCredits: 0, balances: 999_999_999_999 };
    await page.route("**/local/audit", (route) =>
      route.fulfill({ json: { fits: true, sums, misfits: [] } }),
    );
    await visit("view=machine");
    await page.getByText("1,000,000,000,000").waitFor();
    for (const sum of await page.locator(".sums dd").all())
      expect(await sum.evaluate(isWhole)).toBe(true);
    await close();
  },
  testMilliseconds,
);
