/** How `<ovation-chat>` follows its page's token. */
import { browserTest } from "./browser.ts";
import { open, useBusyChat } from "./busy-chat.ts";
import { testMilliseconds } from "./pages.ts";

useBusyChat();

browserTest(
  "a new token of the same user leaves the chat as it is, and one of another user opens theirs",
  async () => {
    const made = await open();
    const box = made.getByRole("textbox", { name: "Message" });
    await box.fill("half a message");
    const renew = (sub: string, exp: number) =>
      made.evaluate(`document.querySelector("ovation-chat").token = tokenOf("${sub}", ${exp})`);
    await renew("me", 9999999998);
    await made.evaluate("show(message('hello'))");
    await made.getByText("hello", { exact: true }).waitFor();
    expect([await box.inputValue(), await made.evaluate("sockets")]).toEqual(["half a message", 1]);
    await renew("you", 9999999999);
    await made.waitForFunction("sockets === 2");
    expect(await box.inputValue()).toBe("");
    // The user of a token that a function returns is not known in advance.
    for (const [at, sub] of ["me", "you"].entries()) {
      await made.evaluate(`document.querySelector("ovation-chat").token =
        async () => tokenOf("${sub}", 9999999999)`);
      await made.waitForFunction(`sockets === ${3 + at}`);
      expect(await box.inputValue()).toBe("");
      await box.fill("half a message");
    }
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a token that expires ends the chat with the reason; with a new one, the draft is still there",
  async () => {
    const made = await open();
    await made.evaluate(`chat = document.querySelector("ovation-chat"); errors = []; ends = [];
      chat.addEventListener("ovation-end", ({ detail }) => ends.push(detail));
      chat.addEventListener("ovation-error", ({ detail }) => errors.push(detail.statusCode));
      chat.token = tokenOf("you", Date.now() / 1000 + 25)`);
    await made.waitForFunction("sockets === 2");
    // The clock is set: on a busy machine, a token of a few seconds may expire before its socket.
    const box = made.getByRole("textbox", { name: "Message" });
    await box.fill("half a message");
    // Asleep: the steady clock stands still meanwhile.
    await made.evaluate("((now) => (Date.now = () => now() + 25_000))(Date.now)");
    await made.evaluate("disconnect()");
    await made.getByText("Disconnected: The token has expired").first().waitFor();
    expect(await made.evaluate("errors")).toEqual([401]);
    expect(await made.evaluate("ends")).toEqual([
      { reason: "The token has expired", statusCode: 401 },
    ]);
    await made.evaluate(`chat.token = tokenOf("you", 9999999999)`);
    await made.getByText("No messages yet").waitFor();
    expect([await box.isEditable(), await box.inputValue()]).toEqual([true, "half a message"]);
    await made.evaluate(`chat.token = tokenOf("me", 9999999999)`);
    await made.waitForFunction("sockets === 4");
    expect(await box.inputValue()).toBe("");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a chat that a missing pass ended starts again with the token of the same user",
  async () => {
    const made = await open();
    const box = made.getByRole("textbox", { name: "Message" });
    await box.fill("half a message");
    await made.evaluate(`ends = []; document.querySelector("ovation-chat")
      .addEventListener("ovation-end", ({ detail }) => ends.push(detail))`);
    await made.evaluate(`tell({ type: "unsubscribed", reason: "pass" })`);
    await made.getByText("You need a pass for this stream.").first().waitFor();
    expect(await made.evaluate("ends")).toEqual([{ reason: "pass" }]);
    await made.evaluate(`document.querySelector("ovation-chat").token = tokenOf("me", 9999999999)`);
    await made.waitForFunction("sockets === 2");
    await made.getByText("No messages yet").waitFor();
    expect([await box.isEditable(), await box.inputValue()]).toEqual([true, "half a message"]);
    await made.close();
  },
  testMilliseconds,
);
