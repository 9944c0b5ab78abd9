/** `<ovation-chat>` as a viewer uses it; the page's own server plays the stream. */
import type { Page } from "playwright-core";
import { browserTest } from "./browser.ts";
import { open, openWith, standardSettings, useBusyChat } from "./busy-chat.ts";
import { expectSoon, testMilliseconds } from "./pages.ts";

useBusyChat();

/** Scrolls a list, and waits until the browser has reported it: the chat cannot know before. */
const scroll = new Function(
  "list",
  "pixels",
  `return new Promise((done) => {
    if (list.scrollTop === pixels) return done();
    list.addEventListener("scroll", () => done(), { once: true });
    list.scrollTop = pixels;
  })`,
) as (list: object, pixels: number) => Promise<void>;

const rowsOf = (made: Page) => made.locator(".row.message").count();

browserTest(
  "scrolling up shows earlier messages above those in view, which stay there; new ones are counted",
  async () => {
    const made = await open("?long");
    await made.getByText("earlier 1", { exact: true }).waitFor();
    await made.evaluate("show(message('before'))");
    await made.getByText("before", { exact: true }).waitFor();
    const list = made.getByRole("log");
    const scrollTo = (pixels: number) => list.evaluate(scroll, pixels);
    await scrollTo(40);
    const first = made.getByText("earlier 50", { exact: true });
    const { y: before } = (await first.boundingBox())!;
    await made.evaluate("show(message('while reading'))");
    await scrollTo(20);
    await made.getByText("earlier 60", { exact: true }).waitFor();
    expect(Math.abs((await first.boundingBox())!.y - before - 20)).toBeLessThan(3);
    await made.getByRole("button", { name: "1 new", exact: true }).waitFor();
    await expectSoon(async () => {
      await scrollTo(60);
      await scrollTo(20);
      return (await made.getByText("earlier 360", { exact: true }).count()) === 1;
    });
    await made.getByRole("button", { name: "1 new", exact: true }).click();
    await made.getByText("while reading").waitFor();
    const earlier = Array.from({ length: 360 }, (_, n) => `earlier ${360 - n}`);
    const said = await made.locator(".row.message .text").allTextContents();
    expect(said).toEqual([...earlier, "before", "while reading"]);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "rows appear in a page that is hidden before its next animation frame",
  async () => {
    const made = await open();
    await made.evaluate("requestAnimationFrame = () => ++asked");
    // Opening the page may have scheduled a frame, in which this message appears.
    await made.evaluate("asked = 0, show(message('with the page'))");
    await made.getByText("with the page").waitFor();
    await made.evaluate("asked = 0, show(message('just before')), show(message('and this'))");
    await made.getByText("and this").waitFor();
    expect(await made.evaluate("asked")).toBe(1);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a screen reader announces the number of messages and gifts every six seconds",
  async () => {
    const made = await open("", { hasTestClock: true });
    await made.clock.pauseAt(new Date(Date.now() + 60_000));
    const status = made
      .locator("ovation-chat")
      .getByRole("status")
      .filter({ hasText: /new|gift/ });
    await made.evaluate(`show(message(), message()); give("g1", "Rose", 10, 1, 1, 0)`);
    await made.clock.runFor(5_900);
    await made.getByText("gave Rose").waitFor();
    expect(await status.count()).toBe(0);
    await made.clock.runFor(100);
    expect(await status.allTextContents()).toEqual(["2 new messages, 1 gift"]);
    // Each is counted once, and a pause is not announced.
    await made.clock.runFor(60_000);
    await made.evaluate("show(message('one more'))");
    await made.clock.runFor(6_000);
    await made.getByText("one more").waitFor();
    expect(await status.allTextContents()).toEqual(["1 new message"]);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "Enter that belongs to a word being composed sends nothing",
  async () => {
    const made = await open();
    const box = made.getByRole("textbox", { name: "Message" });
    await box.focus();
    const input = await made.context().newCDPSession(made);
    const text = "你好";
    await input.send("Input.imeSetComposition", { text, selectionStart: 2, selectionEnd: 2 });
    // An input method takes the key: the page is notified, and nothing is typed.
    const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 };
    await input.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
    await input.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter });
    expect(await box.inputValue()).toBe(text);
    await input.send("Input.insertText", { text });
    await made.keyboard.press("Enter");
    await made.locator(".row.message", { hasText: text }).waitFor();
    expect(await box.inputValue()).toBe("");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a pin shows its message, and the rows of a banned user disappear, until the ban is lifted",
  async () => {
    const made = await openWith(60);
    await made.evaluate(
      `happen("chat.pinned", { messageId: "f", message: message("rules").data })`,
    );
    await made.locator(".pinned", { hasText: "rules" }).waitFor();
    const [theirs, all] = [made.locator('[data-sender="u5"]'), await rowsOf(made)];
    expect(await theirs.count()).toBe(2);
    const ban = { banId: "b", targetUserId: "u5", actionType: "CHAT_ONLY", endsAt: null };
    await made.evaluate(`happen("member.banned", ${JSON.stringify(ban)})`);
    await made.evaluate("show(message('afterwards'))");
    await made.getByText("afterwards", { exact: true }).waitFor();
    await theirs.first().waitFor({ state: "detached" });
    expect(await rowsOf(made)).toBe(all - 2 + 1);
    // A moderator who lifts the ban brings them back; its own end does not.
    const texts = () => made.locator(".row.message .text").allInnerTexts();
    const others = await texts();
    await made.evaluate(`happen("member.unbanned", ${JSON.stringify(ban)})`);
    await expectSoon(async () => (await theirs.count()) === 2);
    expect((await texts()).filter((text) => !others.includes(text))).toEqual([
      "message 4",
      "message 44",
    ]);
    const timeout = { ...ban, banId: "c", endsAt: new Date(Date.now() - 1).toISOString() };
    await made.evaluate(`happen("member.banned", ${JSON.stringify(timeout)})`);
    await theirs.first().waitFor({ state: "detached" });
    await made.evaluate(`happen("member.unbanned", ${JSON.stringify(timeout)})`);
    await made.evaluate("show(message('after the end'))");
    await made.getByText("after the end", { exact: true }).waitFor();
    expect(await theirs.count()).toBe(0);
    await made.evaluate(`happen("chat.unpinned", { messageId: "f" })`);
    await made.locator(".pinned").waitFor({ state: "hidden" });
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "slow mode that ends frees the box at once, and a muted user knows it before they write",
  async () => {
    const slow = await open("?slow");
    await slow.getByText("No messages yet").waitFor();
    await slow.getByRole("textbox", { name: "Message" }).fill("one");
    await slow.getByRole("button", { name: "Send" }).click();
    await slow.locator(".send.waiting").waitFor();
    await slow.evaluate(`happen("settings.changed", ${JSON.stringify(standardSettings)})`);
    await slow.locator(".send:not(.waiting)").waitFor();
    await slow.close();
    const muted = await open("?muted");
    await muted.getByText("You are muted in this chat.").waitFor();
    const box = muted.getByRole("textbox", { name: "Message" });
    expect([await box.isEditable(), await box.getAttribute("placeholder")]).toEqual([false, ""]);
    await muted.close();
  },
  testMilliseconds,
);
