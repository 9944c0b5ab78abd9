/** The console, as tests of it open and use it. */
import type { Page } from "playwright-core";
import type { Look, usePages } from "./pages.ts";

type Pages = ReturnType<typeof usePages>;

/** Opens the console as one of the people of this machine, whose button has this name. */
export async function openConsole(pages: Pages, name: string, look?: Look) {
  const opened = await pages.open("/console", look);
  const { page } = opened;
  await page.getByRole("button", { name }).click();
  await page.getByRole("heading", { level: 1, name: "Streams" }).waitFor();
  /** Loads a view, which its query names. */
  const visit = async (query: string) => {
    await page.goto(`${pages.system().url}/console?${query}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
  };
  return { ...opened, visit };
}

/** Calls the API as somebody of this machine; answers what is in the envelope, or the bare body. */
export const callerOf =
  (pages: Pages) => async (sub: string, method: string, path: string, body?: unknown) => {
    const token = await pages.tokenOf({ sub, groups: sub === "admin" ? ["admin"] : [] });
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${pages.system().url}${path}`, { method, headers, ...sent });
    // biome-ignore lint/suspicious/noExplicitAny: A black-box test looks into bodies of any shape.
    const said = (await answer.json()) as any;
    return said.isSuccess === undefined ? said : said.data;
  };

/** What was done, as the page says it. */
export const word = (page: Page, text: string | RegExp) => page.locator(".word", { hasText: text });

/** Answers the question that is asked before something is taken away. */
export const confirm = (page: Page, verb: string) =>
  page.getByRole("dialog").getByRole("button", { name: verb, exact: true }).click();
