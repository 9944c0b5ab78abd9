/** Pictures of the console, for people to look at, and what axe finds in each. */
import { browserTest } from "./browser.ts";
import { expectUsable, looks, picture, streamId, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();

/** Views with something to see in them, by the name of their picture. */
const views = {
  streams: `view=streams&id=${streamId}`,
  chat: `view=chat&stream=${streamId}`,
  viewers: `view=viewers&stream=${streamId}`,
  users: "view=users&id=64d15f9e2e6c8f4d5a123456",
  bans: `view=bans&stream=${streamId}&id=new`,
  log: `view=log&stream=${streamId}`,
  gifts: "view=gifts&id=65a1234bcde5678f90123458",
  refunds: `view=refunds&stream=${streamId}`,
  parked: "view=parked",
  webhooks: "view=webhooks&id=new",
  machine: "view=machine",
};

browserTest.each(looks)(
  "at $width × $height, $colorScheme, everybody can use it, and people look at its pictures",
  async (one) => {
    const { page, faults, close } = await pages.open("/console", one);
    const look = async (name: string) => {
      await picture(page, `console-${name}-${one.width}-${one.colorScheme}`);
      await expectUsable(page, name);
    };
    await page.getByRole("button", { name: /Ada Admin/ }).waitFor();
    await look("door");
    await page.getByRole("button", { name: /Ada Admin/ }).click();
    await page.getByRole("table").waitFor();
    for (const [name, query] of Object.entries(views)) {
      await page.goto(`${pages.system().url}/console?${query}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      await page.locator(".skeleton").waitFor({ state: "detached" });
      await look(name);
    }
    expect(faults).toEqual([]);
    await close();
  },
  testMilliseconds,
);
