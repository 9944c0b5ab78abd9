import { make } from "./dom.ts";
import type { Translator } from "./translations.ts";

/** How often new rows are announced to a screen reader, in one batch. */
const pauseMilliseconds = 6_000;

/**
 * Tells screen readers how many rows arrived instead of reading each one, because a live chat never
 * ends.
 */
export function createAnnouncer({ translate }: Translator) {
  const element = make("div", { class: "hidden", role: "status" });
  const came = { messages: 0, gifts: 0 };
  let timer: ReturnType<typeof setTimeout> | undefined;

  function summarize(): void {
    timer = undefined;
    const messages = came.messages > 0 && translate("newMessages", { n: came.messages });
    const gifts = came.gifts > 0 && translate("newGifts", { n: came.gifts });
    element.textContent =
      messages && gifts ? translate("summary", { messages, gifts }) : messages || gifts || "";
    Object.assign(came, { messages: 0, gifts: 0 });
  }

  return {
    element,
    count(kind: "messages" | "gifts"): void {
      came[kind]++;
      timer ??= setTimeout(summarize, pauseMilliseconds);
    },
    stop: () => clearTimeout(timer),
  };
}
