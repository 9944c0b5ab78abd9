/** What the overlay keeps after an evening in a busy room. */
import { browserTest, watchMemory } from "./browser.ts";
import {
  connected,
  given,
  narrow,
  person,
  said,
  useOverlay,
  withOwnClock,
} from "./overlay-page.ts";
import { expectSoon, testMilliseconds } from "./pages.ts";

/** Kept after 10,000 events, beyond what there was after the first thousand: 0.2 MB here. */
const heapBytesMax = 1_500_000;

useOverlay();

browserTest(
  "an overlay's memory does not grow over ten thousand events",
  async () => {
    const { page, faults, stream } = await connected(
      "max=12&fade=1&goal=1000000",
      narrow,
      withOwnClock,
    );
    const measure = await watchMemory(page);
    const names = ["Rose", "Heart", "Coffee", "Star", "Rocket"];
    const batch = async (from: number) => {
      for (let at = from; at < from + 1_000; at += 20) {
        const events = Array.from({ length: 20 }, (_, n) =>
          n % 5 === 0
            ? given(names[(at / 20) % 5]!, at % 100 === 0 ? 500 : 10, { sender: person(at + n) })
            : said(`message ${at + n}`, at + n),
        );
        stream.show(...events);
        await page.waitForTimeout(10);
      }
      // On a slow machine the last row may have faded between two looks.
      const last = page.getByText(`message ${from + 999}`);
      const rows = page.locator(".ov-row");
      await expectSoon(async () => (await last.count()) > 0 || (await rows.count()) === 0);
    };
    await batch(0);
    await page.clock.runFor(8_000);
    const before = await measure();
    for (let from = 1_000; from < 10_000; from += 1_000) await batch(from);
    // Every row has faded, every combo has run out, and the middle has shown what waited.
    await page.clock.runFor(50_000);
    await expectSoon(async () => (await page.locator(".ov-row, .ov-large").count()) === 0);
    const after = await measure();
    expect(after.usedSize - before.usedSize).toBeLessThan(heapBytesMax);
    expect(after.nodes).toBeLessThan(before.nodes + 200);
    expect(after.jsEventListeners).toBeLessThan(before.jsEventListeners + 50);
    expect(faults).toEqual([]);
    await page.close();
  },
  testMilliseconds,
);
