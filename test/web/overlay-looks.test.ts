/** The overlay's demonstration in each size and theme. */
import { browserTest, listFindings } from "./browser.ts";
import { browser, narrow, obs, open, useOverlay, withStoppedClock } from "./overlay-page.ts";
import { testMilliseconds } from "./pages.ts";

useOverlay();

/** The share of a picture's pixels that are not wholly see-through, and the least of a corner. */
async function opaqueShareOf(png: Buffer): Promise<number> {
  const blank = await browser!.newPage();
  const share = await blank.evaluate(
    `(async () => {
      const bytes = await (await fetch("data:image/png;base64,PNG")).blob();
      const picture = await createImageBitmap(bytes);
      const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
      context.drawImage(picture, 0, 0);
      const { data } = context.getImageData(0, 0, picture.width, picture.height);
      let opaque = 0;
      for (let at = 3; at < data.length; at += 4) if (data[at] > 0) opaque++;
      return opaque / (data.length / 4);
    })()`.replace("PNG", png.toString("base64")),
  );
  await blank.close();
  return share as number;
}

browserTest.each([
  { size: obs, theme: "dark" },
  { size: obs, theme: "light" },
  { size: narrow, theme: "dark" },
  { size: narrow, theme: "panel" },
])(
  "the demo overlay without a server is transparent over $size.width × $size.height, $theme",
  async ({ size, theme }) => {
    const { page, faults, go } = await open(`demo=1&theme=${theme}`, size);
    await withStoppedClock(page);
    await go();
    expect(await page.locator(".ov").getAttribute("data-theme")).toBe(theme);
    await page.clock.runFor(3_000);
    await page.locator(".ov-gift .ov-times", { hasText: "×3" }).waitFor();
    const png = await page.screenshot({ omitBackground: true });
    const share = await opaqueShareOf(png);
    expect(share).toBeGreaterThan(0.005);
    expect(share).toBeLessThan(size === obs ? 0.12 : 0.35);
    await page.clock.runFor(6_000);
    await page.locator(".ov-large", { hasText: "Rocket" }).waitFor();
    await page.waitForTimeout(500);
    const isWider = "document.documentElement.scrollWidth > innerWidth";
    expect(await page.evaluate(isWider)).toBe(false);
    // Axe waits by the page's timers.
    await page.clock.resume();
    expect(await listFindings(page)).toEqual([]);
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);
