/** What the console and the pages of hosts do after the response of a call was lost. */
import type { Page } from "playwright-core";
import { browserTest } from "./browser.ts";
import { callerOf, confirm, openConsole, openConsoleAs, toast } from "./console.ts";
import { testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const call = callerOf(pages);

/** The API returns a secret once: a repeated call's response has null instead. */
const withoutSecret = (page: Page, url: RegExp, field: string) =>
  page.route(url, async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    const response = await route.fetch();
    const { data } = await response.json();
    await route.fulfill({ response, json: { isSuccess: true, data: { ...data, [field]: null } } });
  });

browserTest(
  "a webhook's secret whose response was lost is not shown as empty",
  async () => {
    const { page, visit, close } = await openConsole(pages, "Ada Admin");
    await withoutSecret(page, /\/(webhooks|rotate-secret)$/, "secret");
    await visit("view=webhooks&id=new");
    const url = "https://example.com/lost-secret";
    await page.getByLabel("Endpoint URL").fill(url);
    await page.getByRole("button", { name: "Create webhook" }).click();
    const lost = page.getByText("The response was lost, so the secret cannot be shown. Rotate");
    await lost.waitFor();
    const [{ id }] = (await call("admin", "GET", "/api/v1/webhooks")).list;
    await visit(`view=webhooks&id=${id}`);
    await page.getByRole("button", { name: "Rotate secret…" }).click();
    expect(await lost.count()).toBe(0);
    await confirm(page, "Rotate secret");
    await toast(page, "Secret rotated.").waitFor();
    await lost.waitFor();
    expect(await page.getByRole("button", { name: "Copy", exact: true }).count()).toBe(0);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an overlay URL whose response was lost is said to be lost",
  async () => {
    const { page, visit, close } = await openConsoleAs(pages, "lost-host");
    await withoutSecret(page, /\/overlay-keys$/, "url");
    await visit("view=channel");
    await page.getByRole("tab", { name: "Overlay" }).click();
    await page.getByRole("button", { name: "Create overlay URL" }).click();
    const lost = page.getByText("The response was lost, so the URL cannot be shown. Revoke it");
    await lost.waitFor();
    expect(await page.getByRole("button", { name: "Copy", exact: true }).count()).toBe(0);
    await page.getByRole("button", { name: "Revoke" }).press("Enter");
    await page.getByRole("button", { name: /revoke/i }).press("Enter");
    await page.getByText("No overlay URLs yet").waitFor();
    expect(await lost.count()).toBe(0);
    await close();
  },
  testMilliseconds,
);
