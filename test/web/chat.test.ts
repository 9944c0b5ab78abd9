/** `<ovation-chat>` as a viewer uses it; the page's own server plays the stream. */
import type { Page } from "playwright-core";
import { browserTest } from "./browser.ts";
import { open, openWith, standardSettings, useBusyChat } from "./busy-chat.ts";
import { expectSoon, testMilliseconds } from "./pages.ts";

useBusyChat();

const rowsOf = (made: Page) => made.locator(".row.message").count();

browserTest(
  "scrolling up shows earlier messages above those in view, which stay there; new ones are counted",
  async () => {
    const made = await open("?long");
    await made.getByText("earlier 1", { exact: true }).waitFor();
    await made.evaluate("show(message('before'))");
    await made.getByText("before", { exact: true }).waitFor();
    const list = made.getByRole("log");
    const scrollTo = (pixels: number) =>
      list.evaluate((one, scrollTop) => void Object.assign(one, { scrollTop }), pixels);
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
    await made.evaluate("asked = 0, requestAnimationFrame = () => ++asked");
    await made.evaluate("show(message('just before')), show(message('and this'))");
    await made.getByText("and this").waitFor();
    expect(await made.evaluate("asked")).toBe(1);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "earlier gifts show when the chat is opened, in the same rows",
  async () => {
    const made = await open("?gifts");
    await made.getByText("gave 2 × Rose").waitFor();
    expect(await made.locator(".row.gift.over:not(.superlike-row)").count()).toBe(2);
    // One that is listed and comes live as well is there once.
    await made.evaluate(`give("g4", "Star", 100, 2, 1, 0)`);
    await made.evaluate(`give("g5", "Heart", 20, 2, 1, 0)`);
    await made.getByText("gave Heart").waitFor();
    expect(await made.locator(".row.gift:not(.superlike-row)").allInnerTexts()).toEqual([
      expect.stringContaining("gave 2 × Rose"),
      expect.stringContaining("gave Star"),
      expect.stringContaining("gave Heart"),
    ]);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a combo that goes on while the chat is opened stays one row",
  async () => {
    const made = await open("?going");
    await made.getByText("gave Rose").waitFor();
    await made.evaluate(`give("g2", "Rose", 10, 1, 2, 0)`);
    await made.evaluate(`give("g3", "Rose", 10, 1, 3, 0)`);
    await made.getByText("gave 3 × Rose").waitFor();
    expect(await made.locator(".row.gift").count()).toBe(1);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "when gifts crowd out messages, all gifts of one sender share a row",
  async () => {
    const made = await open();
    // At once: what crowds is counted in ten seconds.
    await made.evaluate(`for (let by = 0; by < 8; by++) give("a" + by, "Rose", 10, by, 1, 0);
      give("b1", "Rose", 10, 20, 1, 0);
      give("b2", "Star", 100, 20, 1, 0)`);
    await made.getByText("gave 2 gifts").waitFor();
    expect(await made.locator(".row.gift").count()).toBe(9);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a screen reader announces the number of messages and gifts every six seconds",
  async () => {
    const made = await open();
    await made.clock.install();
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
  "a pin shows its message, and the rows of a banned user disappear permanently",
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
    await made.evaluate(`happen("chat.unpinned", { messageId: "f" })`);
    await made.locator(".pinned").waitFor({ state: "hidden" });
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "each superlike has a row, even if its card was never shown",
  async () => {
    const made = await open();
    await made.evaluate(`Array.from({ length: 60 }, (_, n) => happen("superlike.sent", {
      _id: "s" + n, price: 10, senderSnapshot: { _id: "u" + n, name: "User " + n, username: "", surname: "" } }))`);
    await made.locator(".row.superlike-row").nth(59).waitFor();
    expect(await made.locator(".row.superlike-row").count()).toBe(60);
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

browserTest(
  "a chat that is opened during an outage reads its messages once when the socket opens",
  async () => {
    const made = await open("?outage");
    const reads = async (part: string) =>
      ((await made.evaluate("reads")) as string[]).filter((one) => one.includes(part)).length;
    await expectSoon(async () => (await reads("/users/me")) === 4);
    await made.evaluate("openSocket()");
    await made.getByRole("button", { name: "Superlike · 10" }).waitFor();
    expect(await reads("/chat/messages?page=1")).toBe(1);
    expect(await reads("/gifts?limit")).toBe(1);
    await made.evaluate("show(message('hello'))");
    await made.getByText("hello", { exact: true }).waitFor();
    await made.close();
  },
  testMilliseconds,
);

/** Opens a chat whose read of the stream is answered by `answerStream`. */
async function openLate(): Promise<Page> {
  const made = await open("?late");
  await made.waitForFunction("window.answerStream !== undefined");
  await made.locator(".head .viewers").getByText("3").waitFor();
  return made;
}

browserTest(
  "what changes before the stream has been read holds: settings, an unpin, the end",
  async () => {
    const changed = await openLate();
    const rules = { ...standardSettings, slowModeSeconds: 60 };
    await changed.evaluate(`happen("settings.changed", ${JSON.stringify(rules)})`);
    await changed.evaluate(`happen("chat.unpinned", { messageId: "m" })`);
    await changed.evaluate("answerStream()");
    await changed.getByLabel("Credits").getByText("12").waitFor();
    await changed.getByRole("textbox", { name: "Message" }).fill("one");
    await changed.getByRole("button", { name: "Send" }).click();
    await changed.locator(".send.waiting").waitFor();
    expect(await changed.getByText("an old pin").count()).toBe(0);
    await changed.close();
    const ended = await openLate();
    await ended.evaluate(`happen("stream.ended", {})`);
    await ended.getByText("The stream has ended").first().waitFor({ state: "attached" });
    await ended.evaluate("answerStream()");
    // The price is shown last.
    await ended.locator('[aria-label*="10"]').waitFor({ state: "attached" });
    expect(await ended.getByRole("button", { name: "Gift", exact: true }).count()).toBe(0);
    await ended.close();
  },
  testMilliseconds,
);
