/** What the reference contains, and how it is found. */
import { browserTest } from "./browser.ts";
import { expectSoon, testMilliseconds, usePages } from "./pages.ts";
import { openAmongStages, openReference, operation } from "./reference.ts";

const pages = usePages();

const open = (path?: string) => openReference(pages, path);

browserTest(
  "the search of the reference finds operations by any words, each by its tag",
  async () => {
    const { page, close } = await open();
    const all = await page.locator("section.operation").count();
    const { paths } = (await (
      await fetch(new URL("/openapi.json", pages.system().url))
    ).json()) as {
      paths: Record<string, object>;
    };
    expect(all).toBe(Object.values(paths).flatMap(Object.keys).length);
    await page.getByRole("searchbox").fill("post chat superlike");
    expect(await page.locator("section.operation").count()).toBe(1);
    await page.getByRole("heading", { name: "Live Stream Chat" }).waitFor();
    await page.getByRole("searchbox").fill("no such operation");
    await page.getByText("No results.").waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the reference renders few elements at first, begins with an app's first calls, and leads to any operation by its anchor",
  async () => {
    const { page, close } = await open();
    await page.getByRole("navigation", { name: "Operations" }).waitFor();
    expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(4_000);
    const groups = await page.getByRole("heading", { level: 2 }).allTextContents();
    expect(groups.slice(0, 3)).toEqual(["Live Streams", "Live Stream Chat", "Gifts"]);
    expect(groups.at(-1)).toBe("App");
    await page.goto(`${page.url().split("#")[0]}#walletsGet`);
    const wallet = page.locator("#walletsGet:not(.later)");
    await wallet.getByText("Token required.").waitFor();
    // Sections around it that are rendered meanwhile move it, and the page moves it back.
    await expectSoon(async () => {
      const { y = -1 } = (await wallet.boundingBox()) ?? {};
      return y >= 0 && y < 400;
    });
    // A reader who scrolls on at once is not moved back.
    const scrolled = page.evaluate(`new Promise((done) => {
      let frames = 30;
      const wait = () => (--frames > 0 ? requestAnimationFrame(wait) : done(scrollY));
      addEventListener("hashchange", () => requestAnimationFrame(() => {
        document.body.dispatchEvent(new WheelEvent("wheel", { bubbles: true }));
        scrollTo(0, 0);
        wait();
      }), { once: true });
      location.hash = "usersChangePhoto";
    })`);
    expect(await scrolled).toBe(0);
    await operation(page, "walletsGet");
    // The same call for a terminal and for an app; the choice holds for every operation.
    await wallet.getByRole("tab", { name: "TypeScript" }).click();
    expect(await wallet.locator(".try > .code").textContent()).toContain(
      'await client.call("GET /api/v1/wallet")',
    );
    const post = await operation(page, "chatSendMessage");
    expect(await post.locator(".try > .code").textContent()).toMatch(
      /client\.call\("POST \/api\/v1\/live-stream\/\{streamId\}\/chat\/messages", \{\s+path: \{\s+streamId: "64d15f9e2e6c8f4d5a123000"/,
    );
    await close();
  },
  testMilliseconds,
);

browserTest(
  "other stages are links to their own references, where their host is known",
  async () => {
    const { page, close } = await openAmongStages(pages);
    const linked = async () => {
      const links = await page.getByRole("navigation", { name: "Other stages" }).getByRole("link");
      return await links.evaluateAll((all) => all.map((one) => (one as { href?: string }).href));
    };
    // The page's own stage is dev, the host of `trial` is its own, and nobody knows staging's.
    expect(await linked()).toEqual(["https://live.example.com/docs"]);
    await page.goto(new URL("/docs/events", pages.system().url).href);
    await page.locator("section.operation").first().waitFor();
    expect(await linked()).toEqual(["https://live.example.com/docs/events"]);
    await close();
    const alone = await open();
    await alone.page.getByRole("navigation", { name: "Pages" }).waitFor();
    expect(await alone.page.getByRole("navigation", { name: "Other stages" }).count()).toBe(0);
    await alone.close();
  },
  testMilliseconds,
);

browserTest(
  "the reference describes every action, message and event of the socket with an example",
  async () => {
    const { page, faults, close } = await open("/docs/events");
    for (const name of ["subscribe", "events", "gift.sent", "stream.ended"])
      await page.getByRole("heading", { name, exact: true }).waitFor();
    const gift = page.locator('[id="gift.sent"]');
    expect(await gift.textContent()).toMatch(/type GiftSent = .*"type": "gift\.sent"/s);
    // A program can use the types: an event and its data have different names.
    const shown = await page.locator("section.operation").allTextContents();
    for (const text of shown) {
      const names = [...text.matchAll(/\btype (\w+) =/g)].map(([, declared]) => declared);
      expect(names).toEqual([...new Set(names)]);
    }
    expect(shown.join()).toContain("type GiftSentEvent = {");
    await page.getByRole("searchbox").fill("sent superlike ");
    const found = page.getByRole("navigation", { name: "Events" }).getByRole("link");
    const first = await found.first().innerText();
    expect(first).toContain("superlike.sent");
    await page.getByRole("searchbox").press("Enter");
    await page.locator("h3 a:focus").getByText(first, { exact: true }).waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);
