/** docs/embed.md verbatim: its tag and its script on a page of another server. */
import { createServer } from "node:http";
import { listen } from "../../local/reachable.ts";
import { localToken, sharedSystem } from "../shared.ts";
import { browserTest, openBrowser } from "../web/browser.ts";
import { blocksOf, readGuide } from "./guides.ts";
import { soon } from "./programs.ts";

const testMilliseconds = 200_000;
const streamId = "64d15f9e2e6c8f4d5a123000";

const blocks = blocksOf(readGuide("docs/embed.md"));
const textOf = (wanted: string) => blocks.find(({ language }) => language === wanted)!.text;

let system: Awaited<ReturnType<typeof sharedSystem>>;
beforeAll(async () => {
  system = await sharedSystem();
}, testMilliseconds);

const tokenOf = (sub: string) => localToken(system.url, { sub });

/** Serves the guide's page at `/`, and the token that its script fetches at `/my-token`. */
async function servePage(token: string) {
  const tag = textOf("html").replaceAll("https://live.example.com", system.url);
  const body = `<!doctype html>${tag}<script type="module">${textOf("js")}</script>`;
  const server = createServer(({ url }, response) => {
    const isToken = url === "/my-token";
    response.statusCode = isToken || url === "/" ? 200 : 404;
    response.setHeader("content-type", isToken ? "text/plain" : "text/html");
    response.end(isToken ? token : body);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}/`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function say(content: string): Promise<void> {
  const authorization = `Bearer ${await tokenOf("another-user")}`;
  const headers = { "content-type": "application/json", authorization };
  const sent = { method: "POST", headers, body: JSON.stringify({ content }) };
  const path = `/api/v1/live-stream/${streamId}/chat/messages`;
  expect((await fetch(system.url + path, sent)).status).toBe(201);
}

browserTest(
  "the embedded chat shows others' messages and sends the user's own",
  async () => {
    const served = await servePage(await tokenOf("reader-of-a-guide"));
    const browser = (await openBrowser())!;
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(60_000);
      const heard: string[] = [];
      // Data is printed as an object, which its handle gives whole while the page is open.
      page.on("console", (message) => {
        const printed = Promise.all(message.args().map((one) => one.jsonValue()));
        void printed.then(
          ([type, data]) => type === "chat.message" && heard.push(data.content),
          () => undefined,
        );
      });
      await say("Said before");
      await page.goto(served.url);
      const row = (text: string) => page.locator(".row.message").getByText(text, { exact: true });
      // When it shows earlier messages, it is subscribed.
      await row("Said before").waitFor();
      const box = page.getByRole("textbox", { name: "Message" });
      await box.fill("Said in the page");
      await box.press("Enter");
      await row("Said in the page").waitFor();
      await say("Said elsewhere");
      await row("Said elsewhere").waitFor();
      // The guide's listener receives both as events. The frame of what was said before may come
      // after the subscription as well.
      await soon(
        () => heard.includes("Said in the page") && heard.includes("Said elsewhere"),
        () => heard.join("\n"),
      );
      const said = heard.filter((text) => text !== "Said before");
      expect(said.toSorted()).toEqual(["Said elsewhere", "Said in the page"]);
    } finally {
      await browser.close();
      served.close();
    }
  },
  testMilliseconds,
);
