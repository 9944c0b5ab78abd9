/** Goals and polls of the server in the overlay, and what it neither shows nor rings for. */
import { browserTest } from "./browser.ts";
import {
  connected,
  event,
  given,
  narrow,
  pass,
  person,
  runUntilSeen,
  said,
  useOverlay,
  withOwnClock,
  withStoppedClock,
} from "./overlay-page.ts";
import { expectFilled, testMilliseconds } from "./pages.ts";

useOverlay();

/** The height of a text in lines. */
const linesOf = new Function(
  "one",
  "return one.getBoundingClientRect().height / Number.parseFloat(getComputedStyle(one).lineHeight);",
) as (one: object) => number;

const nothing = { status: "open", options: null, of: null, target: null, result: null };

browserTest(
  "the open goal of the stream replaces the setting until it ends",
  async () => {
    const { page, faults, stream } = await connected("goal=1000");
    const title = `New microphone ${"o".repeat(100)}`;
    const goal = { ...nothing, kind: "goal", title, of: "credits", target: 500 };
    stream.show(given("Star", 100, { totals: { count: 1, credits: 250 } }));
    const amount = page.locator(".ov-goal-amount");
    await amount.filter({ hasText: "250 / 1,000" }).waitFor();
    const started = event("moment.started", goal);
    const { _id: id } = started.data;
    stream.sum({ [id]: 0 }, started);
    await page.locator(".ov-goal", { hasText: "New microphone" }).waitFor();
    const { x, width } = (await amount.boundingBox())!;
    expect(x + width).toBeLessThanOrEqual(narrow.width);
    stream.sum({ [id]: 200 }, given("Star", 100, { totals: { count: 3, credits: 450 } }));
    await amount.filter({ hasText: "200 / 500" }).waitFor();
    await expectFilled(page.locator(".ov-goal-bar"), 0.4);
    stream.sum({ [id]: 500 });
    await page.locator(".ov-goal-reached").waitFor();
    const ended = { ...started.data, status: "ended", result: { amount: 500, reached: true } };
    stream.show({ ...event("moment.ended", {}), data: ended });
    await amount.filter({ hasText: "450 / 1,000" }).waitFor();
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "titles of a goal and a poll take at most two lines",
  async () => {
    const { page, stream } = await connected();
    const title = "A title as long as one may be ".repeat(7).slice(0, 200);
    const goal = event("moment.started", {
      ...nothing,
      kind: "goal",
      title,
      of: "gifts",
      target: 9,
    });
    const poll = event("moment.started", { ...nothing, kind: "poll", title, options: ["a", "b"] });
    stream.sum({ [goal.data._id]: 0, [poll.data._id]: [0, 0] }, goal, poll);
    for (const one of [page.locator(".ov-goal-title"), page.locator(".ov-poll-title")]) {
      await one.waitFor();
      const lines = await one.evaluate(linesOf);
      expect(Math.round(lines)).toBe(2);
    }
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "without a goal in the URL or the stream there is no bar; a poll shows its bars and its result",
  async () => {
    const { page, faults, stream } = await connected("", narrow, withStoppedClock);
    expect(await page.locator(".ov-goal").isVisible()).toBe(false);
    const poll = { ...nothing, kind: "poll", title: "Which song next?", options: ["Blue", "Red"] };
    const started = event("moment.started", poll);
    const { _id: id } = started.data;
    stream.sum({ [id]: [0, 0] }, started);
    await page.locator(".ov-poll", { hasText: "Which song next?" }).waitFor();
    stream.sum({ [id]: [1, 3] });
    await page.locator(".ov-poll-option", { hasText: "Red" }).getByText("75%").waitFor();
    const result = { votes: [5, 3], voters: 8, winner: 0 };
    const ended = { ...started.data, status: "ended", result };
    stream.sum({ [id]: result.votes }, { ...event("moment.ended", {}), data: ended });
    await page.locator(".ov-poll-winner", { hasText: "Blue" }).getByText("63%").waitFor();
    await page.clock.runFor(10_000);
    await page.locator(".ov-poll").waitFor({ state: "hidden" });
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "the result of a poll is shown before an older poll that is still open",
  async () => {
    const { page, faults, stream } = await connected("goal=1000", narrow, withStoppedClock);
    const options = ["Blue", "Red"];
    const begun = (title: string, startedAt: string) =>
      event("moment.started", { ...nothing, kind: "poll", title, options, startedAt });
    const older = begun("All evening?", "2026-01-01T10:00:00.000Z");
    const newer = begun("Right now?", "2026-01-01T11:00:00.000Z");
    const { _id: id } = newer.data;
    stream.sum({ [older.data._id]: [0, 0], [id]: [0, 0] }, older, newer);
    const title = (text: string) => page.locator(".ov-poll-title", { hasText: text });
    await title("Right now?").waitFor();
    const result = { votes: [2, 1], voters: 3, winner: 0 };
    const ended = { ...newer.data, status: "ended", result };
    stream.sum({ [id]: result.votes }, { ...event("moment.ended", {}), data: ended });
    await page.locator(".ov-poll-winner", { hasText: "Blue" }).waitFor();
    stream.sum({ [older.data._id]: [0, 4] }, given("Star", 100));
    await page.getByText("100 / 1,000").waitFor();
    expect(await title("Right now?").isVisible()).toBe(true);
    await page.clock.runFor(10_000);
    await title("All evening?").waitFor();
    await page.locator(".ov-poll-option", { hasText: "Red" }).getByText("100%").waitFor();
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "a hype train has a bar of its own: its level and credits, its result, and then nothing",
  async () => {
    const { page, faults, stream } = await connected("", narrow, withStoppedClock);
    const endsAt = new Date(Date.now() + 90_000).toISOString();
    const started = event("moment.started", {
      ...nothing,
      kind: "train",
      title: null,
      level: 1,
      endsAt,
    });
    const { _id: id } = started.data;
    stream.sum({ [id]: [1, 420, 700] }, started);
    const train = page.locator(".ov-train");
    await train.getByText("Hype train · Level 1").waitFor();
    await train.getByText("420 / 700").waitFor();
    await expectFilled(train.locator(".ov-train-bar"), 0.6);
    const result = { level: 2, credits: 750, top: [] };
    const ended = { ...started.data, status: "ended", level: 2, result };
    stream.sum({ [id]: [2, 750, 900] }, { ...event("moment.ended", {}), data: ended });
    await train.getByText("Hype train · Level 2").waitFor();
    await page.clock.runFor(10_000);
    await train.waitFor({ state: "hidden" });
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "an overlay rings for gifts unless its URL mutes it, and rows stay if they are set not to fade",
  async () => {
    for (const [query, rung] of [
      ["fade=0", 1],
      ["fade=0&mute=1", 0],
    ] as const) {
      const { page, stream } = await connected(query, narrow, async (one) => {
        await withOwnClock(one);
        await one.addInitScript(`window.obsstudio = {}; window.rung = 0;
          const { AudioContext: Own } = window;
          window.AudioContext = class extends Own { constructor() { super(); rung++; } };`);
      });
      stream.show(given("Rose", 10), given("Star", 100));
      await page.locator(".ov-gift", { hasText: "Star" }).waitFor();
      expect([query, await page.evaluate("rung")]).toEqual([query, rung]);
      await pass(page, 2_000);
      expect(await page.locator(".ov-gift").count()).toBe(2);
      await page.close();
    }
  },
  testMilliseconds,
);

browserTest(
  "large gifts of banned users and results of moments that are not shown stay out of the picture",
  async () => {
    const { page, faults, stream } = await connected("", narrow, withStoppedClock);
    const large = [2, 3, 4].map((n) => given(`Gift${n}`, 500, { sender: person(n) }));
    stream.show(...large, event("member.banned", { targetUserId: "u3", actionType: "BLOCK" }));
    const shownNow = page.locator(".ov-large");
    await shownNow.getByText("Gift2").waitFor();
    await page.clock.runFor(1_800);
    expect(await shownNow.textContent()).toContain("Gift4");

    const options = ["Blue", "Red"];
    const begun = (title: string, kind: string, more: object) =>
      event("moment.started", { ...nothing, kind, title, options, ...more });
    const [older, newer] = ["All evening?", "Right now?"].map((title) => begun(title, "poll", {}));
    const goal = begun("New lamp", "goal", { options: null, target: 500, of: "credits" });
    const sums = { [older!.data._id]: [1, 0], [newer!.data._id]: [0, 1], [goal.data._id]: 0 };
    stream.sum(sums, older!, newer!, goal);
    await page.locator(".ov-poll-title", { hasText: "Right now?" }).waitFor();
    const ended = (moment: object, result: object) => ({
      ...event("moment.ended", {}),
      data: { ...moment, status: "ended", result },
    });
    const result = { votes: [1, 0], voters: 1, winner: 0 };
    const train = { ...nothing, id: "t1", kind: "train", level: 2 };
    stream.sum(
      {},
      ended(older!.data, result),
      ended(train, { level: 2, credits: 900 }),
      said("after the results"),
    );
    await runUntilSeen(page, page.getByText("after the results"));
    const texts = [".ov-goal-amount", ".ov-poll-title"].map((one) => page.locator(one));
    const shown = [
      ...(await Promise.all(texts.map((one) => one.textContent()))),
      await page.locator(".ov-train").isVisible(),
    ];
    expect(shown).toEqual(["0 / 500", "Right now?", false]);
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);
