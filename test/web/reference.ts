/** The reference, as tests of it open it. */
import type { Page } from "playwright-core";
import { referencesOf } from "../../bin/build/build-docs.ts";
import { expectSoon, type usePages } from "./pages.ts";

type Pages = ReturnType<typeof usePages>;

/** Opens a page of the reference and waits until its description is there. */
export async function openReference(pages: Pages, path = "/docs") {
  const opened = await pages.open(path);
  await opened.page.locator("section.operation").first().waitFor();
  return opened;
}

/** The section of one operation, which the page renders when a reader scrolls near it. */
export async function operation(page: Page, id: string) {
  const found = page.locator(`#${id}`);
  await found.waitFor({ state: "attached" });
  // Sections rendered above it move it away, so a reader keeps scrolling. It may be replaced in the
  // moment in which it is found.
  await expectSoon(async () => {
    await page.evaluate(`document.getElementById(${JSON.stringify(id)})?.scrollIntoView()`);
    return (await page.locator(`#${id}:not(.later)`).count()) === 1;
  });
  return found;
}

/** The page as a deployment makes it whose table of stages has these domains. */
export async function openAmongStages(pages: Pages) {
  const { page, close } = await pages.open("/docs");
  const domain = (name: string) => ({ name, certificate: "arn:aws:acm" });
  const stages = referencesOf([
    { name: "dev", domain: domain("dev.example.com") },
    { name: "staging" },
    { name: "trial", domain: domain(new URL(pages.system().url).host) },
    { name: "prod", domain: domain("live.example.com") },
  ]);
  await page.route(/\/docs(\/events)?$/, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace('data-stages=""', `data-stages="${stages}"`);
    await route.fulfill({ response, body });
  });
  await page.reload();
  await page.locator("section.operation").first().waitFor();
  return { page, close };
}
