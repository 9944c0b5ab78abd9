/** `<ovation-chat>` when it loses its server. */
import type { Page } from "playwright-core";
import { browserTest } from "./browser.ts";
import { open, standardSettings, stopClock, useBusyChat } from "./busy-chat.ts";
import { expectSoon, testMilliseconds, watchFor } from "./pages.ts";

useBusyChat();

const poll = { id: "p1", kind: "poll", title: "Which song next?", options: ["Blue", "Red"] };

browserTest(
  "after lost frames the chat shows the stream as it is, and that gifts may be missing",
  async () => {
    const made = await open();
    await made.locator('[aria-label*="10"]').waitFor({ state: "attached" });
    await made.evaluate(`moment("started", ${JSON.stringify(poll)}, [0, 0])`);
    await made.evaluate(`give("g1", "Rose", 10, 1, 1, 0)`);
    await made.getByText("gave Rose").waitFor();
    await made.locator(".moment.poll").waitFor();
    const told = await watchFor(made, ".strip", "Reconnected. Some gifts may be missing.");
    await made.evaluate(`isLost = true; streamStatus = "ended";
      missGift("g1", "Rose", 10, 1, 1, 2); missGift("g2", "Star", 100, 2, 1, 1); disconnect()`);
    await told();
    await made.locator(".moment.poll").waitFor({ state: "detached" });
    const box = made.getByRole("textbox", { name: "Message" });
    await expectSoon(async () => !(await box.isEditable()));
    await made.getByText("gave Star").waitFor();
    expect(await made.locator(".row.gift").count()).toBe(2);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a short outage is not shown, and a longer one is until the chat is back",
  async () => {
    const made = await open("?outage", { hasTestClock: true });
    const strip = made.locator(".strip");
    await made.waitForFunction("window.openSocket !== undefined");
    await made.evaluate("openSocket()");
    await made.getByRole("button", { name: "Superlike · 10" }).waitFor();
    // On a busy machine, the short one would be long in real time.
    await stopClock(made);
    await made.evaluate("Math.random = () => 0; disconnect()");
    await made.clock.runFor(1_500);
    expect(await strip.isVisible()).toBe(false);
    await made.waitForFunction("sockets === 2");
    await made.evaluate("openSocket()");
    await made.clock.runFor(3_000);
    expect(await strip.isVisible()).toBe(false);
    await made.clock.resume();
    await made.evaluate("disconnect()");
    await strip.getByText("Reconnecting…").waitFor();
    const told = await watchFor(made, ".strip", "Reconnected. You didn't miss anything.");
    await made.evaluate("openSocket()");
    await told();
    await made.close();
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

browserTest(
  "what changes before a slow socket opens is shown: the stream is read after it",
  async () => {
    const made = await open("?outage");
    // All that can be read without a socket has been read.
    await expectSoon(
      async () =>
        ((await made.evaluate("reads")) as string[]).filter((one) => one.endsWith("/users/me"))
          .length === 4,
    );
    await made.evaluate(`fetch("/health").then(Boolean)`);
    await made.evaluate(`streamStatus = "ended"; openSocket()`);
    await made.locator('[aria-label*="10"]').waitFor({ state: "attached" });
    expect(await made.getByRole("textbox", { name: "Message" }).isEditable()).toBe(false);
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a viewer who is blocked learns it also where no socket opens",
  async () => {
    const made = await open("?outage");
    await made.evaluate(`chat = document.querySelector("ovation-chat");
      inner = chat.options.fetch;
      chat.options = { ...chat.options, fetch: async (input, request) =>
        !new URL(input).pathname.includes("/live-stream/") ? inner(input, request)
          : Response.json({ errors: ["No"], code: "member_blocked" }, { status: 403 }) };
      chat.lang = "tr"`);
    await made.locator(".strip").getByText("Bu yayından engellendin.").waitFor();
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
  "changes before the stream has been read stay: settings, an unpin, the end",
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
