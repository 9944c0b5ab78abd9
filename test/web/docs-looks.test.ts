/** The reference in every size and colour. */
import { browserTest } from "./browser.ts";
import { expectFits, expectLooks, inEachLook, testMilliseconds, usePages } from "./pages.ts";
import { openAmongStages, openReference, operation } from "./reference.ts";

const pages = usePages();

browserTest(
  "links to other stages fit in every size and colour",
  async () => {
    const { page, close } = await openAmongStages(pages);
    // The page around them is looked at whole below.
    await expectLooks(page, "docs-stages", "header.head");
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the page is accessible in every size and colour",
  async () => {
    const { page, close } = await openReference(pages);
    await inEachLook(page, () => expectFits(page, "docs"));
    await page.getByRole("searchbox").fill("send a message");
    const post = await operation(page, "chatSendMessage");
    await post.getByRole("button", { name: "Try it" }).click();
    await post.getByRole("button", { name: "Send" }).click();
    await post.locator(".outcome").waitFor();
    for (const summary of await post.locator("summary").all()) await summary.click();
    await post.scrollIntoViewIfNeeded();
    await expectLooks(page, "docs-open");
    await page.goto(new URL("/docs/events", pages.system().url).href);
    await page.locator("section.operation").first().waitFor();
    expect(await page.title()).toBe("Ovation: event reference");
    await expectLooks(page, "docs-events");
    await close();
  },
  testMilliseconds,
);
