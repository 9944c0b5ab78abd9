/** Paid moments in `<ovation-chat>`: nothing that was paid for goes unseen. */
import type { Page } from "playwright-core";
import { browserTest } from "./browser.ts";
import { open, stopClock, useBusyChat } from "./busy-chat.ts";
import { expectDrawn } from "./focus.ts";
import { expectSoon, testMilliseconds } from "./pages.ts";

useBusyChat();

type Call = { method: string; pathname: string; body?: Record<string, unknown> };
const giftsIn = async (made: Page) =>
  ((await made.evaluate("calls")) as Call[]).filter(({ pathname }) =>
    pathname.endsWith("/gifts/create"),
  );
/** Gives the most expensive of all, and looks at what appears in the moment in which it does. */
const giveMoment = (made: Page) =>
  made.evaluate(`new Promise((done) => {
    const place = document.querySelector("ovation-chat").shadowRoot.querySelector(".spotlight");
    new MutationObserver(() => {
      const large = place.querySelector(".large");
      if (large === null) return;
      const { pointerEvents } = getComputedStyle(place);
      const animation = getComputedStyle(large).animationName;
      done({ text: large.textContent, animation, pointerEvents });
    }).observe(place, { childList: true });
    give("crown", "Crown", 1000, 3, 1, 0);
  })`);
const openPicker = async (query: string) => {
  const made = await open(query);
  await made.getByText("No messages yet").waitFor();
  await made.getByRole("button", { name: "Gift", exact: true }).press("Enter");
  return made;
};

