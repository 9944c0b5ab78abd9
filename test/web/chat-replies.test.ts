/** Replies, mentions, links, emoji and time-outs in `<ovation-chat>`. */
import { browserTest } from "./browser.ts";
import { open, openWith, useBusyChat } from "./busy-chat.ts";
import { expectSoon, testMilliseconds } from "./pages.ts";

useBusyChat();

/** The texts of all messages. */
const texts = `[...document.querySelector("ovation-chat").shadowRoot
  .querySelectorAll(".rows .text")]`;

type Call = { pathname: string; body?: Record<string, unknown> };

browserTest(
  "a reply by keyboard quotes a message until that is deleted",
  async () => {
    const made = await openWith(3);
    const row = made.locator(".row.message", { hasText: "message 1" });
    await row.press("Enter");
    await made.getByRole("menuitem", { name: "Reply" }).press("Enter");
    await made.getByText("Replying to User 2:").waitFor();
    await made.keyboard.type("so do I");
    await made.keyboard.press("Enter");
    const quote = made.locator(".rows .row.message", { hasText: "so do I" }).locator(".quote");
    await quote.getByText("message 1").waitFor();
    expect(await made.locator(".replying").isVisible()).toBe(false);
    const id = (2).toString(16).padStart(24, "0");
    const calls = (await made.evaluate("calls")) as Call[];
    expect(calls.at(-1)!.body).toEqual({ content: "so do I", replyTo: id });
    await made.evaluate(`happen("chat.deleted", { messageId: "${id}" })`);
    await quote.getByText("Deleted message").waitFor();
    // Esc gives a reply up and keeps what was written.
    await made.locator(".row.message", { hasText: "message 2" }).press("Enter");
    await made.getByRole("menuitem", { name: "Reply" }).press("Enter");
    await made.keyboard.type("half");
    await made.keyboard.press("Escape");
    await made.getByText("Replying to").waitFor({ state: "hidden" });
    expect(await made.getByRole("textbox", { name: "Message" }).inputValue()).toBe("half");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "links are safe, URLs that hide another host are not linked, and the user's name stands out",
  async () => {
    const made = await open();
    const texts = [
      "see https://example.com/a?b=1, or (http://example.org).",
      "https://bank.example@evil.example/ javascript:alert(1) data:text/html,x <b>bold</b>",
      "https://аpple.example/ looks like another",
      "hello @me.myself, and @User2 and a@b.example",
    ];
    for (const text of texts) await made.evaluate(`show(message(${JSON.stringify(text)}))`);
    await made.getByText("and a@b.example").waitFor();
    const links = await made.evaluate(`[...document.querySelector("ovation-chat").shadowRoot
      .querySelectorAll(".rows a")].map((a) => [a.getAttribute("href"), a.textContent, a.target, a.rel])`);
    const rel = "noopener noreferrer nofollow ugc";
    expect(links).toEqual([
      ["https://example.com/a?b=1", "https://example.com/a?b=1", "_blank", rel],
      ["http://example.org/", "http://example.org", "_blank", rel],
      ["https://xn--pple-43d.example/", "https://xn--pple-43d.example/", "_blank", rel],
    ]);
    expect(await made.locator(".rows b").count()).toBe(0);
    expect(await made.locator(".mention").allInnerTexts()).toEqual(["@me.myself", "@User2"]);
    expect(await made.locator(".mention.me").allInnerTexts()).toEqual(["@me.myself"]);
    expect(await made.locator(".row.mentions").count()).toBe(1);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a link shows first the host it leads to, however its address or its message is written",
  async () => {
    const made = await open();
    const cases: [text: string, shown: string | undefined, href?: string][] = [
      // What precedes an at sign is not the host.
      ["https://:www.bank.example@evil.example/x", undefined],
      ["https://:@evil.example/x", "https://evil.example/x"],
      // Browsers read backslashes as slashes, and ignore further ones.
      ["https://evil.example\\@bank.example/", "https://evil.example/@bank.example/"],
      ["https://evil.example\\.bank.example/", "https://evil.example/.bank.example/"],
      ["https:///evil.example", "https://evil.example/"],
      ["https://evil.example?.bank.example/", "https://evil.example/?.bank.example/"],
      ["https://evil.example#.bank.example/", "https://evil.example/#.bank.example/"],
      // The punycode of a Cyrillic letter, in the path too. A capital I looks like an l.
      [
        "https://b\u0430nk.example/xn--bnk-6cd.example",
        "https://xn--bnk-6cd.example/xn--bnk-6cd.example",
      ],
      ["https://reaI-bank.example/", "https://reai-bank.example/"],
      ["https://\uff45vil.example/evil.example", "https://evil.example/evil.example"],
      ["https://bank.example\u3002evil.example/", "https://bank.example.evil.example/"],
      ["https://bank.example\uff0f.evil.example/", undefined],
      ["https://bank.example\u2044.evil.example/", "https://bank.xn--example-7d7c.evil.example/"],
      ["https://ev\u200bil.example/evil.example", "https://evil.example/evil.example"],
      ["https://evil.example:443/", "https://evil.example/"],
      ["https://evil.example/\u202eelpmaxe.knab", "https://evil.example/%E2%80%AEelpmaxe.knab"],
      ["https://evil.example/\u2069\u05d0", "https://evil.example/%E2%81%A9%D7%90"],
      // As written.
      ["https://real.example./a", "https://real.example./a"],
      ["https://real.example:8080/a?b#c", "https://real.example:8080/a?b#c"],
      [
        "https://real.example/\u65e5",
        "https://real.example/\u65e5",
        "https://real.example/%E6%97%A5",
      ],
    ];
    for (const [text] of cases) await made.evaluate(`show(message(${JSON.stringify(text)}))`);
    await made.waitForFunction(`${texts}.length === ${cases.length}`);
    const found = await made.evaluate(`${texts}.map(({ textContent, firstElementChild: a }) =>
      [textContent, ...(a ? [a.getAttribute("href")] : [])])`);
    const expected = cases.map(([text, shown, href = shown]) =>
      shown === undefined ? [text] : [shown, href],
    );
    expect(found).toEqual(expected);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a link reads from left to right in any text",
  async () => {
    const made = await open();
    for (const text of [
      "\u202ehttps://a.example/b//:sptth",
      "\u05d0 https://a.example/\u05d0/b.c",
    ]) {
      await made.evaluate(`show(message(${JSON.stringify(text)}))`);
      await made.waitForFunction(`${texts}.at(-1)?.textContent === ${JSON.stringify(text)}`);
      const lefts = (await made.evaluate(`(({ firstChild: text }) =>
        [0, 8, text.length - 1].map((at) => {
          const range = document.createRange();
          range.setStart(text, at);
          range.setEnd(text, at + 1);
          return range.getBoundingClientRect().left;
        }))(${texts}.at(-1).querySelector("a"))`)) as number[];
      expect(lefts).toEqual(lefts.toSorted((a, b) => a - b));
    }
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "an emoji is chosen by keyboard and inserted at the cursor; Esc closes the sheet",
  async () => {
    const made = await open();
    const box = made.getByRole("textbox", { name: "Message" });
    await box.fill("ab");
    await box.press("ArrowLeft");
    const button = made.getByRole("button", { name: "Emoji" });
    await button.press("Enter");
    await made.keyboard.press("ArrowRight");
    await made.keyboard.press("Enter");
    expect(await box.inputValue()).toBe("a😂b");
    await made.keyboard.press("Escape");
    expect(await made.getByRole("dialog", { name: "Emoji" }).isVisible()).toBe(false);
    const focused = `document.querySelector("ovation-chat").shadowRoot.activeElement.ariaLabel`;
    expect(await made.evaluate(focused)).toBe("Emoji");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a moderator chooses how long a timeout lasts",
  async () => {
    const made = await openWith(3);
    await made.evaluate(`document.querySelector("ovation-chat").setAttribute("moderation", "")`);
    await made.getByText("No messages yet").waitFor();
    await made.evaluate(`show(message("rude"))`);
    await made.locator(".row.message", { hasText: "rude" }).press("Enter");
    await made.getByRole("menuitem", { name: "Time out" }).press("Enter");
    await made.getByRole("menuitem", { name: "1 minute" }).waitFor();
    await made.keyboard.press("ArrowDown");
    await made.keyboard.press("ArrowDown");
    // A toast, which disappears again.
    const told = made.getByText("is timed out for 1 hour.").waitFor();
    await made.keyboard.press("Enter");
    await expectSoon(async () =>
      ((await made.evaluate("calls")) as Call[]).some(
        ({ pathname, body }) =>
          pathname === "/api/v1/live-stream-ban" && body!.durationSeconds === 3_600,
      ),
    );
    await told;
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a quote whose message cannot be read is not said to be deleted, and is read for the next reply",
  async () => {
    const made = await open();
    const reply = async (text: string, status: number, data?: string) => {
      await made.evaluate(`quoted = { status: ${status}, data: ${data} }`);
      await made.evaluate(`one = message("${text}"); one.data.replyTo = "q1"; show(one)`);
      return made.locator(".row.message", { hasText: text }).locator(".quoted");
    };
    const first = await reply("first", 400);
    await first.getByText("…", { exact: true }).waitFor();
    await made.waitForFunction(`reads.some((one) => one.endsWith("/messages/q1"))`);
    const second = await reply("second", 200, `message("the original").data`);
    await second.getByText("the original").waitFor();
    expect(await first.innerText()).toBe("…");
    await made.close();
  },
  testMilliseconds,
);
