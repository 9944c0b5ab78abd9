/** Studio while its server is killed, a frame is lost or a connection is cut. */
import { deflateRawSync } from "node:zlib";
import { browserTest, watchFaults } from "./browser.ts";
import { expectSoon, testMilliseconds, timeoutMilliseconds, watchSubscription } from "./pages.ts";
import { log, quiet, say, useStudio } from "./studio-page.ts";

const { pages, open } = useStudio();

browserTest(
  "after a server kill both viewers reconnect by themselves, with nothing lost or duplicated",
  async () => {
    const { page, viewer, close } = await open();
    await quiet(page);
    const lost = viewer(1)
      .getByText(/Reconnecting/)
      .waitFor();
    await page.getByRole("button", { name: "Kill the server" }).click();
    await say(viewer(1), "said while nobody listened");
    await lost;
    await log(viewer(2)).getByText("said while nobody listened").waitFor();
    await page.getByText(/server restarted in/).waitFor();
    await say(viewer(2), "and again");
    await log(viewer(1)).getByText("and again").waitFor();
    for (const n of [1, 2] as const)
      expect(await log(viewer(n)).getByText("said while nobody listened").count()).toBe(1);
    await page.getByText("0 lost, 0 duplicated").waitFor();
    await page.getByText("Everything fits").waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a channel overlay made here shows the stream, through a kill too, until it is revoked",
  async () => {
    const { page, viewer, close } = await open();
    await quiet(page);
    await page.getByRole("button", { name: "Overlay", exact: true }).click();
    await page.getByLabel("Theme").selectOption("panel");
    await page.getByLabel("Position").selectOption("right");
    await page.getByRole("img", { name: "Preview: Panel, Right" }).waitFor();
    await page.getByRole("button", { name: "Create overlay URL" }).click();
    const address = page.getByRole("textbox", { name: /Overlay URL/ });
    await address.waitFor();
    const url = await address.inputValue();
    expect(url).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/overlay\?channel=\w+&key=ovk_.*&theme=panel&align=right$/,
    );
    // In a context of its own, as in a streaming program.
    const program = await pages.browser().newContext();
    const overlay = await program.newPage();
    overlay.setDefaultTimeout(timeoutMilliseconds);
    const faults = watchFaults(overlay, pages.system().url);
    const subscribed = watchSubscription(overlay);
    // By default a row is gone after half a minute, in which a slow machine does less than this.
    await overlay.goto(`${url}&goal=100000&fade=600`);
    await overlay.locator('.ov[data-state="online"]').waitFor();
    await subscribed();
    await page.getByRole("button", { name: "Close" }).click();
    await say(viewer(1), "hello overlay");
    await overlay.getByText("hello overlay").waitFor();
    await viewer(1).getByRole("button", { name: "Gift", exact: true }).press("Enter");
    await viewer(1).getByRole("button", { name: /^Rose/ }).waitFor();
    // It is selected, and then sent. On a slow machine gifts come seconds apart: then the server
    // starts new combos.
    await page.keyboard.press("Enter");
    await expectSoon(async () => {
      await page.keyboard.press("Enter");
      const own = overlay.locator(".ov-gift", { hasText: "John Doe" });
      const counts = await own.locator(".ov-times").allTextContents();
      return counts.some((text) => Number(text.slice(1)) >= 3);
    });
    await page.keyboard.press("Escape");
    expect(faults).toEqual([]);
    // After ten seconds without a server it would skip what it has missed.
    await overlay.evaluate("{ const now = Date.now(); Date.now = () => now; }");
    const away = overlay.locator('.ov[data-state="offline"]').waitFor();
    await page.getByRole("button", { name: "Kill the server" }).click();
    await away;
    await say(viewer(2), "said while it was away");
    await overlay.locator('.ov[data-state="online"]').waitFor();
    await say(viewer(2), "and after");
    // The first one is sent again a little later, so it may come after the second.
    for (const text of ["hello overlay", "said while it was away", "and after"])
      await overlay.getByText(text).waitFor();
    for (const text of ["hello overlay", "said while it was away", "and after"])
      expect(await overlay.getByText(text).count()).toBe(1);
    await page.getByRole("button", { name: "Overlay", exact: true }).click();
    await page.getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("button", { name: "Revoke?" }).click();
    await overlay.getByText("This overlay key was revoked.").waitFor();
    await page.getByText("No overlay URLs yet").waitFor();
    // Opened once more with it, a page finds a server that does not take the key.
    const again = await page.context().newPage();
    again.setDefaultTimeout(timeoutMilliseconds);
    await again.goto(url);
    await again.getByText("The server rejected this overlay key").waitFor();
    await program.close();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a lost frame and a cut connection are recovered",
  async () => {
    const { page, viewer, close } = await open();
    await quiet(page);
    const tool = async (name: string) => {
      await viewer(2).getByLabel("Viewer 2 tools").click();
      await viewer(2).getByRole("button", { name }).click();
    };
    await tool("Drop next frame");
    await say(viewer(1), "this frame is lost");
    await say(viewer(1), "and this one tells");
    await log(viewer(2)).getByText("this frame is lost").waitFor();
    await tool("Disconnect");
    await say(viewer(1), "said while it was cut");
    await log(viewer(2)).getByText("said while it was cut").waitFor();
    expect(await log(viewer(2)).getByText("this frame is lost").count()).toBe(1);
    await page.getByText("0 lost, 0 duplicated").waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the next frame is dropped also if it is compressed, as those of a busy room are",
  async () => {
    const { page, viewer, close } = await open();
    await page.routeWebSocket(/\/ws\b/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((text) => {
        if (JSON.parse(String(text)).type !== "compact") return socket.send(text);
        const data = deflateRawSync(text).toString("base64");
        socket.send(JSON.stringify({ type: "deflate", data }));
      });
    });
    await page.reload();
    await expectSoon(async () => (await viewer(2).locator(".row").count()) > 0);
    await quiet(page);
    await say(viewer(1), "nothing is lost yet");
    await log(viewer(2)).getByText("nothing is lost yet").waitFor();
    await viewer(2).getByLabel("Viewer 2 tools").click();
    await viewer(2).getByRole("button", { name: "Drop next frame" }).click();
    await say(viewer(1), "a compressed frame is lost");
    await say(viewer(1), "and this one tells");
    await page.getByRole("button", { name: "Logs", exact: true }).click();
    await page.getByText("dropped: deflate").waitFor();
    await log(viewer(2)).getByText("a compressed frame is lost").waitFor();
    await close();
  },
  testMilliseconds,
);
