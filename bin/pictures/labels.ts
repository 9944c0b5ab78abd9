import type { Page } from "playwright-core";

/** Elements that name the parts of a page, except labels around a list of users. */
const named = "h1, h2, h3, label:not(:has(select)), nav a, [role=tab], [placeholder]";

/** Buttons, without those that show the result of an audit. */
const buttons = "button:not(:has([role=status]))";

/** An element of the page, for which Node.js has no types. */
type Part = {
  checkVisibility(): boolean;
  matches(selectors: string): boolean;
  getAttribute(name: string): string | null;
  textContent: string | null;
};

/**
 * The visible labels of a page, shadow trees included, without buttons that show a number. They are
 * recorded with the README's pictures, so that a test notices when a picture shows labels that have
 * changed since.
 */
export async function listLabels(page: Page): Promise<string[]> {
  const parts = page.locator(`${named}, ${buttons}`);
  // One call reads and selects: a button may get a number in between.
  const texts = await parts.evaluateAll(
    (all: Part[], named) =>
      all
        .filter((part) => part.checkVisibility())
        .filter((part) => part.matches(named) || !/\d/.test(part.textContent ?? ""))
        .map((part) => (part.getAttribute("placeholder") ?? part.textContent ?? "").trim()),
    named,
  );
  return [...new Set(texts)].filter((text) => text !== "").sort();
}
