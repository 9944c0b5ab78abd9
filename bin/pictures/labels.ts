import type { Page } from "playwright-core";

/**
 * What names the parts of a page. Buttons are left out, since some show a state, and so are labels
 * around a list of users.
 */
const named = "h1, h2, h3, label:not(:has(select)), nav a, [role=tab], [placeholder]";

/** Runs in the page. */
const read = `(elements) =>
  elements
    .filter((element) => element.checkVisibility())
    .map((element) => (element.getAttribute("placeholder") ?? element.textContent).trim())`;

/**
 * The visible labels of a page, shadow trees included. They are recorded with the README's
 * pictures, so that a test notices when a picture shows labels that have changed since.
 */
export async function listLabels(page: Page): Promise<string[]> {
  const texts: string[] = await page.locator(named).evaluateAll(read);
  return [...new Set(texts)].filter((text) => text !== "").sort();
}
