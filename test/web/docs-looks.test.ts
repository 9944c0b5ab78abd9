/** The reference in every size and colour. */
import { browserTest } from "./browser.ts";
import { expectFits, expectLook, looks, testMilliseconds, usePages } from "./pages.ts";
import { openAmongStages, openReference, operation } from "./reference.ts";

const pages = usePages();

browserTest.each(looks)(
  "at $width × $height, $colorScheme, links to other stages have their room",
  async (look) => {
    const { page, close } = await openAmongStages(pages, look);
    // The page around them is looked at whole below.
    await expectLook(page, "docs-stages", look, "header.head");
    await close();
  },
  testMilliseconds,
);

browserTest.each(looks)(
  "at $width × $height, $colorScheme, everybody can use it",
  async (look) => {
    const { page, close } = await openReference(pages, "/docs", look);
    await expectFits(page, "docs");
    await page.getByRole("searchbox").fill("send a message");
    const post = operation(page, "chatSendMessage");
    await post.getByRole("button", { name: "Try it" }).click();
    await post.getByRole("button", { name: "Send" }).click();
    await post.locator(".outcome").waitFor();
    for (const summary of await post.locator("summary").all()) await summary.click();
    await post.scrollIntoViewIfNeeded();
    await expectLook(page, "docs-open", look);
    await page.goto(new URL("/docs/events", pages.system().url).href);
    await page.locator("section.operation").first().waitFor();
    await expectLook(page, "docs-events", look);
    await close();
  },
  testMilliseconds,
);
