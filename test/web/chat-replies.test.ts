/** Replies, mentions, links, emoji and time-outs in `<ovation-chat>`. */
import { browserTest } from "./browser.ts";
import { open, openWith, useBusyChat } from "./busy-chat.ts";
import { expectSoon, testMilliseconds } from "./pages.ts";

useBusyChat();

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
