/** Studio in every size and colour. */
import { browserTest } from "./browser.ts";
import {
  expectFits,
  expectLooks,
  expectSoon,
  inEachLook,
  testMilliseconds,
  usePages,
} from "./pages.ts";

const pages = usePages();

const pixelsHidden = new Function("one", "return one.scrollHeight - one.clientHeight;") as (
  one: object,
) => number;

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
  "at 400 % zoom each pane shows messages, and none is cut off",
  async () => {
    const { page, close } = await pages.open("/", { width: 320, height: 256 });
    for (const name of ["Viewer 1", "Streamer"]) {
      await page.getByRole("tab", { name }).click();
      const pane = page.getByRole("region", { name, exact: true });
      await pane.getByRole("textbox", { name: "Message" }).waitFor();
      const hidden = await pane.evaluate(pixelsHidden);
      const { height } = (await pane.getByRole("log").boundingBox())!;
      expect({ name, hidden, isTall: height >= 48 }).toEqual({ name, hidden: 0, isTall: true });
    }
    await expectFits(page);
    await close();
  },
  testMilliseconds,
);