browserTest(
  "a gift is seen at once on a slow server: its still picture stays until the moving one has loaded",
  async () => {
    const made = await open();
    const held: (() => Promise<void>)[] = [];
    await made.route("**/*.moving.svg*", async (route) => void held.push(() => route.continue()));
    await made.evaluate(`give("slow", "Star", 100, 1, 1, 0)`);
    const picture = made.locator(".row.gift .picture");
    await picture.waitFor();
    await expectSoon(() => held.length > 0);
    // What is drawn: a picture tells by its properties only what it loads.
    const find = `document.querySelector("ovation-chat").shadowRoot.querySelector(".gift .picture")`;
    await made.evaluate(`${find}.style.opacity = 0`);
    const empty = await picture.screenshot();
    await made.evaluate(`${find}.style.opacity = 1`);
    const isDrawn = async () => !empty.equals(await picture.screenshot());
    await expectSoon(isDrawn);
    // Another gift makes it a combo, whose row moves below the list.
    await made.evaluate(`give("slow2", "Star", 100, 1, 2, 0)`);
    await made.locator(".lane .gift").waitFor();
    await expectSoon(isDrawn);
    await expectSoon(() => held.length > 1);
    for (const release of held) await release();
    await expectSoon(() => made.evaluate<boolean>(`${find}.currentSrc.includes("moving")`));
    // Once for each gift.
    expect(held).toHaveLength(2);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a running combo stays in view however busy the chat is, and moves into the list when it ends",
  async () => {
    const made = await open("", { hasTestClock: true });
    // It ends five seconds after its last gift.
    await stopClock(made);
    await made.evaluate(`give("g1", "Rose", 10, 1, 1, 0)`);
    for (let n = 2; n <= 28; n++) {
      await made.evaluate(`give("g${n}", "Rose", 10, 1, ${n}, 0); show(message(), message())`);
      await made.clock.runFor(20);
    }
    await made.getByText("message 53", { exact: true }).waitFor();
    await made.evaluate(`give("g29", "Rose", 10, 1, 29, 0)`);
    await made.clock.runFor(20);
    const { times, top, bottom, foot } = (await made.evaluate(`(() => {
      const root = document.querySelector("ovation-chat").shadowRoot;
      const row = root.querySelector(".lane .row.gift");
      const { top, bottom } = row.getBoundingClientRect();
      const foot = root.querySelector(".foot").getBoundingClientRect().top;
      return { times: row.querySelector(".times").textContent, top, bottom, foot };
    })()`)) as { times: string; top: number; bottom: number; foot: number };
    expect(times).toBe("×29");
    expect(top).toBeGreaterThan(0);
    expect(bottom).toBeLessThanOrEqual(foot);
    await made.clock.runFor(6_000);
    await made.locator(".rows .row.gift.over", { hasText: "×29" }).waitFor();
    expect(await made.locator(".row.gift").count()).toBe(1);
    expect(await made.locator(".lane > *").count()).toBe(0);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a later viewer sees earlier superlikes, each once, between messages and gifts",
  async () => {
    const made = await open("?gifts");
    await made.locator(".superlike-row", { hasText: "User 5" }).waitFor();
    // Listed, and heard as well.
    await made.evaluate(`superlike("s1", 5); superlike("s2", 6)`);
    await made.locator(".superlike-row", { hasText: "User 6" }).waitFor();
    expect(await made.locator(".rows .row.gift").allInnerTexts()).toEqual([
      expect.stringContaining("gave 2 × Rose"),
      expect.stringContaining("sent a superlike"),
      expect.stringContaining("gave Star"),
      expect.stringContaining("sent a superlike"),
    ]);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a gift takes two steps by mouse and by keyboard: it is selected, then sent for the price shown",
  async () => {
    const made = await openPicker("?rich");
    await made.getByRole("button", { name: "Diamond" }).click();
    expect(await giftsIn(made)).toEqual([]);
    const send = made.getByRole("button", { name: "Send gift" });
    expect(await send.innerText()).toMatch(/Send gift\s*10,000/);
    await made.getByRole("button", { name: "Star" }).press("Enter");
    expect(await giftsIn(made)).toEqual([]);
    await made.getByRole("button", { name: "Increase quantity" }).click();
    expect(await send.innerText()).toMatch(/Send gift\s*200/);
    await send.press("Enter");
    await expectSoon(async () => (await giftsIn(made)).length === 1);
    const [{ body } = {} as Call] = await giftsIn(made);
    expect(body).toMatchObject({ giftTypeId: "Star", quantity: 2, expectedPrice: 200 });
    // More than there is left cannot be sent.
    await made.getByRole("spinbutton", { name: "Quantity" }).fill("999");
    expect(await made.getByRole("button", { name: /more needed/ }).isDisabled()).toBe(true);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "one click gives only up to the price that the viewer chose, and the choice lasts",
  async () => {
    const made = await openPicker("?rich");
    await made.getByLabel("Send with one click").selectOption("50");
    await made.getByRole("button", { name: "Coffee" }).click();
    await expectSoon(async () => (await giftsIn(made)).length === 1);
    await made.getByRole("button", { name: "Star" }).click();
    await made.reload();
    await made.getByText("No messages yet").waitFor();
    await made.getByRole("button", { name: "Gift", exact: true }).click();
    await made.getByRole("button", { name: "Star" }).click();
    await made.getByRole("button", { name: "Rose" }).click();
    await expectSoon(async () => (await giftsIn(made)).length === 1);
    expect((await giftsIn(made)).map(({ body }) => body!.giftTypeId)).toEqual(["Rose"]);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a superlike shows its price, and a gift's size follows its price",
  async () => {
    const made = await open("?rich");
    await made.getByRole("button", { name: "Superlike · 10" }).waitFor();
    const prices = Object.entries({ Rose: 10, Star: 100 });
    for (const [at, [name, price]] of prices.entries())
      await made.evaluate(`give("t${at}", "${name}", ${price}, ${at + 1}, 1, 0)`);
    const moment = await giveMoment(made);
    await made.locator('.row.gift[data-tier="row"]', { hasText: "Rose" }).waitFor();
    await made.locator('.row.gift[data-tier="card"]', { hasText: "Star" }).waitFor();
    await made.locator('.row.gift[data-tier="moment"]', { hasText: "Crown" }).waitFor();
    // Over everything for a moment, and never in the way of a click.
    expect(moment).toEqual({
      text: "User 3gave Crown",
      animation: "appear",
      pointerEvents: "none",
    });
    await made.locator(".large").waitFor({ state: "detached" });
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "the ring of a superlike counts down while it is shown, and stays whole with reduced motion",
  async () => {
    const made = await open("?rich");
    await made.evaluate(`superlike("s1", 5)`);
    await made.locator(".superlike").waitFor();
    /** The part of the ring that is left after ten of its twenty seconds. */
    const left = () =>
      made.evaluate(`(() => {
        const root = document.querySelector("ovation-chat").shadowRoot;
        const ring = root.querySelector(".time-left circle:last-child");
        const [running] = ring.getAnimations();
        if (running) running.currentTime = 10_000;
        return 1 - parseFloat(getComputedStyle(ring).strokeDashoffset);
      })()`);
    expect(await left()).toBeCloseTo(0.5, 1);
    await made.emulateMedia({ reducedMotion: "reduce" });
    expect(await left()).toBe(1);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "with reduced motion a large gift only fades, and no heart floats",
  async () => {
    const made = await open("?rich");
    await made.getByText("No messages yet").waitFor();
    await made.emulateMedia({ reducedMotion: "reduce" });
    expect(await giveMoment(made)).toMatchObject({ animation: "fade" });
    await made.getByRole("button", { name: "Like", exact: true }).click();
    expect(await made.locator(".float").count()).toBe(0);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "credits that arrive while the chat is open can be spent",
  async () => {
    const made = await openPicker("");
    const isTooExpensive = (name: string) =>
      made.locator(".card", { hasText: name }).getAttribute("aria-disabled");
    await expectSoon(async () => (await isTooExpensive("Rose")) === "false");
    expect(await isTooExpensive("Star")).toBe("true");
    await made.keyboard.press("Escape");
    await made.evaluate("window.balance = 500");
    await made.getByRole("button", { name: "Gift", exact: true }).click();
    await expectSoon(async () => (await isTooExpensive("Star")) === "false");
    await made.evaluate("window.balance = 1000");
    await made.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await expectSoon(async () => (await isTooExpensive("Crown")) === "false");
    await made.evaluate(`give("own", "Rose", 10, "me", 1, 0)`);
    await made.evaluate("window.balance = 5000");
    await made.evaluate(`happen("gift.refunded", { id: "own" })`);
    await expectSoon(async () => (await isTooExpensive("Fireworks")) === "false");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "the balance excludes what was just spent, even if an older response arrives",
  async () => {
    const made = await openPicker("?rich");
    const balance = made.getByLabel("Credits", { exact: true });
    const send = made.getByRole("button", { name: /^Send gift/ });
    await balance.getByText("20,000").waitFor();
    await made.evaluate("window.isWalletSlow = true");
    await send.click();
    await balance.getByText("19,990").waitFor();
    // The wallet is read a moment after the gift.
    await made.waitForFunction("window.answerWallet");
    await made.evaluate("window.answerFirst = answerWallet");
    await send.click();
    await balance.getByText("19,980").waitFor();
    await made.evaluate("answerFirst()");
    await expectDrawn(made);
    expect(await balance.innerText()).toContain("19,980");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a gift that is pressed while the balance changes is sent",
  async () => {
    const made = await openPicker("");
    await made.getByLabel("Send with one click").selectOption("10");
    await made.evaluate(`(() => {
      window.isWalletSlow = true;
      window.balance = 500;
      const root = document.querySelector("ovation-chat").shadowRoot;
      root.querySelector('[aria-label^="Superlike"]').click();
    })()`);
    await made.waitForFunction("window.answerWallet");
    await made.getByRole("button", { name: /^Rose/ }).hover();
    await made.mouse.down();
    await made.evaluate("answerWallet()");
    await made.getByLabel("Credits", { exact: true }).getByText("500").waitFor();
    await made.mouse.up();
    await expectSoon(async () => (await giftsIn(made)).length === 1);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a gift whose price has changed is not sent; it can be sent at the new price, which the picker shows",
  async () => {
    const made = await openPicker("?price");
    await made.evaluate("window.repriced = { Rose: 11 }");
    const card = await made.locator(".card", { hasText: "Rose" }).elementHandle();
    const send = made.getByRole("button", { name: /^Send gift/ });
    await made.locator(".card", { hasText: "Rose" }).click();
    expect(await send.innerText()).toContain("10");
    await send.click();
    // In front of the picker. It stays while it has the pointer.
    await made.getByText("The price of Rose is now 11. Nothing was sent.").hover();
    await made.locator(".card", { hasText: "Rose" }).getByText("11").waitFor();
    await expectSoon(async () => /11/.test(await send.innerText()));
    // It is the same card: it could have had the focus, or be pressed.
    expect(await card!.isVisible()).toBe(true);
    // The button keeps the focus for the next press.
    await made.keyboard.press("Enter");
    await expectSoon(async () => (await giftsIn(made)).length === 2);
    expect((await giftsIn(made))[1]!.body).toMatchObject({ expectedPrice: 11 });
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "earlier gifts show when the chat is opened, in the same rows",
  async () => {
    const made = await open("?gifts");
    await made.getByText("gave 2 × Rose").waitFor();
    const over = made.locator(".row.gift.over:not(.superlike-row)");
    expect(await over.count()).toBe(2);
    // A gift below 100 credits is one line after its combo, however long its names are.
    const line = await made.evaluate(`(() => {
      const root = document.querySelector("ovation-chat").shadowRoot;
      const row = root.querySelector('.row.gift.over[data-tier="row"]');
      const text = row.querySelector(".text");
      const said = text.textContent;
      text.textContent = said + " Rose".repeat(25);
      const place = (one) => one.getBoundingClientRect();
      const isInside = place(text).right <= place(row.querySelector(".worth")).left;
      const isLow = place(row).height <= 32;
      text.textContent = said;
      return { isInside, isLow };
    })()`);
    expect(line).toEqual({ isInside: true, isLow: true });
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
