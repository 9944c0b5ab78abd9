/** The overlay as a streaming program shows it; the server's part is played by the test. */
import { browserTest } from "./browser.ts";
import {
  connected,
  event,
  given,
  narrow,
  open,
  pass,
  person,
  runUntilSeen,
  said,
  serve,
  useOverlay,
  withOwnClock,
  withStoppedClock,
} from "./overlay-page.ts";
import { expectSoon, streamId, testMilliseconds } from "./pages.ts";

useOverlay();

browserTest(
  "gifts count up in one row, large ones appear in the middle one after another, the goal grows",
  async () => {
    const { page, faults, stream } = await connected("goal=1000", narrow, withStoppedClock);
    stream.show(
      given("Rose", 10),
      given("Rose", 10, { combo: 2 }),
      given("Rose", 10, { combo: 3 }),
    );
    await runUntilSeen(page, page.locator(".ov-gift", { hasText: "User 2 gave Rose" }));
    expect(await page.locator(".ov-gift").count()).toBe(1);
    expect(await page.locator(".ov-times").textContent()).toBe("×3");
    const totals = { count: 5, credits: 250 };
    // Of one gift all credits count: five stars are as large as a rocket, and four are not.
    stream.show(
      given("Star", 100, { sender: person(4), count: 4 }),
      given("Crown", 1_000),
      given("Star", 100, { sender: person(3), count: 5, totals }),
    );
    await page.locator(".ov-large", { hasText: "Crown" }).waitFor();
    expect(await page.locator(".ov-large").count()).toBe(1);
    await page.clock.runFor(1_800);
    await page.locator(".ov-large", { hasText: "Star" }).waitFor();
    expect(await page.locator(".ov-large").count()).toBe(1);
    expect(await page.locator(".ov-goal-amount").textContent()).toBe("250 / 1,000");
    stream.show(event("gift.refunded", { totals: { count: 4, credits: 240 } }));
    await page.getByText("240 / 1,000").waitFor();
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "deleted messages and banned users disappear, long before rows fade",
  async () => {
    const { page, stream } = await connected("max=5&fade=600&badges=0");
    const bad = said("a bad word", 4);
    stream.show(bad, said("<b>kind</b> words", 5, "host"), said("spam", 6), said("more spam", 6));
    await page.getByText("<b>kind</b> words").waitFor();
    expect(await page.locator(".ov-badge").count()).toBe(0);
    stream.show(event("chat.deleted", { messageId: bad.id }));
    await page.getByText("a bad word").waitFor({ state: "detached" });
    stream.show(event("member.banned", { targetUserId: "u6", actionType: "BLOCK" }));
    await page.getByText("spam").first().waitFor({ state: "detached" });
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "rows fade, and their number is limited",
  async () => {
    const { page, stream } = await connected("max=5&fade=20", narrow, withOwnClock);
    stream.show(...Array.from({ length: 20 }, (_, n) => said(`line ${n}`, n)));
    await page.getByText("line 19").waitFor();
    expect(await page.locator(".ov-row").count()).toBe(5);
    await pass(page, 20_000);
    await expectSoon(async () => (await page.locator(".ov-row").count()) === 0);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "rows appear in a page that is hidden before its next animation frame, and after that",
  async () => {
    const { page, stream } = await connected();
    // A hidden page gets no frames: this one counts the requests.
    await page.evaluate("asked = 0, requestAnimationFrame = () => ++asked");
    stream.show(said("just before"));
    await page.getByText("just before").waitFor();
    expect(await page.evaluate("asked")).toBe(1);
    stream.show(said("later"));
    await page.getByText("later").waitFor();
    await page.close();
  },
  testMilliseconds,
);

browserTest("a channel's address waits for a live stream, then shows its events", async () => {
  const { page, faults, go } = await open("channel=host&key=k-1");
  // The client would open another socket after some seconds without an answer.
  await withStoppedClock(page);
  const stream = await serve(page);
  await go();
  await expectSoon(() => stream.sockets() === 1);
  stream.post({ type: "channel", streamId: null });
  stream.post({ type: "channel", streamId });
  // Nor does the server wait for a message before it subscribes it to the channel's stream.
  stream.greet();
  stream.show(said("first of the evening"));
  await runUntilSeen(page, page.locator(".ov-message", { hasText: "first of the evening" }));
  expect(faults).toEqual([]);
  await page.close();
});

browserTest(
  "the CSS of a streaming program is applied, although the policy blocks its style element",
  async () => {
    const { page, faults, stream } = await connected();
    // What OBS runs in the page, with the content of its field "Custom CSS".
    await page.evaluate(`const obsCSS = document.createElement('style');
      obsCSS.appendChild(document.createTextNode(decodeURIComponent(".ov-name%7Bcolor%3Ared%7D")));
      document.querySelector('head').appendChild(obsCSS);`);
    stream.show(said("in red"));
    const colour = "getComputedStyle(document.querySelector('.ov-name')).color";
    await page.locator(".ov-name").waitFor();
    expect(await page.evaluate(colour)).toBe("rgb(255, 0, 0)");
    expect(faults.filter((fault) => !fault.includes("Content Security Policy"))).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "in its channel's next stream an overlay shows nothing of the previous one, whose total returns with it",
  async () => {
    const { page, faults, go } = await open("channel=host&key=k-1&goal=1000&fade=0");
    await withStoppedClock(page);
    const stream = await serve(page);
    await go();
    await expectSoon(() => stream.sockets() === 1);
    stream.post({ type: "channel", streamId });
    stream.greet();
    const amount = page.locator(".ov-goal-amount");
    const moment = { status: "open", of: null, target: null, result: null };
    const options = ["Blue", "Red"];
    const poll = event("moment.started", { ...moment, kind: "poll", title: "Which?", options });
    stream.sum({ [poll.data._id]: [1, 0] }, poll, given("Star", 100), said("bye"));
    await runUntilSeen(page, page.getByText("bye"));
    await amount.filter({ hasText: "100 / 1,000" }).waitFor();
    await page.locator(".ov-poll").waitFor();
    // The server ends the poll later, and sends this overlay no more of that stream.
    stream.post({ type: "channel", streamId: null });
    await page.locator(".ov-poll").waitFor({ state: "hidden" });
    stream.post({ type: "channel", streamId: "64d15f9e2e6c8f4d5a123001" });
    await amount.filter({ hasText: /^1,000$/ }).waitFor();
    expect(await page.locator(".ov-row").count()).toBe(0);
    stream.post({ type: "channel", streamId });
    await amount.filter({ hasText: "100 / 1,000" }).waitFor();
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);
