import type { Page } from "playwright-core";

/** Elements that name the parts of a page, except labels around a list of users. */
const named = "h1, h2, h3, label:not(:has(select)), nav a, [role=tab], [placeholder]";

/** Buttons, without those that show a state: a number, or the result of an audit. */
const buttons = "button:not(:has([role=status]))";
const withoutNumber = { hasNotText: /\d/ };

/** An element of the page, for which Node.js has no types. */
type Part = {
  checkVisibility(): boolean;
  getAttribute(name: string): string | null;
  textContent: string | null;
};

/**
 * The visible labels of a page, shadow trees included. They are recorded with the README's
 * pictures, so that a test notices when a picture shows labels that have changed since.
 */
export async function listLabels(page: Page): Promise<string[]> {
  const parts = page.locator(named).or(page.locator(buttons, withoutNumber));
  const texts = await parts.evaluateAll((all: Part[]) =>
    all
      .filter((part) => part.checkVisibility())
      .map((part) => (part.getAttribute("placeholder") ?? part.textContent ?? "").trim()),
  );
  return [...new Set(texts)].filter((text) => text !== "").sort();
}
