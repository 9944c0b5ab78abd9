/** The keyboard of a page, and what has the focus. */
import type { Page } from "playwright-core";
import { expectSoon } from "./pages.ts";

/** The name of the focused control, in shadow trees too; "" if nothing has the focus. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate(`(() => {
    let one = document.activeElement;
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    if (one === null || one === document.body) return "";
    const label = one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent;
    return (label ?? one.textContent).trim().replace(/\\s+/g, " ");
  })()`);
/** Waits until a control of this name has the focus. */
export const expectFocus = async (page: Page, name: RegExp) => {
  await expectSoon(async () => name.test(await focused(page)));
};

/** Waits until the page is drawn again: a control that cannot have the focus has lost it then. */
export const expectDrawn = (page: Page): Promise<void> =>
  page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");

/** Presses Tab until a control has the focus; fails after a walk through all that has loaded. */
export async function tabTo(page: Page, name: RegExp, key = "Tab"): Promise<void> {
  const seen: string[] = [];
  for (let steps = 0; steps < 100; ) {
    await page.keyboard.press(key);
    seen.push(await focused(page));
    if (name.test(seen.at(-1)!)) return;
    // What still loads may have the control, and so does a page that has nothing to focus yet.
    const isLoading = seen.at(-1) === "" || (await page.locator("[aria-busy=true]").count()) > 0;
    if (!isLoading) steps++;
  }
  // As one text: a long list would be cut.
  expect(seen.join(" · ")).toBe(`a walk to ${name}`);
}
