/** What a viewer of `<ovation-chat>` has typed is not lost, or sent, by accident. */
import { browserTest } from "./browser.ts";
import { open, standardSettings, useBusyChat } from "./busy-chat.ts";
import { testMilliseconds, watchFor } from "./pages.ts";

useBusyChat();

browserTest(
  "a refused message goes back into the box, or stays in its row if another one is typed there",
  async () => {
    const made = await open("?refusing");
    const box = made.getByRole("textbox", { name: "Message" });
    const send = async (text: string) => {
      await box.fill(text);
      await box.press("Enter");
      await made.locator(".row.pending", { hasText: text }).waitFor();
    };
    await send("one");
    const waiting = await watchFor(made, ".send.waiting");
    await made.evaluate("refuse()");
    await waiting();
    expect(await box.inputValue()).toBe("one");
    // The box is filled again at once, and the row goes in the next frame.
    await made.locator(".row.pending").waitFor({ state: "detached" });
    expect(await made.locator(".row.pending").count()).toBe(0);
    await made.locator(".send:not(.waiting)").waitFor();
    await send("two");
    await box.fill("three");
    await made.evaluate("refuse()");
    const failed = made.locator(".row.pending.failed", { hasText: "two" });
    await failed.waitFor();
    expect(await box.inputValue()).toBe("three");
    await failed.getByRole("button", { name: "Discard" }).click();
    await failed.waitFor({ state: "detached" });
    await made.evaluate("show(message())");
    // A reply has been begun: the text was not meant for it.
    await box.fill("");
    await made.locator(".send:not(.waiting)").waitFor();
    await send("four");
    await made.locator(".row.message", { hasText: "message 0" }).press("Enter");
    await made.getByRole("menuitem", { name: "Reply" }).press("Enter");
    await made.getByText("Replying to").waitFor();
    await made.evaluate("refuse()");
    await made.locator(".row.pending.failed", { hasText: "four" }).waitFor();
    expect(await box.inputValue()).toBe("");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "a button of a row stays under the pointer during a press, whatever arrives or ends meanwhile",
  async () => {
    const made = await open("?refusing");
    await made.evaluate("retryAfter = 60");
    const box = made.getByRole("textbox", { name: "Message" });
    await box.fill("one");
    await box.press("Enter");
    await made.locator(".row.pending").waitFor();
    // With a text in the box, the refusal also shows how long slow mode takes.
    await box.fill("two");
    await made.evaluate("refuse()");
    const discard = made.getByRole("button", { name: "Discard" });
    await discard.hover();
    await made.mouse.down();
    await made.evaluate(
      `happen("settings.changed", ${JSON.stringify(standardSettings)}); show(message())`,
    );
    // A combo is shown below the rows.
    await made.evaluate("give('g1', 'Rose', 10, 1, 1, 0); give('g2', 'Rose', 10, 1, 2, 0)");
    // None of it is shown in the next frames, nor by the next tick of slow mode's clock.
    await made.waitForTimeout(1000);
    await made.mouse.up();
    await discard.waitFor({ state: "detached" });
    await made.getByText("message 0", { exact: true }).waitFor();
    await made.locator(".row.gift").waitFor();
    await made.locator(".send:not(.waiting)").waitFor();
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "an Enter that confirms a word in Safari sends nothing: it comes after the composition",
  async () => {
    const made = await open();
    const box = made.getByRole("textbox", { name: "Message" });
    await box.fill("你好");
    await box.dispatchEvent("keydown", { key: "Enter", keyCode: 229 });
    expect(await box.inputValue()).toBe("你好");
    await box.press("Enter");
    expect(await box.inputValue()).toBe("");
    await made.close();
  },
  testMilliseconds,
);

browserTest(
  "an element that is moved in the page keeps its text and its place in the list",
  async () => {
    const made = await open("?long");
    await made.getByText("earlier 1", { exact: true }).waitFor();
    const box = made.getByRole("textbox", { name: "Message" });
    await box.fill("half a sent");
    await made.evaluate(`(() => {
      const pane = document.createElement("main");
      pane.style.blockSize = "100vh";
      document.body.append(pane);
      pane.append(document.querySelector("ovation-chat"));
    })()`);
    await made.evaluate("show(message('after the move'))");
    await made.getByText("after the move").waitFor();
    expect(await box.inputValue()).toBe("half a sent");
    expect(await made.getByRole("button", { name: /new$/ }).count()).toBe(0);
    await made.close();
  },
  testMilliseconds,
);
