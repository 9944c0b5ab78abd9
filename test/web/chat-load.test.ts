/** How long a full chat keeps the page's own thread busy. */
import { browserTest, watchWork } from "./browser.ts";
import { openWith, useBusyChat } from "./busy-chat.ts";
import { testMilliseconds } from "./pages.ts";

const eventsShown = 40;
/** Of the 50 ms from one event to the next, drawn by the processor: 13 on a busy machine. */
const workMillisecondsMax = 25;

useBusyChat();

browserTest(
  "twenty events a second give the thread of a full chat no task of 50 ms",
  async () => {
    // Full first, so that each row that comes lets another one go.
    const made = await openWith(500);
    const work = await watchWork(made);
    const { longest, mean } = await work.of(eventsShown, async () => {
      await made.evaluate("show(message())");
      await made.waitForTimeout(40);
    });
    expect(longest).toBeLessThan(50);
    expect(mean).toBeLessThan(workMillisecondsMax);
    expect(mean).toBeGreaterThan(0);
    await made.close();
  },
  testMilliseconds,
);
