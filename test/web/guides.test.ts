/** The guides in a browser. */
import { browserTest } from "./browser.ts";
import {
  expectFits,
  expectLooks,
  expectSoon,
  inEachLook,
  testMilliseconds,
  usePages,
  watchFor,
} from "./pages.ts";

const pages = usePages();

/** The numbers in tables that stand in two lines, as a browser finds them. */
const cutNumbers = `[...document.querySelectorAll("article td")]
  .filter((cell) => cell.offsetParent !== null && /^[\\d.,]+$/.test(cell.textContent))
  .filter((cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return range.getClientRects().length > 1;
  })
  .map((cell) => cell.textContent)`;

/** The texts of elements that have moved since the page was first painted. */
const moves = `new Promise((done) => {
  new PerformanceObserver((list, observer) => {
    observer.disconnect();
    done(list.getEntries().flatMap(({ sources }) => sources)
      .map(({ node }) => node?.textContent.trim().slice(0, 80)));
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done([]), 1_000);
})`;

/** Whether a page was painted before its last part arrived. */
const isPaintedEarly = `performance.getEntriesByName("first-contentful-paint")[0].startTime <
  performance.getEntriesByType("navigation")[0].domInteractive`;

/** As over a slow mobile network: the page takes several seconds. */
const bytesPerSecond = 50_000;

browserTest(
  "nothing on the page moves while it loads",
  async () => {
    for (const width of [1_350, 390]) {
      const { page, close } = await pages.open("/docs/guides", { width, bytesPerSecond });
      await page.waitForFunction("document.querySelector('.copy') !== null");
      expect(await page.evaluate(isPaintedEarly)).toBe(true);
      expect(await page.evaluate(moves)).toEqual([]);
      expect(await page.evaluate("[...document.fonts].map(({ status }) => status)")).toContain(
        "loaded",
      );
      await close();
    }
  },
  testMilliseconds,
);

