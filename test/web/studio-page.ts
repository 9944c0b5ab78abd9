/** Studio with its two viewers, on a system of its own. */
import type { Locator, Page } from "playwright-core";
import { expectSoon, type Look, usePages } from "./pages.ts";

/** Wide enough for a second chat next to the first one. */
export const wide = { width: 1920, height: 1080 };

/** Who the second viewer is: a simulated one may send a superlike, too. */
export const secondName = "Elif Yılmaz";

export function useStudio() {
  const pages = usePages({ own: true });
  return {
    pages,
    /** Opens Studio and waits until the viewers are there. */
    async open(look: Look = wide, path = "/") {
      const opened = await pages.open(path, look);
      const viewer = (n: 1 | 2) =>
        opened.page.getByRole("region", { name: `Viewer ${n}`, exact: true });
      await expectSoon(async () => (await viewer(1).locator(".row").count()) > 0);
      return { ...opened, viewer };
    },
  };
}

export const quiet = (page: Page) =>
  page.getByRole("button", { name: "Stop simulated viewers" }).click();
export const box = (viewer: Locator) => viewer.getByRole("textbox", { name: "Message" });
export const log = (viewer: Locator) => viewer.getByRole("log");

export async function say(viewer: Locator, text: string): Promise<void> {
  await box(viewer).fill(text);
  await viewer.getByRole("button", { name: "Send" }).click();
}
