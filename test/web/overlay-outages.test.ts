import { browserTest } from "./browser.ts";
import {
  connected,
  event,
  given,
  narrow,
  open,
  pass,
  said,
  serve,
  useOverlay,
  withOwnClock,
} from "./overlay-page.ts";
import { expectSoon, streamId, testMilliseconds } from "./pages.ts";

useOverlay();

browserTest(
  "after a short outage it resumes at its position; a revoked key shows a quiet notice and stops",
  async () => {
    const { page, stream } = await connected("", narrow, withOwnClock);
    stream.show(said("before"));
    await page.getByText("before").waitFor();
    stream.cut();
    await expectSoon(() => stream.subscribes.length === 2);
    expect(stream.subscribes[1]).toEqual({ since: { epoch: "e", frame: 1 } });
    stream.show(said("after"));
    await page.getByText("after").waitFor();
    expect(await page.getByText("before").count()).toBe(1);
    expect(await page.getByRole("status").isVisible()).toBe(false);
    stream.post({ type: "closing", code: 4504, reason: "The overlay key was revoked" });
    await page.getByText("This overlay key was revoked.").waitFor();
    const sockets = stream.sockets();
    await pass(page, 3_000);
    expect(stream.sockets()).toBe(sockets);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "after a long outage it continues with new events and requests no old ones",
  async () => {
    const { page, stream } = await connected("", narrow, withOwnClock);
    stream.show(said("long ago"));
    await page.getByText("long ago").waitFor();
    let isAway = true;
    await page.routeWebSocket(/\/ws\?/, (made) => {
      if (isAway) void made.close();
    });
    await page.waitForTimeout(100);
    stream.cut();
    await pass(page, 12_000);
    isAway = false;
    const again = await serve(page);
    await expectSoon(() => again.subscribes.length > 0);
    expect(again.subscribes).toEqual([{ since: undefined }]);
    await page.close();
  },
  testMilliseconds,
);

browserTest(
  "after an outage of minutes a server that is back is not said to reject the key",
  async () => {
    const { page, stream } = await connected("", narrow, withOwnClock);
    let isDown = true;
    const asked: boolean[] = [];
    await page.route("**/health", (route) => {
      asked.push(isDown);
      return route.fulfill({ status: isDown ? 503 : 200, body: "" });
    });
    await page.routeWebSocket(/\/ws\?/, (made) => void made.close());
    // The longest waits between two sockets.
    await page.evaluate("Math.random = () => 0.99");
    stream.cut();
    await pass(page, 70_000);
    isDown = false;
    await pass(page, 25_000);
    expect(asked).toContain(true);
    expect(await page.getByRole("status").isVisible()).toBe(false);
    // A key that was revoked meanwhile opens no socket of a healthy server.
    await expectSoon(async () => {
      await pass(page, 30_000);
      return page.getByText("The server rejected this overlay key.").isVisible();
    });
    await page.close();
  },
  testMilliseconds,
);

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
  "in its channel's next stream an overlay shows nothing of the last one, and its own total again",
  async () => {
    const { page, faults, go } = await open("channel=host&key=k-1&goal=1000");
    const stream = await serve(page);
    await go();
    await expectSoon(() => stream.sockets() === 1);
    stream.post({ type: "channel", streamId });
    stream.greet();
    const amount = page.locator(".ov-goal-amount");
    const moment = { status: "open", of: null, target: null, result: null };
    const options = ["Blue", "Red"];
    const poll = event("moment.started", { ...moment, kind: "poll", title: "Which?", options });
    stream.sum({ [poll.data._id]: [1, 0] }, poll, given("Star", 100));
    await amount.filter({ hasText: "100 / 1,000" }).waitFor();
    await page.locator(".ov-poll").waitFor();
    // The server ends the poll later, and sends this overlay no more of that stream.
    stream.post({ type: "channel", streamId: null });
    await page.locator(".ov-poll").waitFor({ state: "hidden" });
    stream.post({ type: "channel", streamId: "64d15f9e2e6c8f4d5a123001" });
    await amount.filter({ hasText: /^1,000$/ }).waitFor();
    stream.post({ type: "channel", streamId });
    await amount.filter({ hasText: "100 / 1,000" }).waitFor();
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);