browserTest(
  "the menu shows one guide at a time, and links between guides and parts lead there",
  async () => {
    const { page, faults, answer, close } = await pages.open("/docs/guides");
    expect(answer.headers()["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'sha256-\S+'; style-src 'sha256-\S+'; /,
    );
    const menu = page.getByRole("navigation", { name: "Guides" });
    const entries = await menu.getByRole("link").allTextContents();
    expect(entries.length).toBeGreaterThanOrEqual(14);
    const expectGuide = async (title: string) => {
      await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
      expect(await page.getByRole("heading", { level: 1 }).allTextContents()).toEqual([title]);
      await expectSoon(async () => (await page.title()) === `${title} · Ovation guides`);
    };
    await expectGuide(entries[0]!);
    for (const entry of entries) {
      await menu.getByRole("link", { name: entry, exact: true }).click();
      await expectGuide(entry);
    }
    await menu.getByRole("link", { name: entries[0]!, exact: true }).click();
    await page.locator("article a[href='#webhooks']:visible").click();
    await expectGuide("Webhooks");
    const lost = await page.evaluate(
      `[...document.querySelectorAll("a[href^='#']")].map((link) => link.getAttribute("href"))
        .filter((anchor) => document.getElementById(anchor.slice(1)) === null)`,
    );
    expect(lost).toEqual([]);
    // A part of a guide shows the guide that it is in.
    await page.goto(`${page.url().split("#")[0]}#runbook`);
    const part = page.locator("article:visible h2").nth(1);
    await page.goto(`${page.url().split("#")[0]}#${await part.getAttribute("id")}`);
    expect(await page.locator("article:visible").getAttribute("id")).toBe("runbook");
    // The reference links each code of a failure to its row.
    await page.goto(`${page.url().split("#")[0]}#errors-slow_mode`);
    await expectGuide("Errors");
    await page.getByRole("row", { name: "slow_mode" }).waitFor();
    await page.getByRole("link", { name: "HTTP", exact: true }).click();
    await page.getByRole("link", { name: "Guides", exact: true }).click();
    await expectGuide(entries[0]!);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "guides name this machine's port, their code can be copied, and a search finds parts of guides",
  async () => {
    const { page, faults, close } = await pages.open("/docs/guides");
    const { host } = new URL(page.url());
    const guide = page.locator("#quick-start");
    expect(await guide.textContent()).toContain(host);
    expect(await page.locator("main").textContent()).not.toContain("127.0.0.1:4000");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const copied = await watchFor(page, "#quick-start button", "Copied");
    await guide.getByRole("button", { name: "Copy" }).first().click();
    await copied();
    const code = await guide.locator("pre").first().textContent();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(code);
    const menu = page.getByRole("navigation", { name: "Guides" });
    await page.getByRole("searchbox", { name: "Search" }).fill("expectedPrice changed");
    await menu.getByRole("link", { name: "Gifts, wallets and refunds", exact: true }).click();
    await page.locator("#gifts:visible").waitFor();
    expect(await menu.getByRole("link", { name: "Backup and restore" }).count()).toBe(0);
    // A guide or part that the words name comes before those that only mention them.
    const operate = menu.locator('h2:text-is("Operate") + ul li:visible a');
    await page.getByRole("searchbox", { name: "Search" }).fill("rate limits");
    expect((await operate.allTextContents())[0]).toBe("Rate limits, sizes and abuse");
    // Once, although it is the title of the guide and of its first part.
    expect(await menu.getByRole("link", { name: "Rate limits, sizes and abuse" }).count()).toBe(1);
    await page.getByRole("searchbox", { name: "Search" }).fill("deleting a stage");
    expect((await operate.allTextContents()).slice(0, 2)).toEqual([
      "Deploying a stage",
      "Deleting a stage",
    ]);
    await page.getByRole("searchbox", { name: "Search" }).fill("");
    expect((await operate.allTextContents())[0]).toBe("Before production: fifteen questions");
    await page.getByRole("searchbox", { name: "Search" }).fill("nothing says this word zzz");
    await page.getByText("No results.").waitFor();
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a mistyped address shows a page that leads to the guides, and each page describes itself",
  async () => {
    const { page, answer, close } = await pages.open("/docs/guide/");
    const errorCode = answer.headers()["x-error-code"];
    expect([answer.status(), errorCode]).toEqual([404, "route_not_found"]);
    await page.getByRole("heading", { level: 1, name: "Page not found" }).waitFor();
    await expectLooks(page, "missing");
    await page.getByRole("link", { name: "Guides" }).click();
    await page.getByRole("navigation", { name: "Guides" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/docs/guides");
    const open = (path: string) =>
      fetch(new URL(path, pages.system().url), { headers: { accept: "text/html,*/*;q=0.8" } });
    // The pages on a host are those of the links, whatever the path; the API's answers are JSON.
    expect(await (await open("/guides")).text()).toContain('href="docs/guides"');
    expect(await (await open("/docs/")).text()).toContain('href="../docs/guides"');
    // So is the answer to an address too deep for a page, whose links would be as long as it is.
    for (const path of ["/api/v1/guides", "/a".repeat(2000)])
      expect(await (await open(path)).json()).toMatchObject({ code: "route_not_found" });
    for (const path of ["/", "/overlay", "/console", "/docs", "/docs/events", "/docs/guides"])
      expect(await (await open(path)).text()).toMatch(
        /<meta\s+name="description"\s+content="[^"{]{50,160}"/,
      );
    await close();
  },
  testMilliseconds,
);

browserTest(
  "guides are accessible in every size and colour",
  async () => {
    const { page, close } = await pages.open("/docs/guides");
    for (const guide of ["quick-start", "realtime", "webhooks", "errors", "scale", "abuse"]) {
      await page.goto(`${page.url().split("#")[0]}#${guide}`);
      // Once with all that is around a guide; the others lie there too, hidden.
      await expectLooks(page, `guides-${guide}`, guide === "quick-start" ? undefined : `#${guide}`);
      await inEachLook(page, async () => {
        expect(await page.evaluate(cutNumbers)).toEqual([]);
      });
    }
    await page.setViewportSize({ width: 320, height: 640 });
    for (const guide of await page.locator("article").all()) {
      await page.goto(`${page.url().split("#")[0]}#${await guide.getAttribute("id")}`);
      await expectFits(page, page.url());
    }
    await close();
  },
  testMilliseconds,
);
