/** The reference as people meet it: in a browser, on the whole system. */
import type { Page } from "playwright-core";
import { referencesOf } from "../../bin/build-docs.ts";
import { startSystem } from "../system.ts";
import { browserTest, watchFaults } from "./browser.ts";
import {
  expectUsable,
  type Look,
  looks,
  patience,
  picture,
  streamId,
  testMilliseconds,
  usePages,
} from "./pages.ts";

const pages = usePages(["--host-resolver-rules=MAP ovation.test 127.0.0.1"]);

/** Opens a page of the reference and waits until its description is there. */
async function open(path = "/docs", look?: Look) {
  const opened = await pages.open(path, look);
  await opened.page.locator("section.operation").first().waitFor();
  return opened;
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
    expect(await post.getByRole("textbox", { name: "streamId" }).inputValue()).toBe(streamId);
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
    const codes = post.locator(".codes");
    expect(await codes.getByRole("link", { name: "slow_mode" }).getAttribute("href")).toMatch(
      /\/docs\/guides#errors-slow_mode$/,
    );
    for (const code of ["word_blocked", "token_invalid", "key_reused", "internal_error"])
      await codes.getByText(code).waitFor();
    expect(await post.locator(".text .code").first().textContent()).toMatch(
      /type Body = \{\s+content: string;\s+replyTo\?: string \| null;/,
    );
    expect(await post.locator(".try > .code").textContent()).toMatch(
      /curl -X POST \\\s+'.*64d15f9e2e6c8f4d5a123000.*npm run -s token -- johndoe/s,
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
    await page.getByText("Nothing is called that.").waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "under another name than this machine's it takes a pasted token, and warns where the stage is prod",
  async () => {
    const context = await pages.browser().newContext();
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

/** The page as a deployment makes it whose table of stages has these domains. */
async function openAmongStages(look?: Look) {
  const { page, close } = await pages.open("/docs", look);
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

browserTest(
  "other stages are links to their own references, where their host is known",
  async () => {
    const { page, close } = await openAmongStages();
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

browserTest.each(looks)(
  "at $width × $height, $colorScheme, links to other stages have their room",
  async (look) => {
    const { page, close } = await openAmongStages(look);
    await picture(page, `docs-stages-${look.width}-${look.colorScheme}`);
    // The page around them is looked at whole below.
    await expectUsable(page, "stages", "header.head");
    await close();
  },
  testMilliseconds,
);

browserTest(
  "describes every action, message and event of the socket with an example",
  async () => {
    const { page, faults, close } = await open("/docs/events");
    for (const name of ["subscribe", "events", "gift.sent", "stream.ended"])
      await page.getByRole("heading", { name, exact: true }).waitFor();
    const gift = page.locator('[id="gift.sent"]');
    expect(await gift.textContent()).toMatch(/type GiftSent = .*"type": "gift\.sent"/s);
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest.each(looks)(
  "at $width × $height, $colorScheme, everybody can use it, and people look at its picture",
  async (look) => {
    const { page, close } = await open("/docs", look);
    const name = `docs-${look.width}-${look.colorScheme}`;
    await picture(page, name);
    await page.getByRole("searchbox").fill("send a message");
    const post = operation(page, "chatSendMessage");
    await post.getByRole("button", { name: "Try it" }).click();
    await post.getByRole("button", { name: "Send" }).click();
    await post.locator(".outcome").waitFor();
    for (const summary of await post.locator("summary").all()) await summary.click();
    await post.scrollIntoViewIfNeeded();
    await picture(page, `${name}-open`);
    await expectUsable(page, "operation");
    await page.goto(new URL("/docs/events", pages.system().url).href);
    await page.locator("section.operation").first().waitFor();
    await picture(page, `${name}-events`);
    await expectUsable(page, "events");
    await close();
  },
  testMilliseconds,
);
