/** Studio in every size and colour. */
import { demoIds } from "../../bin/start/demo.ts";
import { browserTest } from "./browser.ts";
import { callerOf } from "./console.ts";
import {
  expectFits,
  expectLooks,
  expectSoon,
  inEachLook,
  testMilliseconds,
  usePages,
} from "./pages.ts";

const pages = usePages();
const { streamId, giftTypeId } = demoIds;

/** A pane's pixels that are out of view, whether two messages have room, and its active combos. */
const layoutOf = new Function(
  "pane",
  `const chat = pane.querySelector("ovation-chat").shadowRoot;
   const { height } = chat.querySelector("[role=log]").getBoundingClientRect();
   const combos = chat.querySelectorAll(".lane > *").length;
   return { hidden: pane.scrollHeight - pane.clientHeight, isTall: height >= 80, combos };`,
) as (pane: object) => { hidden: number; isTall: boolean; combos: number };

browserTest(
  "the page is accessible in every size and colour",
  async () => {
    const { page, close } = await pages.open("/");
    const viewer = page.getByRole("region", { name: "Viewer 1", exact: true });
    await expectSoon(async () => (await viewer.locator(".row").count()) > 0);
    await viewer.locator(".row.gift").first().waitFor();
    await page.getByRole("button", { name: "Stop simulated viewers" }).click();
    await inEachLook(page, () => expectFits(page, "studio"));
    await viewer.getByRole("button", { name: "Gift", exact: true }).click();
    await page.getByRole("button", { name: "Logs", exact: true }).click();
    await page.locator(".line").first().click();
    await expectLooks(page, "studio-open");
    await close();
  },
  testMilliseconds,
);

browserTest(
  "at 400 % zoom each pane shows messages during gifts and superlikes, and none is cut off",
  async () => {
    const { page, close } = await pages.open("/", { width: 320, height: 256 });
    await pages.tokenOf({ sub: "zoom-giver", credits: 10_000 });
    const call = callerOf(pages);
    for (const name of ["Viewer 1", "Streamer"]) {
      await page.getByRole("tab", { name }).click();
      const pane = page.getByRole("region", { name, exact: true });
      await pane.getByRole("textbox", { name: "Message" }).waitFor();
      const superlike = `/api/v1/live-stream/${streamId}/chat/superlike`;
      for (const _ of [1, 2])
        expect(await call("zoom-giver", "POST", superlike)).toMatchObject({ streamId });
      // A combo is active for five seconds.
      let layout = await pane.evaluate(layoutOf);
      await expectSoon(async () => {
        const gift = { giftTypeId, liveStreamId: streamId };
        await call("zoom-giver", "POST", "/api/v1/gifts/create", gift);
        layout = await pane.evaluate(layoutOf);
        return layout.combos > 0;
      });
      const combos = expect.any(Number);
      expect({ name, ...layout }).toEqual({ name, hidden: 0, isTall: true, combos });
    }
    await expectFits(page);
    await close();
  },
  testMilliseconds,
);
