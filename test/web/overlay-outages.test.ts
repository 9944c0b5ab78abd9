/** The overlay when it loses its server; the server's part is played by the test. */
import { browserTest } from "./browser.ts";
import { connected, narrow, pass, said, serve, useOverlay, withOwnClock } from "./overlay-page.ts";
import { expectSoon, testMilliseconds } from "./pages.ts";

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
