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

/** What a page has of one operation, which is made where a reader comes near. */
export async function operation(page: Page, id: string) {
  const found = page.locator(`#${id}`);
  // What is made above it meanwhile moves it away: a reader goes on scrolling.
  await expectSoon(async () => {
    await found.scrollIntoViewIfNeeded();
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
