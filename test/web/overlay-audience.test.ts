/** Goals and polls of the server in the overlay. */
import { browserTest } from "./browser.ts";
import { connected, event, given, useOverlay } from "./overlay-page.ts";
import { testMilliseconds } from "./pages.ts";

useOverlay();

const nothing = { status: "open", options: null, of: null, target: null, result: null };

browserTest(
  "the open goal of the stream takes the place of the setting until it is over",
  async () => {
    const { page, faults, stream } = await connected("goal=1000");
    const goal = { ...nothing, kind: "goal", title: "New microphone", of: "credits", target: 500 };
    stream.show(given("Star", 100, { totals: { count: 1, credits: 250 } }));
    const amount = page.locator(".ov-goal-amount");
    await amount.filter({ hasText: "250 / 1,000" }).waitFor();
    const started = event("moment.started", goal);
    const { _id: id } = started.data;
    stream.sum({ [id]: 0 }, started);
    await page.locator(".ov-goal", { hasText: "New microphone" }).waitFor();
    stream.sum({ [id]: 200 }, given("Star", 100, { totals: { count: 3, credits: 450 } }));
    await amount.filter({ hasText: "200 / 500" }).waitFor();
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
  "without a goal of its own or of the stream there is no bar; a poll shows its bars and its result",
  async () => {
    const { page, faults, stream } = await connected();
    expect(await page.locator(".ov-goal").isVisible()).toBe(false);
    const poll = { ...nothing, kind: "poll", title: "Which song next?", options: ["Blue", "Red"] };
    const started = event("moment.started", poll);
    const { _id: id } = started.data;
    stream.sum({ [id]: [0, 0] }, started);
    await page.locator(".ov-poll", { hasText: "Which song next?" }).waitFor();
    stream.sum({ [id]: [1, 3] });
    await page.locator(".ov-poll-option", { hasText: "Red" }).getByText("75 %").waitFor();
    const result = { votes: [5, 3], voters: 8, winner: 0 };
    const ended = { ...started.data, status: "ended", result };
    stream.sum({ [id]: result.votes }, { ...event("moment.ended", {}), data: ended });
    await page.locator(".ov-poll-winner", { hasText: "Blue" }).getByText("63 %").waitFor();
    await page.locator(".ov-poll").waitFor({ state: "hidden" });
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);
