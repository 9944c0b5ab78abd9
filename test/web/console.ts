/** The console, as tests of it open and use it. */
import type { Page } from "playwright-core";
import type { Look, usePages } from "./pages.ts";

type Pages = ReturnType<typeof usePages>;

/** Opens the console as the local user whose button has this name. */
export async function openConsole(pages: Pages, name: string, look?: Look) {
  const opened = await pages.open("/console", look);
  const { page } = opened;
  await page.getByRole("button", { name }).click();
  await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
  /** Loads a view, which its query names. */
  const visit = async (query: string) => {
    await page.goto(`${pages.system().url}/console?${query}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
  };
  return { ...opened, visit };
}

/** Opens the console by the token of an admin of this test alone. */
export async function openConsoleAs(pages: Pages, sub: string) {
  const token = await pages.tokenOf({ sub, groups: ["admin"] });
  const opened = await pages.open("/console");
  const { page } = opened;
  await page.evaluate(`sessionStorage.setItem("ovation.console.token", "${token}")`);
  const visit = (query: string) => page.goto(`${pages.system().url}/console?${query}`);
  return { ...opened, visit };
}

/** Calls the API as a local user; returns the envelope's data, or the bare body. */
export const callerOf =
  (pages: Pages) => async (sub: string, method: string, path: string, body?: unknown) => {
    const token = await pages.tokenOf({ sub, groups: sub === "admin" ? ["admin"] : [] });
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${pages.system().url}${path}`, { method, headers, ...sent });
    if (answer.status === 204) return undefined;
    // biome-ignore lint/suspicious/noExplicitAny: A black-box test looks into bodies of any shape.
    const said = (await answer.json()) as any;
    return said.isSuccess === undefined ? said : said.data;
  };

/** A live stream of its own for a test: nothing in it is of another test. Returns its id. */
export async function goLive(call: ReturnType<typeof callerOf>, host: string, title: string) {
  const { id } = await call(host, "POST", "/api/v1/live-stream/create", { title });
  await call(host, "POST", "/api/v1/live-stream/join-as-creator", { liveStreamId: id });
  return id as string;
}

/** The toast with this text. */
export const toast = (page: Page, text: string | RegExp) =>
  page.locator(".toast", { hasText: text });

/** Confirms the dialog of a destructive action. */
export const confirm = (page: Page, verb: string) =>
  page.getByRole("dialog").getByRole("button", { name: verb, exact: true }).click();
