/** Studio in every size and colour. */
import { browserTest } from "./browser.ts";
import { expectFits, expectLook, expectSoon, looks, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();

browserTest.each(looks)(
  "at $width × $height, $colorScheme, everybody can use it",
  async (look) => {
    const { page, close } = await pages.open("/", look);
    const viewer = page.getByRole("region", { name: "Viewer 1", exact: true });
    await expectSoon(async () => (await viewer.locator(".row").count()) > 0);
    await viewer.locator(".row.gift").first().waitFor();
    await expectFits(page, "studio");
    await page.getByRole("button", { name: "Stop simulated viewers" }).click();
    await viewer.getByRole("button", { name: "Gift", exact: true }).click();
    await page.getByRole("button", { name: "Wire", exact: true }).click();
    await page.locator(".line").first().click();
    await expectLook(page, "studio-open", look);
    await close();
  },
  testMilliseconds,
);
