/** What `<ovation-chat>` offers a new moderator, a blocked viewer, and one of unknown role. */
import { browserTest } from "./browser.ts";
import { open, standardSettings, useBusyChat } from "./busy-chat.ts";
import { expectSoon, streamId, testMilliseconds } from "./pages.ts";

useBusyChat();

const poll = { id: "p1", kind: "poll", title: "Which song next?", options: ["Blue", "Red"] };

/** Opens a chat whose viewer is a moderator. */
async function openAsModerator() {
  const made = await open();
  await made.locator('[aria-label*="10"]').waitFor({ state: "attached" });
  const moderators = JSON.stringify({ ...standardSettings, moderators: ["me"] });
  await made.evaluate(`happen("settings.changed", ${moderators})`);
  return made;
}

browserTest(
  "a viewer who becomes a moderator can end polls and unpin, until they lose the role",
  async () => {
    const made = await open();
    await made.locator('[aria-label*="10"]').waitFor({ state: "attached" });
    await made.evaluate(`moment("started", ${JSON.stringify(poll)}, [0, 0])`);
    await made.evaluate(
      `happen("chat.pinned", { messageId: "m", message: message("a pin").data })`,
    );
    await made.getByText("a pin").waitFor();
    const tools = [".moment .end", ".pinned button"].map((name) => made.locator(name));
    const become = (...moderators: string[]) =>
      made.evaluate(
        `happen("settings.changed", ${JSON.stringify({ ...standardSettings, moderators })})`,
      );
    for (const tool of tools) expect(await tool.isVisible()).toBe(false);
    await become("me");
    for (const tool of tools) await tool.waitFor();
    await become();
    for (const tool of tools) await tool.waitFor({ state: "hidden" });
    // An open menu follows, too.
    await made.evaluate("show(message('hello'))");
    await made.locator(".row.message", { hasText: "hello" }).press("m");
    const acts = made.getByRole("menuitem");
    await acts.first().waitFor();
    expect(await acts.allInnerTexts()).toEqual(["Reply"]);
    await become("me");
    await acts.getByText("Delete").waitFor();
    await become();
    await expectSoon(async () => (await acts.allInnerTexts()).join() === "Reply");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a moderator ends a poll, a goal or a hype train after a confirmation, and its votes stay",
  async () => {
    const made = await openAsModerator();
    const goal = { id: "g1", kind: "goal", title: "Mic", of: "credits", target: 50 };
    const train = { id: "t1", kind: "train", title: null, level: 1 };
    const ended = async () =>
      ((await made.evaluate("calls")) as { pathname: string }[])
        .map(({ pathname }) => /moments\/(\w+)\/end$/.exec(pathname)?.[1])
        .filter(Boolean);
    for (const [at, one] of [poll, goal, train].entries()) {
      await made.evaluate(`moment("started", ${JSON.stringify(one)}, [10, 30])`);
      const card = made.locator(`[data-id="${one.id}"]`);
      if (one !== poll) await card.locator("summary").click();
      // A double click is one press, and leaving the button takes it back.
      await card.getByRole("button", { name: "End", exact: true }).dblclick();
      const sure = card.getByRole("button", { name: "Confirm end" });
      await sure.waitFor();
      await card.locator("summary").focus();
      await card.getByRole("button", { name: "End", exact: true }).press("Enter");
      expect((await ended()).length).toBe(at);
      const answer = { ...one, status: "ended", endsAt: null, result: null };
      await made.evaluate(`ended = ${JSON.stringify(answer)}`);
      await sure.press("Enter");
      await expectSoon(async () => (await ended()).at(-1) === one.id);
      // At once: its event comes with the result, which is counted first.
      await card.locator(".end").waitFor({ state: "hidden" });
    }
    const card = made.locator('[data-id="p1"]');
    await made.evaluate("frame([], { likes: 7 })");
    expect(await card.innerText()).toContain("40 votes");
    const result = { votes: [10, 31], voters: 41, winner: 1 };
    await made.evaluate(`moment("ended", ${JSON.stringify({ ...poll, status: "ended", result })})`);
    await card.getByText("41 votes").waitFor();
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a moderator who mutes several users in a row can undo each, and a refusal hides none of it",
  async () => {
    const made = await openAsModerator();
    await made.setViewportSize({ width: 360, height: 480 });
    const texts = ["one", "two", "three", "four", "five"];
    for (const text of texts) await made.evaluate(`show(message("${text}"))`);
    for (const [at, text] of texts.entries()) {
      await made.locator(".row.message", { hasText: text }).press("m");
      await made.getByRole("menuitem", { name: "Mute" }).press("Enter");
      await made.getByText(`User ${at + 1} is muted.`).waitFor();
      // None disappears while one of them has the pointer, however slow this machine is.
      await made.locator(".toast").first().hover();
    }
    await made.evaluate("voteCode = 'moment_over'");
    await made.evaluate(`moment("started", ${JSON.stringify({ ...poll, choices: 1 })}, [0, 0])`);
    await made.getByRole("button", { name: /^Red/ }).press("Enter");
    await made.getByText("Voting has ended.").waitFor();
    const undone = async () =>
      ((await made.evaluate("calls")) as { method: string; pathname: string }[])
        .filter(({ method }) => method === "DELETE")
        .map(({ pathname }) => pathname.split("/").at(-1));
    // Undone by a double click, which reaches no other button.
    await made.getByRole("button", { name: "Undo" }).first().dblclick();
    await made.getByText("User 1 is muted.").waitFor({ state: "detached" });
    expect(await undone()).toEqual(["u1"]);
    await made.locator(".toast").first().hover();
    for (const ids of ["u1,u2", "u1,u2,u3", "u1,u2,u3,u4", "u1,u2,u3,u4,u5"]) {
      await made.getByRole("button", { name: "Undo" }).first().press("Enter");
      await expectSoon(async () => (await undone()).join() === ids);
    }
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "the menu of a moderator fits into a low chat, or scrolls there",
  async () => {
    const made = await openAsModerator();
    await made.evaluate("show(message('one'), message('two'), message('three'))");
    for (const height of [400, 320]) {
      await made.setViewportSize({ width: 360, height });
      await made.locator(".row.message", { hasText: "two" }).press("m");
      const items = made.getByRole("menuitem");
      await items.first().waitFor();
      expect(await items.count()).toBe(6);
      for (const item of await items.all()) {
        await item.scrollIntoViewIfNeeded();
        const { y, height: tall } = (await item.boundingBox())!;
        expect([height, y >= 0, y + tall <= height]).toEqual([height, true, true]);
      }
      await made.keyboard.press("Escape");
    }
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a viewer is offered no moderation before the stream has been read",
  async () => {
    const made = await open("?late");
    await made.waitForFunction("window.answerStream !== undefined");
    await made.evaluate("show(message('early'))");
    await made.locator(".row.message", { hasText: "early" }).press("m");
    await made.getByRole("menuitem").first().waitFor();
    expect(await made.getByRole("menuitem").allInnerTexts()).toEqual(["Reply"]);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a viewer who is blocked or without a pass sees why, also when the connection is lost afterwards",
  async () => {
    for (const [language, reason, said] of [
      ["en", "blocked", "You are blocked from this stream."],
      ["tr", "blocked", "Bu yayından engellendin."],
      ["en", "pass", "You need a pass for this stream."],
    ] as const) {
      const made = await open();
      const strip = made.locator(".strip");
      await made.evaluate(`document.querySelector("ovation-chat").lang = "${language}"`);
      await made.waitForFunction("sockets === 2");
      await made.getByText(language === "en" ? "No messages yet" : "Henüz mesaj yok").waitFor();
      await made.evaluate(`tell({ type: "unsubscribed", reason: "${reason}" })`);
      await strip.getByText(said, { exact: true }).waitFor();
      await made.evaluate("disconnect()");
      expect(await strip.innerText()).toBe(said);
      await made.close();
    }
  },
  testMilliseconds,
);

browserTest(
  "a viewer whose chat is refused reads why in their language, and the page gets the code",
  async () => {
    for (const [language, code, said] of [
      ["tr", "member_blocked", "Bu yayından engellendin."],
      ["zh", "pass_required", "观看此直播需要通行证。"],
    ] as const) {
      const made = await open();
      await made.evaluate(`chat = document.querySelector("ovation-chat"); ends = [];
        chat.addEventListener("ovation-end", ({ detail }) => ends.push(detail));
        inner = chat.options.fetch;
        chat.options = { ...chat.options, fetch: async (input, request) =>
          !new URL(input).pathname.endsWith("/live-stream/${streamId}") ? inner(input, request)
            : Response.json({ isSuccess: false, errors: ["No", "Not you"], code: "${code}" }, { status: 403 }) };
        chat.lang = "${language}"`);
      const strip = made.locator(".strip");
      await made.waitForFunction("ends.length === 1");
      expect(await strip.innerText()).toBe(said);
      expect(await made.evaluate("ends")).toEqual([{ reason: "Not you", statusCode: 403, code }]);
      await made.close();
    }
  },
  testMilliseconds,
);
