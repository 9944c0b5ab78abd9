/** The reference as people meet it: in a browser, on the whole system. */
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type System, startSystem } from "../system.ts";
import { browserTest, listFindings, openBrowser, screenshots, watchFaults } from "./browser.ts";

const patience = 60_000;
const testMilliseconds = 180_000;
let browser: Browser | undefined;
let system: System;

beforeAll(async () => {
  browser = await openBrowser(["--host-resolver-rules=MAP ovation.test 127.0.0.1"]);
  if (browser !== undefined) system = await startSystem();
}, testMilliseconds);
afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

type Look = { path?: string; width?: number; height?: number; colorScheme?: "dark" | "light" };

/** Opens a page of the reference and waits until its description is there. */
async function open({
  path = "/docs",
  width = 1280,
  height = 800,
  colorScheme = "dark",
}: Look = {}) {
  const context = await browser!.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const faults = watchFaults(page, system.url);
  const answer = await page.goto(new URL(path, system.url).href);
  await page.locator("section.operation").first().waitFor();
  return { page, faults, answer: answer!, close: () => context.close() };
}

const operation = (page: Page, id: string) => page.locator(`#${id}`);

browserTest(
  "tries a GET and a POST as demo users, with the demo stream filled in",
  async () => {
    const { page, faults, answer, close } = await open();
    expect(answer.headers()["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'sha256-\S+'; style-src 'sha256-\S+'; /,
    );
    const get = operation(page, "walletsGet");
    await get.getByRole("button", { name: "Try it" }).click();
    await get.getByRole("button", { name: "Send" }).click();
    await get.locator(".outcome", { hasText: "200" }).waitFor();
    expect(await get.locator(".form .code").textContent()).toMatch(/"balance": \d+/);
    const post = operation(page, "chatSendMessage");
    await post.getByRole("button", { name: "Try it" }).click();
    expect(await post.getByRole("textbox", { name: "streamId" }).inputValue()).toBe(
      "64d15f9e2e6c8f4d5a123000",
    );
    await post
      .getByRole("textbox", { name: "Body" })
      .fill('{ "content": "said by the reference" }');
    await post.getByRole("button", { name: "Send" }).click();
    await post.locator(".outcome", { hasText: "201" }).waitFor();
    expect(await post.locator(".form .code").textContent()).toContain("said by the reference");
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "shows what is refused by its code, and an operation's types, failures and curl line",
  async () => {
    const { page, close } = await open();
    const post = operation(page, "chatSendMessage");
    await post.getByRole("button", { name: "Try it" }).click();
    await post.getByRole("textbox", { name: "Body" }).fill("{}");
    await post.getByRole("button", { name: "Send" }).click();
    await post.locator(".outcome", { hasText: "request_invalid" }).waitFor();
    await post.getByText("Fails with").click();
    for (const code of ["word_blocked", "token_invalid", "key_reused", "internal_error"])
      await post.locator(".codes").getByText(code).waitFor();
    expect(await post.locator(".text .code").first().textContent()).toMatch(
      /type Body = \{\s+content: string;\s+replyTo\?: string \| null;/,
    );
    expect(await post.locator(".try > .code").textContent()).toMatch(
      /curl -X POST '.*64d15f9e2e6c8f4d5a123000.*npm run -s token -- johndoe/s,
    );
    await close();
  },
  testMilliseconds,
);

browserTest(
  "finds operations by any words, each by its tag",
  async () => {
    const { page, close } = await open();
    const all = await page.locator("section.operation").count();
    const { paths } = (await (await fetch(new URL("/openapi.json", system.url))).json()) as {
      paths: Record<string, object>;
    };
    expect(all).toBe(Object.values(paths).flatMap(Object.keys).length);
    await page.getByRole("searchbox").fill("post chat superlike");
    expect(await page.locator("section.operation").count()).toBe(1);
    await page.getByRole("heading", { name: "Live Stream Chat" }).waitFor();
    await page.getByRole("searchbox").fill("no such operation");
    await page.getByText("Nothing is called that.").waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "under another name than this machine's it takes a pasted token, and warns where the stage is prod",
  async () => {
    const context = await browser!.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    const prod = await startSystem({ env: { STAGE: "prod" } });
    const url = `http://ovation.test:${new URL(prod.url).port}/docs`;
    const faults = watchFaults(page, url);
    await page.goto(url);
    const warning = (id: string) => operation(page, id).getByText("This is production");
    await warning("chatSendMessage").waitFor();
    expect(await warning("walletsGet").count()).toBe(0);
    const made = await fetch(new URL("/local/token", prod.url), {
      method: "POST",
      body: JSON.stringify({ sub: `docs-${Date.now()}`, credits: 77 }),
    });
    const { token } = (await made.json()) as { token: string };
    await page.getByLabel("Token for prod").fill(`Bearer ${token}`);
    const get = operation(page, "walletsGet");
    await get.getByRole("button", { name: "Try it" }).click();
    await get.getByRole("button", { name: "Send" }).click();
    await get.getByText('"balance": 77').waitFor();
    expect(faults).toEqual([]);
    await context.close();
    await prod.stop();
  },
  testMilliseconds,
);

browserTest(
  "describes every action, message and event of the socket with an example",
  async () => {
    const { page, faults, close } = await open({ path: "/docs/events" });
    for (const name of ["subscribe", "events", "gift.sent", "stream.ended"])
      await page.getByRole("heading", { name, exact: true }).waitFor();
    const gift = page.locator('[id="gift.sent"]');
    expect(await gift.textContent()).toMatch(/type GiftSent = .*"type": "gift\.sent"/s);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

const sizes = [
  [360, 800],
  [1280, 800],
  [1920, 1080],
] as const;

browserTest.each(
  sizes.flatMap(([width, height]) =>
    (["dark", "light"] as const).map((colorScheme) => ({ width, height, colorScheme })),
  ),
)(
  "at $width × $height, $colorScheme, everybody can use it, and people look at its picture",
  async ({ width, height, colorScheme }) => {
    const { page, close } = await open({ width, height, colorScheme });
    const picture = (name: string) =>
      page.screenshot({ path: join(screenshots, `docs-${width}-${colorScheme}${name}.png`) });
    await picture("");
    await page.getByRole("searchbox").fill("send a message");
    const post = operation(page, "chatSendMessage");
    await post.getByRole("button", { name: "Try it" }).click();
    await post.getByRole("button", { name: "Send" }).click();
    await post.locator(".outcome").waitFor();
    for (const summary of await post.locator("summary").all()) await summary.click();
    await post.scrollIntoViewIfNeeded();
    await picture("-open");
    expect(await listFindings(page)).toEqual([]);
    const isWider = "document.documentElement.scrollWidth > innerWidth";
    expect(await page.evaluate(isWider)).toBe(false);
    await page.goto(new URL("/docs/events", system.url).href);
    await page.locator("section.operation").first().waitFor();
    await picture("-events");
    expect(await listFindings(page)).toEqual([]);
    expect(await page.evaluate(isWider)).toBe(false);
    await close();
  },
  testMilliseconds,
);
