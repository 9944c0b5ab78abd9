/** The reference as people meet it: in a browser, on the whole system. */
import type { Route } from "playwright-core";
import { browserTest } from "./browser.ts";
import { streamId, testMilliseconds, usePages } from "./pages.ts";
import { openReference, operation } from "./reference.ts";

const pages = usePages();

const open = (path?: string) => openReference(pages, path);

browserTest(
  "the reference sends a GET and a POST as demo users, with the demo stream filled in",
  async () => {
    const { page, faults, answer, close } = await open();
    expect(answer.headers()["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'sha256-\S+'; style-src 'sha256-\S+'; /,
    );
    const get = await operation(page, "walletsGet");
    await get.getByRole("button", { name: "Try it" }).click();
    await get.getByRole("button", { name: "Send" }).click();
    await get.locator(".outcome", { hasText: "200" }).waitFor();
    expect(await get.locator(".form .code").textContent()).toMatch(/"balance": \d+/);
    const post = await operation(page, "chatSendMessage");
    await post.getByRole("button", { name: "Try it" }).click();
    expect(await post.getByRole("textbox", { name: "streamId" }).inputValue()).toBe(streamId);
    await post
      .getByRole("textbox", { name: "Body" })
      .fill('{ "content": "said by the reference" }');
    await post.getByRole("button", { name: "Send" }).click();
    await post.locator(".outcome", { hasText: "201" }).waitFor();
    expect(await post.locator(".form .code").textContent()).toContain("said by the reference");
    let sent = 0;
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/chat/messages")) sent++;
    });
    // A key that is held down sends one call, also after its answer.
    await post.getByRole("button", { name: "Send" }).focus();
    for (let repeats = 0; repeats < 3; repeats++) {
      await page.keyboard.down("Enter");
      await post.locator(".outcome").waitFor();
    }
    await page.keyboard.up("Enter");
    expect(sent).toBe(1);
    // What is typed before the answer stays for the next call.
    const held = Promise.withResolvers<Route>();
    await page.route("**/chat/messages", (route) => held.resolve(route), { times: 1 });
    await post.getByRole("button", { name: "Send" }).click();
    const route = await held.promise;
    const next = '{ "content": "typed meanwhile" }';
    await post.getByRole("textbox", { name: "Body" }).fill(next);
    await route.continue();
    await post.locator(".outcome", { hasText: "201" }).waitFor();
    expect(await post.getByRole("textbox", { name: "Body" }).inputValue()).toBe(next);
    // As its host, and with a body of fields that do not exclude each other.
    for (const [id, status] of [
      ["chatGetSettings", "200"],
      ["sessionsRevoke", "201"],
    ] as const) {
      const one = await operation(page, id);
      await one.getByRole("button", { name: "Try it" }).click();
      await one.getByRole("button", { name: "Send" }).click();
      await one.locator(".outcome", { hasText: status }).waitFor();
    }
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "the reference shows a refusal's code, and an operation's types, failures and curl line",
  async () => {
    const { page, close } = await open();
    const post = await operation(page, "chatSendMessage");
    await post.getByRole("button", { name: "Try it" }).click();
    await post.getByRole("textbox", { name: "Body" }).fill("{}");
    await post.getByRole("button", { name: "Send" }).click();
    await post.locator(".outcome", { hasText: "request_invalid" }).waitFor();
    await post.getByText("Errors:").click();
    const codes = post.locator(".codes");
    expect(await codes.getByRole("link", { name: "slow_mode" }).getAttribute("href")).toMatch(
      /\/docs\/guides#errors-slow_mode$/,
    );
    for (const code of ["word_blocked", "token_invalid", "key_reused", "internal_error"])
      await codes.getByText(code).waitFor();
    expect(await post.locator(".text .code").first().textContent()).toMatch(
      /type Body = \{\s+content: string;\s+replyTo\?: string \| null;?\s+\};/,
    );
    expect(await post.locator(".try > .code").textContent()).toMatch(
      /curl -X POST \\\s+'.*64d15f9e2e6c8f4d5a123000.*npm run -s token -- johndoe/s,
    );
    for (const [id, line] of [
      ["usersChangePhoto", /-F 'photo=@picture\.png'$/],
      ["picturesGetHead", /^curl -I \\/],
    ] as const)
      expect(await (await operation(page, id)).locator(".try > .code code").innerText()).toMatch(
        line,
      );
    await close();
  },
  testMilliseconds,
);
