/** The rows of `<ovation-chat>`: how many there are, and that none of them jumps. */
import type { Locator, Page } from "playwright-core";
import { browserTest } from "./browser.ts";
import { open, openWith, stopClock, useBusyChat } from "./busy-chat.ts";
import { expectDrawn } from "./focus.ts";
import { expectSoon, isWhole, streamId, testMilliseconds } from "./pages.ts";

useBusyChat();

type Scroller = Record<"scrollTop" | "scrollHeight" | "clientHeight", number>;
const toEnd = (one: unknown) => {
  const { scrollTop, scrollHeight, clientHeight } = one as Scroller;
  return scrollHeight - clientHeight - scrollTop;
};
const rowsOf = (made: Page) => made.locator(".row.message").count();

browserTest(
  "at a hundred events a second the chat keeps 500 rows, and the balance and the box have accessible names",
  async () => {
    const made = await open();
    await made.evaluate(`new Promise((done) => {
      let left = 8;
      const timer = setInterval(() => {
        show(...Array.from({ length: 100 }, () => message()));
        if (--left === 0) { clearInterval(timer); setTimeout(done, 1000); }
      }, 250);
    })`);
    await made.getByText("message 799", { exact: true }).waitFor();
    expect(await rowsOf(made)).toBe(500);
    await made.getByText("Showing the newest 500").waitFor({ state: "attached" });
    expect(await made.getByLabel("Credits").textContent()).toBe("Credits 12");
    expect(await made.getByRole("textbox", { name: "Message" }).count()).toBe(1);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "while scrolled up the list stands still and counts new rows; deleted rows still disappear",
  async () => {
    const made = await openWith(60);
    const list = made.getByRole("log");
    const seen = () => list.evaluate((one) => (one as unknown as Scroller).scrollTop);
    const end = await seen();
    expect(end).toBeGreaterThan(600);
    await list.hover();
    await made.mouse.wheel(0, -600);
    // A wheel scrolls smoothly, however long that takes.
    let before = end;
    await expectSoon(async () => {
      const was = before;
      before = await seen();
      return before === was && before < end - 599;
    });
    await made.evaluate("show(message('while reading'), message('and this'))");
    await made.getByRole("button", { name: "2 new" }).waitFor();
    expect(await seen()).toBe(before);
    expect(await rowsOf(made)).toBe(60);
    await made.evaluate(`show({ id: "d1", type: "chat.deleted", at: new Date().toISOString(),
      data: { streamId: "${streamId}", messageId: (3).toString(16).padStart(24, "0") } })`);
    await made.getByText("message 2", { exact: true }).waitFor({ state: "detached" });
    await made.getByRole("button", { name: "2 new" }).click();
    await made.getByText("and this").waitFor();
    expect(await list.evaluate(toEnd)).toBeLessThan(2);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "earlier messages are inserted above existing rows, and no chunk grows",
  async () => {
    const made = await openWith(10);
    // Twenty frames of ten each, in any order.
    const { said, sizes } = (await made.evaluate(`(async () => {
      const all = (name) => [...document.querySelector("ovation-chat").shadowRoot.querySelectorAll(name)];
      const frame = () => new Promise(requestAnimationFrame);
      const anHourAgo = Date.now() - 3_600_000;
      const before = (place) => {
        const made = message("before " + place);
        made.at = made.data.createdAt = new Date(anHourAgo + 1000 * place).toISOString();
        return made;
      };
      for (let n = 0; n < 200; n += 10) {
        show(...Array.from({ length: 10 }, (_, at) => before(100 + ((n + at) * 7) % 200)));
        await frame();
        await frame();
      }
      return {
        said: all(".row.message .text").map((one) => one.textContent),
        sizes: all(".chunk").map((one) => one.childElementCount),
      };
    })()`)) as { said: string[]; sizes: number[] };
    const before = Array.from({ length: 200 }, (_, n) => `before ${100 + n}`);
    const live = Array.from({ length: 10 }, (_, n) => `message ${n}`);
    expect(said).toEqual([...before, ...live]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "new rows do not move the list: its height stays, and its end stays in view",
  async () => {
    const made = await openWith(60);
    const seen = (await made.evaluate(`new Promise((done) => {
      const list = document.querySelector("ovation-chat").shadowRoot.querySelector(".log");
      const heights = new Set(), ends = new Set();
      show(message("a row that enters"));
      give("g", "Rocket", 500, 2, 1, 0);
      const look = (left) => {
        if (list.textContent.includes("a row that enters")) {
          heights.add(list.scrollHeight);
          ends.add(Math.round(list.scrollHeight - list.clientHeight - list.scrollTop));
        }
        if (left > 0) requestAnimationFrame(() => look(left - 1));
        else done({ heights: [...heights], ends: [...ends] });
      };
      look(60);
    })`)) as { heights: number[]; ends: number[] };
    expect(seen.heights).toHaveLength(1);
    expect(seen.ends).toEqual([0]);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a pending message moves into the chat without a frame in which it is missing or duplicated",
  async () => {
    const made = await openWith(60);
    await made.evaluate(`void (window.watched = new Promise((done) => {
      const list = document.querySelector("ovation-chat").shadowRoot.querySelector(".log");
      const counts = new Set();
      const rows = list.getElementsByClassName("message");
      let left = 30;
      const look = () => {
        const count = list.textContent.split("my own words").length - 1;
        if (counts.size > 0 || count > 0) counts.add(count);
        if ([...rows].some((row) => row.textContent.includes("my own words"))) left--;
        if (left > 0) requestAnimationFrame(look);
        else done([...counts]);
      };
      look();
    }))`);
    await made.getByRole("textbox", { name: "Message" }).fill("my own words");
    await made.keyboard.press("Enter");
    expect(await made.evaluate("watched")).toEqual([1]);
    expect(await made.locator(".row.message", { hasText: "my own words" }).count()).toBe(1);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a long name leaves the username in view",
  async () => {
    const made = await open();
    const name = "Bartholomew Montgomery Featherstonehaugh the Third of Somewhere";
    await made.evaluate(`(() => {
      const long = message("hello");
      Object.assign(long.data.sender, { name: "${name}", username: "barty" });
      show(long);
    })()`);
    const handle = made.getByText("@barty", { exact: true });
    await handle.waitFor();
    expect(await handle.evaluate(isWhole)).toBe(true);
    const { x, width } = (await handle.boundingBox())!;
    expect(x + width).toBeLessThanOrEqual(360);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "over the keyboard of a phone, a poll and two combos leave the newest message in view",
  async () => {
    const made = await openWith(20, { hasTestClock: true });
    await made.setViewportSize({ width: 320, height: 320 });
    // A combo ends after five seconds.
    await stopClock(made);
    const poll = { id: "p1", kind: "poll", title: "Which?", options: ["A", "B", "C", "D"] };
    await made.evaluate(`moment("started", ${JSON.stringify(poll)}, [0, 0, 0, 0])`);
    for (const times of [1, 2])
      for (const [by, name] of ["Rose", "Heart"].entries())
        await made.evaluate(`give("g${by}-${times}", "${name}", 10, ${by}, ${times}, 0)`);
    await made.clock.runFor(500);
    await made.locator(".lane .gift").nth(1).waitFor();
    const newest = made.locator(".row.message").last();
    await expectSoon(async () => {
      const [row, list] = await Promise.all([
        newest.boundingBox(),
        made.getByRole("log").boundingBox(),
      ]);
      return row!.y >= list!.y && row!.y + row!.height <= list!.y + list!.height;
    });
    await made.close();
  },
  testMilliseconds,
);

const scrollOf = (page: Page) =>
  page.getByRole("log").evaluate((one) => (one as unknown as Scroller).scrollTop);
const edgesOf = async (one: Locator) => {
  const { y, height } = (await one.boundingBox())!;
  return { top: y, bottom: y + height };
};

browserTest(
  "the gift picker leaves the newest rows and a combo in view, and the list keeps its place",
  async () => {
    const made = await openWith(60);
    const newest = made.getByText("message 59", { exact: true });
    const picker = made.getByRole("dialog", { name: "Choose a gift" });
    const gift = made.getByRole("button", { name: "Gift", exact: true });
    const isAtEnd = async () => (await made.getByRole("log").evaluate(toEnd)) < 2;
    await gift.click();
    const isAbove = async (one: Locator) =>
      (await edgesOf(one)).bottom <= (await edgesOf(picker)).top + 1;
    await expectSoon(() => isAbove(newest));
    // Twice, because the second one makes it a combo.
    for (const n of [1, 2]) await made.evaluate(`give("c${n}", "Rose", 10, 3, ${n}, 0)`);
    const combo = made.locator(".lane .gift");
    await combo.waitFor();
    expect(await isAbove(combo)).toBe(true);
    await gift.click();
    expect(await picker.isVisible()).toBe(false);
    await expectSoon(isAtEnd);
    await made.getByRole("log").hover();
    await made.mouse.wheel(0, -600);
    let place = await scrollOf(made);
    await expectSoon(async () => {
      const was = place;
      place = await scrollOf(made);
      return place === was && !(await isAtEnd());
    });
    for (const isOpen of [true, false]) {
      await gift.click();
      expect(await picker.isVisible()).toBe(isOpen);
      await expectDrawn(made);
      expect(await scrollOf(made)).toBe(place);
    }
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "the gift picker in a low chat leaves a row and the composer in view, and scrolls",
  async () => {
    const made = await openWith(20);
    await made.setViewportSize({ width: 320, height: 256 });
    await made.getByRole("button", { name: "Gift", exact: true }).click();
    const panel = await edgesOf(made.locator(".panel"));
    const composer = await edgesOf(made.locator(".composer"));
    expect(composer.bottom).toBeLessThanOrEqual(panel.bottom + 1);
    const { top } = await edgesOf(made.getByRole("dialog", { name: "Choose a gift" }));
    await expectSoon(async () => {
      const newest = await edgesOf(made.getByText("message 19", { exact: true }));
      return newest.bottom <= top + 1;
    });
    const send = made.getByRole("button", { name: /Send gift|more needed/ }).last();
    await send.scrollIntoViewIfNeeded();
    const button = await edgesOf(send);
    expect(button.top).toBeGreaterThanOrEqual(top);
    expect(button.bottom).toBeLessThanOrEqual(composer.top + 1);
    await made.close();
  },
  testMilliseconds,
);
