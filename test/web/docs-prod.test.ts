/** The reference of a production stage. */
import { localToken } from "../shared.ts";
import { startSystem } from "../system.ts";
import { browserTest, watchFaults } from "./browser.ts";
import { testMilliseconds, timeoutMilliseconds, usePages } from "./pages.ts";
import { operation } from "./reference.ts";

const pages = usePages();

browserTest(
  "at another host than this machine the reference takes a pasted token, and warns if the stage is prod",
  async () => {
    const context = await pages.browser().newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(timeoutMilliseconds);
    const prod = await startSystem({ env: { STAGE: "prod" } });
    const url = `http://ovation.test:${new URL(prod.url).port}/docs`;
    const faults = watchFaults(page, url);
    await page.goto(url);
    const warning = async (id: string) =>
      (await operation(page, id)).getByText("This is production");
    await (await warning("chatSendMessage")).waitFor();
    expect(await (await warning("walletsGet")).count()).toBe(0);
    const token = await localToken(prod.url, { sub: `docs-${Date.now()}`, credits: 77 });
    await page.getByLabel("Token for prod").fill(`Bearer ${token}`);
    const get = await operation(page, "walletsGet");
    await get.getByRole("button", { name: "Try it" }).click();
    await get.getByRole("button", { name: "Send" }).click();
    await get.getByText('"balance": 77').waitFor();
    expect(faults).toEqual([]);
    await context.close();
    await prod.stop();
  },
  testMilliseconds,
);
