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
