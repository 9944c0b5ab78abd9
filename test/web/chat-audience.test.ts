/** Likes, polls and goals in `<ovation-chat>`. */
import { browserTest } from "./browser.ts";
import { open, placeOf, stopClock, useBusyChat } from "./busy-chat.ts";
import { expectFilled, expectSoon, testMilliseconds } from "./pages.ts";

useBusyChat();

type Call = { method: string; pathname: string; body?: Record<string, unknown> };
const poll = { id: "p1", kind: "poll", title: "Which song next?", options: ["Blue", "Red"] };

browserTest(
  "taps show at once, are sent in few calls, and the number never falls while they are on their way",
  async () => {
    const made = await open("", { hasTestClock: true });
    const like = made.getByRole("button", { name: "Like", exact: true });
    await like.click();
    // Five at once: taps are sent once a second, and what floats is gone after 1.5 s.
    const floating = await made.evaluate(`(() => {
      const root = document.querySelector("ovation-chat").shadowRoot;
      for (let n = 0; n < 5; n++) root.querySelector("button.like").click();
      return root.querySelectorAll(".float").length;
    })()`);
    const likes = made.getByRole("group", { name: "Likes" });
    expect(await likes.innerText()).toBe("6");
    expect(floating).toBeGreaterThan(0);
    await expectSoon(async () =>
      ((await made.evaluate("calls")) as Call[]).some(({ pathname }) =>
        pathname.endsWith("/likes"),
      ),
    );
    expect(((await made.evaluate("calls")) as Call[]).length).toBeLessThan(4);
    // The stream's number still lacks five of them.
    await made.evaluate("frame([], { likes: 1 })");
    await made.evaluate("frame([], { likes: 3 })");
    expect(await likes.innerText()).toBe("6");
    // More do not arrive: the stream did not count all.
    await stopClock(made);
    await made.clock.runFor(35_000);
    expect(await likes.innerText()).toBe("3");
    await made.clock.resume();
    await made.evaluate("frame([], { likes: 1204 })");
    await made.getByText("1,204").waitFor();
    // What floats is taken out when it has risen.
    await made.locator(".float").first().waitFor({ state: "detached" });
    await expectSoon(async () => (await made.locator(".float").count()) === 0);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a poll is voted in by keyboard, its bars follow the sums, and its result is shown",
  async () => {
    const made = await open();
    const data = { ...poll, choices: 1, endsAt: new Date(Date.now() + 60_000).toISOString() };
    await made.evaluate(`moment("started", ${JSON.stringify(data)}, [0, 0])`);
    const red = made.getByRole("button", { name: /^Red/ });
    await red.press("Enter");
    expect(await red.getAttribute("aria-pressed")).toBe("true");
    await expectSoon(async () =>
      ((await made.evaluate("calls")) as Call[]).some(({ pathname }) => pathname.endsWith("/vote")),
    );
    const voted = ((await made.evaluate("calls")) as Call[]).find(({ method }) => method === "PUT");
    expect(voted!.body).toEqual({ options: [1] });
    await made.evaluate(`frame([], { p1: [10, 30] })`);
    await made.getByText("40 votes").waitFor();
    expect(await red.innerText()).toContain("75%");
    const result = { votes: [10, 31], voters: 41, winner: 1 };
    const over = { ...data, status: "ended", result };
    await made.evaluate(`moment("ended", ${JSON.stringify(over)})`);
    await made.getByText("41 votes").waitFor();
    await made.locator(".option.winner", { hasText: "Red" }).waitFor();
    await made.getByRole("button", { name: /^Red.*Winner/ }).waitFor();
    expect(await red.isDisabled()).toBe(true);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "multiple options are toggled, up to the poll's limit",
  async () => {
    const made = await open();
    const options = ["A", "B", "C"];
    const data = JSON.stringify({ ...poll, options, choices: 2 });
    await made.evaluate(`moment("started", ${data}, [0, 0, 0])`);
    const pressed = () =>
      made.locator('.option[aria-pressed="true"]').locator(".option-text").allInnerTexts();
    for (const name of options) await made.locator(".option", { hasText: name }).click();
    expect(await pressed()).toEqual(["B", "C"]);
    await made.locator(".option", { hasText: "B" }).click();
    expect(await pressed()).toEqual(["C"]);
    await made.getByText("Choose up to 2").waitFor();
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "an older response does not take a vote back",
  async () => {
    const made = await open("?voted");
    await made.waitForFunction("window.heldVotes?.length === 2");
    const red = made.locator('[data-id="p1"] .option', { hasText: "Red" });
    await red.click();
    await made.evaluate("for (const answer of heldVotes.reverse()) answer()");
    // The answer about the other poll comes last.
    await made.locator('[data-id="p2"] [aria-pressed="true"]').waitFor({ state: "attached" });
    expect(await red.getAttribute("aria-pressed")).toBe("true");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a goal is a bar that follows its sum, and a cancelled one disappears",
  async () => {
    const made = await open();
    const goal = { id: "g1", kind: "goal", title: "New microphone", of: "credits", target: 5_000 };
    await made.evaluate(`moment("started", ${JSON.stringify(goal)}, 1850)`);
    await made.getByText("1,850 / 5,000").waitFor();
    await expectFilled(made.locator(".goal-bar"), 0.37);
    await made.evaluate("frame([], { g1: 5000 })");
    const card = made.locator(".moment.reached", { hasText: "5,000 / 5,000" });
    await card.waitFor();
    // It opens to the whole title, and for a viewer to nothing else.
    const heightOf = async () => Math.round((await card.boundingBox())!.height);
    const height = await heightOf();
    await card.locator("summary").click();
    expect(await card.getAttribute("open")).toBe("");
    expect(await heightOf()).toBe(height);
    const cancelled = JSON.stringify({ ...goal, status: "cancelled" });
    await made.evaluate(`moment("ended", ${cancelled})`);
    await made.locator(".moment").waitFor({ state: "detached" });
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a hype train shows its level, its credits and those of the next, and its result",
  async () => {
    const made = await open("", { hasTestClock: true });
    const now = await stopClock(made);
    const endsAt = new Date(now + 83_000).toISOString();
    const train = { id: "t1", kind: "train", title: null, level: 1, endsAt };
    await made.evaluate(`moment("started", ${JSON.stringify(train)}, [1, 420, 700])`);
    const card = made.locator(".moment.train", { hasText: "Hype train" });
    await card.getByText("420 / 700").waitFor();
    await expectFilled(card.locator(".goal-bar"), 0.6);
    expect(await card.innerText()).toContain("Level 1");
    expect(await card.innerText()).toContain("1:23");
    // A gift that leaves the level as it is does not announce it again.
    await made.evaluate(`(() => {
      window.announced = 0;
      const level = document.querySelector("ovation-chat").shadowRoot.querySelector(".train-level");
      new MutationObserver(() => announced++).observe(level, { childList: true });
      frame([], { t1: [1, 500, 700] });
    })()`);
    await card.getByText("500 / 700").waitFor();
    expect(await made.evaluate("announced")).toBe(0);
    const result = { level: 2, credits: 750, top: [] };
    const over = JSON.stringify({ ...train, status: "ended", level: 2, result });
    await made.evaluate(`moment("ended", ${over})`);
    await card.getByText("Level 2").waitFor();
    expect(await card.innerText()).toContain("750");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "long titles and options end at the chat's width, and their numbers stay in view",
  async () => {
    const made = await open();
    const title = "Which of these very long songs should the band play next? ".repeat(3).trim();
    const options = [`${"Donaudampfschifffahrt".repeat(3)} one`, "Short"];
    const goal = { id: "g1", kind: "goal", title, of: "credits", target: 5_000 };
    await made.evaluate(`moment("started", ${JSON.stringify(goal)}, 1850)`);
    const long = { ...poll, title, options, choices: 1 };
    await made.evaluate(`moment("started", ${JSON.stringify(long)}, [3, 1])`);
    for (const text of ["75%", "25%", "1,850 / 5,000"]) {
      const { x, width } = (await made.getByText(text).boundingBox())!;
      expect([text, x + width <= 360]).toEqual([text, true]);
    }
    await placeOf(made.locator(".moment.poll"));
    // Lines do not touch the border of their option.
    const box = (await made.locator(".option").first().boundingBox())!;
    const inside = (await made.locator(".option-text").first().boundingBox())!;
    expect(inside.y - box.y).toBeGreaterThanOrEqual(8);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a poll whose time is over takes no more votes, before its result is there",
  async () => {
    const made = await open();
    const data = { ...poll, choices: 1, endsAt: new Date(Date.now() + 3_000).toISOString() };
    await made.evaluate(`moment("started", ${JSON.stringify(data)}, [0, 0])`);
    const red = made.getByRole("button", { name: /^Red/ });
    await expectSoon(() => red.isDisabled());
    await red.click({ force: true });
    expect(await red.getAttribute("aria-pressed")).toBe("false");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a poll takes no votes once its stream has ended, and shows its result when that is there",
  async () => {
    const made = await open();
    const data = { ...poll, choices: 1, endsAt: new Date(Date.now() + 60_000).toISOString() };
    await made.evaluate(`moment("started", ${JSON.stringify(data)}, [0, 0])`);
    const red = made.getByRole("button", { name: /^Red/ });
    expect(await red.isDisabled()).toBe(false);
    await made.evaluate(`happen("stream.ended", {})`);
    await made.getByText("The stream has ended. Thanks for watching.").first().waitFor();
    expect(await red.isDisabled()).toBe(true);
    // The last votes are still being counted.
    await made.evaluate("frame([], { p1: [0, 1] })");
    await made.getByText("1 vote", { exact: true }).waitFor();
    await red.click({ force: true });
    expect(await red.getAttribute("aria-pressed")).toBe("false");
    const over = { ...data, status: "ended", result: { votes: [0, 2], voters: 2, winner: 1 } };
    await made.evaluate(`moment("ended", ${JSON.stringify(over)})`);
    await made.locator(".option.winner", { hasText: "Red" }).waitFor();
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a viewer who votes too late reads that voting has ended",
  async () => {
    const made = await open();
    await made.evaluate(`moment("started", ${JSON.stringify({ ...poll, choices: 1 })}, [0, 0])`);
    for (const code of ["moment_over", "stream_not_live"]) {
      await made.evaluate(`voteCode = "${code}"`);
      await made.getByRole("button", { name: /^Red/ }).click();
      await made.locator(".toast", { hasText: /^Voting has ended\.$/ }).waitFor();
      await made.evaluate("view = document.querySelector('ovation-chat').shadowRoot");
      await made.evaluate("view.querySelector('.toast').remove()");
    }
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a long time left has hours",
  async () => {
    const made = await open("", { hasTestClock: true });
    const now = await stopClock(made);
    const endsAt = new Date(now + 7_265_000).toISOString();
    const goal = { id: "g1", kind: "goal", title: "Mic", of: "credits", target: 50, endsAt };
    await made.evaluate(`moment("started", ${JSON.stringify(goal)}, 0)`);
    await made.getByText("2:01:05", { exact: true }).waitFor();
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a stream that has ended takes no likes",
  async () => {
    const made = await open();
    const like = made.getByRole("button", { name: "Like", exact: true });
    await like.waitFor();
    await made.evaluate(`happen("stream.ended", {})`);
    await like.waitFor({ state: "hidden" });
    await made.close();
  },
  testMilliseconds,
);
