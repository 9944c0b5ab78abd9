/** Mentions and the focused row in `<ovation-chat>`, by keyboard. */
import { browserTest } from "./browser.ts";
import { open, openWith, placeOf, useBusyChat } from "./busy-chat.ts";
import { expectSoon, streamId, testMilliseconds } from "./pages.ts";

useBusyChat();

browserTest(
  "after an at sign arrow keys choose a user, Enter or Tab inserts them, and Escape closes the list",
  async () => {
    const made = await openWith(3);
    const box = made.getByRole("textbox", { name: "Message" });
    const list = made.getByRole("listbox", { name: "Mention" });
    const chosen = list.getByRole("option", { selected: true });
    await box.focus();
    await made.keyboard.type("hello @us");
    expect(await list.getByRole("option").allInnerTexts()).toEqual([
      expect.stringContaining("@user3"),
      expect.stringContaining("@user2"),
      expect.stringContaining("@user1"),
    ]);
    expect(await box.getAttribute("aria-activedescendant")).toBe(await chosen.getAttribute("id"));
    await made.keyboard.press("ArrowDown");
    expect(await chosen.innerText()).toContain("@user2");
    expect(await box.getAttribute("aria-activedescendant")).toBe(await chosen.getAttribute("id"));
    await made.keyboard.press("Enter");
    expect(await box.inputValue()).toBe("hello @user2 ");
    expect(await list.isVisible()).toBe(false);
    await made.keyboard.type("and @us");
    await made.keyboard.press("ArrowUp");
    await made.keyboard.press("Tab");
    expect(await box.inputValue()).toBe("hello @user2 and @user1 ");
    await made.keyboard.type("@");
    await list.waitFor();
    await made.keyboard.press("Escape");
    await list.waitFor({ state: "hidden" });
    // An address is no mention, and without a match Enter sends.
    await made.keyboard.type(" a@us");
    expect(await list.isVisible()).toBe(false);
    await made.keyboard.type(" @nobody");
    expect(await list.isVisible()).toBe(false);
    await made.keyboard.press("Enter");
    expect(await box.inputValue()).toBe("");
    await made.locator(".rows .mention", { hasText: "@user2" }).waitFor();
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "the list stands still while a row has the focus, and follows again from below the last row",
  async () => {
    const made = await openWith(40);
    const log = made.getByRole("log", { name: "Chat" });
    const row = made.locator(".row.message", { hasText: "message 38" });
    const newer = made.getByRole("button", { name: "3 new" });
    const more = (last: number) =>
      made.evaluate(`show(message(), message(), message("message ${last}"))`);
    const isFocused = `document.querySelector("ovation-chat").shadowRoot.activeElement?.textContent`;
    await log.focus();
    await made.keyboard.press("ArrowUp");
    await made.keyboard.press("ArrowUp");
    expect(await made.evaluate(isFocused)).toContain("message 38");
    const { y } = await placeOf(row);
    await more(42);
    await newer.waitFor();
    expect((await placeOf(row)).y).toBeCloseTo(y, 0);
    expect(await made.evaluate(isFocused)).toContain("message 38");
    // In one task, so the list's own scroll to its end is reported after the last key.
    await made.evaluate(`for (const key of ["ArrowDown", "ArrowDown", "ArrowUp"])
      document.querySelector("ovation-chat").shadowRoot.activeElement
        .dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))`);
    await made.getByText("message 42", { exact: true }).waitFor();
    await made.evaluate(`new Promise((done) => requestAnimationFrame(() => setTimeout(done)))`);
    await more(45);
    await newer.waitFor();
    // The list follows again once the focus leaves it at its end.
    await made.getByRole("textbox", { name: "Message" }).focus();
    await made.getByText("message 45", { exact: true }).waitFor();
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "while the menu of a message is open, its row stays in place; then the list follows again",
  async () => {
    const made = await openWith(40);
    const row = made.locator(".row.message", { hasText: "message 38" });
    const { y } = await placeOf(row);
    // By coordinates: a locator's click may scroll the list up, where it rightly stays.
    const button = await placeOf(row.getByRole("button"));
    await made.mouse.click(button.x + button.width / 2, button.y + button.height / 2);
    await made.getByRole("menu").waitFor();
    await made.evaluate(`show(...Array.from({ length: 2_000 }, () => message()))`);
    await made.evaluate(`new Promise((done) => requestAnimationFrame(() => setTimeout(done)))`);
    expect((await placeOf(row)).y).toBeCloseTo(y, 0);
    await made.keyboard.press("Escape");
    await made.getByText("message 2039", { exact: true }).waitFor();
    await made.evaluate(`new Promise((done) => requestAnimationFrame(() => setTimeout(done)))`);
    // The row with the focus was dropped, and the list is not scrolled to the oldest one instead.
    const left = `(({ scrollHeight, clientHeight, scrollTop }) => scrollHeight - clientHeight - scrollTop)(
      document.querySelector("ovation-chat").shadowRoot.querySelector(".log"))`;
    expect(await made.evaluate(left)).toBeLessThan(2);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a held key and a double click pay once, and a held key does not send the gift that it chooses",
  async () => {
    const made = await open("?rich");
    const paid = async () =>
      ((await made.evaluate("calls.splice(0)")) as { pathname: string }[]).map(
        ({ pathname }) => pathname.split("/").at(-1)!,
      );
    const hold = async (name: RegExp) => {
      await made.getByRole("button", { name }).focus();
      for (let repeats = 0; repeats < 5; repeats++) await made.keyboard.down("Enter");
      await made.keyboard.up("Enter");
      return paid();
    };
    await made.getByRole("button", { name: "Superlike · 10" }).dblclick();
    expect(await paid()).toEqual(["superlike"]);
    expect(await hold(/^Superlike/)).toEqual(["superlike"]);
    await made.getByRole("button", { name: "Gift", exact: true }).click();
    expect(await hold(/^Rocket/)).toEqual([]);
    expect(await made.getByRole("button", { name: "Send gift 500" }).isVisible()).toBe(true);
    expect(await hold(/^Send gift/)).toEqual(["create"]);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "the text box says why it is read-only for a user who is muted while writing",
  async () => {
    const made = await open();
    const box = made.getByRole("textbox", { name: "Message" });
    const said = made.getByText("You are muted in this chat.");
    await box.fill("almost sent");
    await made.evaluate(`happen("member.banned", { targetUserId: "me" })`);
    await said.waitFor();
    expect(await said.getAttribute("aria-live")).toBe("polite");
    expect(await box.getAttribute("aria-describedby")).toBe(await said.getAttribute("id"));
    expect(await box.inputValue()).toBe("almost sent");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "the text box leaves room for its emoji button, in either direction of page and text",
  async () => {
    const made = await open();
    const fits = `[...document.querySelector("ovation-chat").shadowRoot.querySelectorAll(".writing")]
      .every((writing) => {
        const [box, emoji] = [...writing.children];
        const { left, right } = box.getBoundingClientRect();
        const { paddingLeft, paddingRight } = getComputedStyle(box);
        const button = emoji.getBoundingClientRect();
        return button.right <= left + parseFloat(paddingLeft) ||
          button.left >= right - parseFloat(paddingRight);
      })`;
    for (const direction of ["ltr", "rtl"])
      for (const text of ["hello", "مرحبا"]) {
        await made.evaluate(`document.dir = "${direction}"`);
        await made.getByRole("textbox", { name: "Message" }).fill(text);
        expect([direction, text, await made.evaluate(fits)]).toEqual([direction, text, true]);
      }
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a moderator unpins in the banner, even a message that is no longer in the list",
  async () => {
    const made = await openWith(3);
    await made.evaluate(`document.querySelector("ovation-chat").setAttribute("moderation", "")`);
    await made.getByText("No messages yet").waitFor();
    await made.evaluate(
      `happen("chat.pinned", { message: { ...message("rules").data, streamId: "${streamId}" } })`,
    );
    const unpin = made.getByRole("button", { name: "Unpin" });
    await unpin.press("Enter");
    await expectSoon(async () =>
      ((await made.evaluate("calls")) as { method: string; pathname: string }[]).some(
        ({ method, pathname }) => method === "DELETE" && pathname.endsWith("/chat/pin"),
      ),
    );
    await made.evaluate(`happen("chat.unpinned", {})`);
    await unpin.waitFor({ state: "hidden" });
    const focused = `document.querySelector("ovation-chat").shadowRoot.activeElement?.className`;
    expect(await made.evaluate(focused)).toBe("log");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "an emoji counts as one character, and only users with a username are suggested",
  async () => {
    const made = await openWith(3);
    const box = made.getByRole("textbox", { name: "Message" });
    const isSendable = async () =>
      (await made.getByRole("button", { name: "Send" }).getAttribute("aria-disabled")) === "false";
    await box.fill("🎉".repeat(500));
    await made.getByText("0 left", { exact: true }).waitFor();
    expect(await isSendable()).toBe(true);
    await box.fill("🎉".repeat(501));
    expect(await isSendable()).toBe(false);
    await made.evaluate(`{ const one = message("hello");
      Object.assign(one.data.sender, { username: "", name: "User Ulla" }); show(one); }`);
    await made.locator(".row.message", { hasText: "User Ulla" }).waitFor();
    await box.fill("");
    await made.keyboard.type("@us");
    const names = made.getByRole("listbox", { name: "Mention" }).getByRole("option");
    expect((await names.allInnerTexts()).some((name) => name.includes("Ulla"))).toBe(false);
    await made.close();
  },
  testMilliseconds,
);
