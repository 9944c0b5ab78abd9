/** Signing in to the console in a browser. */
import type { Route } from "playwright-core";
import { browserTest } from "./browser.ts";
import { openConsole } from "./console.ts";
import { expectSoon, testMilliseconds, usePages } from "./pages.ts";

const pages = usePages();
const open = () => pages.open("/console");
const openAsAdmin = () => openConsole(pages, "Ada Admin");

browserTest(
  "a user whose clock is hours ahead can sign in",
  async () => {
    const { page, close } = await open();
    await page.clock.setFixedTime(Date.now() + 3 * 3_600_000);
    await page.reload();
    await page.getByRole("button", { name: /Ada Admin/ }).click();
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    await close();
  },
  testMilliseconds,
);

browserTest(
  "after another user signs in, nothing is called with the token of the one before",
  async () => {
    const { page, close } = await openAsAdmin();
    await page.getByRole("button", { name: "Sign out" }).click();
    const users = new Set<string>();
    page.on("request", (request) => {
      const [, claims] = (request.headers().authorization ?? "").split(".");
      if (claims) users.add(JSON.parse(Buffer.from(claims, "base64url").toString()).sub);
    });
    await page.getByRole("button", { name: /Deniz Kaya/ }).click();
    await expectSoon(() => Promise.resolve(users.size > 0));
    expect([...users]).toEqual(["moderator"]);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "on this machine the host of the demo stream signs in with a click",
  async () => {
    const { page, close } = await openConsole(pages, "Demo Host (host)");
    await page.getByRole("region", { name: "Live now" }).getByText("Demo stream").waitFor();
    expect(await page.getByRole("link", { name: "Refunds" }).count()).toBe(0);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "an unsolicited sign-in response is rejected",
  async () => {
    const { page, close } = await open();
    await page.getByRole("button", { name: /Ada Admin/ }).waitFor();
    await page.goto(`${pages.system().url}/console?code=stolen&state=invented`);
    await page.getByRole("alert").getByText("not started in this tab").waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "a redirect that this tab did not ask for leaves its session, and one that it did ask for ends it",
  async () => {
    const { page, close } = await openAsAdmin();
    const url = `${pages.system().url}/console`;
    const keep = (state: string) =>
      page.evaluate(`sessionStorage.setItem("ovation.console.pending",
        JSON.stringify({ state: "${state}", nonce: "n", verifier: "v", redirectUri: "${url}" }))`);
    // A link, the way back to the issuer, and a link while a sign-in is pending.
    for (const search of ["code=x&state=y", "error=access_denied&state=y", "code=x&state=z"]) {
      if (search.endsWith("z")) await keep("y");
      await page.goto(`${url}?${search}`);
      await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
      expect(page.url()).toBe(url);
    }
    // The sign-in is still pending: its own redirect ends it.
    expect(
      await page.evaluate(`JSON.parse(sessionStorage.getItem("ovation.console.pending")).state`),
    ).toBe("y");
    await keep("own");
    await page.goto(`${url}?error=access_denied&state=own`);
    await page.getByRole("alert").getByText("Sign-in failed: access_denied").waitFor();
    expect(page.url()).toBe(url);
    expect(await page.evaluate(`sessionStorage.getItem("ovation.console.token")`)).toBe(null);
    await close();
  },
  testMilliseconds,
);

browserTest(
  "without a sign-in page, a pasted token signs the user in",
  async () => {
    const { page, close } = await open();
    await page.route("**/api/v1/sign-in", async (route) => {
      const answer = await route.fetch();
      const said = await answer.json();
      const data = { ...said.data, issuer: "https://id.test/pool", authorizationEndpoint: null };
      await route.fulfill({ json: { ...said, data } });
    });
    await page.reload();
    await page.getByText("has no sign-in page").waitFor();
    expect(await page.getByRole("button", { name: /Ada Admin/ }).count()).toBe(0);
    await page.getByRole("textbox", { name: "Token" }).fill("nonsense");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("alert").getByText("This is not a JWT").waitFor();
    await page
      .getByRole("textbox", { name: "Token" })
      .fill(await pages.tokenOf({ sub: "admin", groups: ["admin"] }));
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    expect(await page.getByRole("link", { name: "This machine" }).count()).toBe(0);
    // A reload while the API does not answer does not sign the user out.
    const refuse = (route: Route) => route.fulfill({ status: 403, json: { errors: ["Busy"] } });
    await page.route("**/api/v1/sign-in", refuse);
    await page.reload();
    await page.getByRole("alert").getByText("Busy").waitFor();
    await page.unroute("**/api/v1/sign-in", refuse);
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    await close();
  },
  testMilliseconds,
);
