/** The built client on a plain page without TLS, and in an engine without some standard APIs. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { WebSocketServer } from "ws";
import { listen } from "../../local/reachable.ts";
import { browserTest, openBrowser } from "../web/browser.ts";
import { timeoutMilliseconds as timeout } from "../web/pages.ts";
import { createChat, frameOf, said } from "./chat-server.ts";
import { jwt, streamId } from "./fake-socket.ts";

const page = `<!doctype html><ul></ul><script type="module">
  import { createClient } from "./client.js";
  const client = createClient({ url: location.origin, token: "TOKEN", compact: true });
  const stream = client.subscribe("${streamId}");
  const draw = ({ messages, pending }) => {
    document.querySelector("ul").replaceChildren(...[...messages, ...pending].map(({ content }) => {
      const row = document.createElement("li");
      row.textContent = content;
      return row;
    }));
  };
  const chat = await stream.history({ onChange: draw });
  await stream.send("from the page").sent;
  document.title = [isSecureContext, typeof crypto.randomUUID, chat.messages.length].join(" ");
</script>`;

/** Serves one stream, the page and the client. The first response to a message is lost. */
async function startServer(client: Uint8Array) {
  const chat = createChat(2);
  const keys: unknown[] = [];
  let frame = 0;
  const http = createServer(async (request, response) => {
    const url = `http://127.0.0.1${request.url}`;
    const reply = (type: string, body: string | Uint8Array, status = 200) =>
      response.writeHead(status, { "content-type": type }).end(body);
    if (request.url === "/") return reply("text/html", page.replace("TOKEN", jwt(3600, "me")));
    if (request.url === "/client.js") return reply("text/javascript", client);
    if (!request.url!.startsWith("/api/")) return reply("text/plain", "", 404);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.method === "POST") {
      keys.push(request.headers["idempotency-key"]);
      if (keys.length === 1) return request.socket.destroy();
    }
    const headers = { "idempotency-key": String(request.headers["idempotency-key"]) };
    const body = request.method === "POST" ? Buffer.concat(chunks).toString() : null;
    const answer = await chat.fetch(url, { method: request.method!, headers, body });
    reply("application/json", await answer.text(), answer.status);
    if (request.method !== "POST") return;
    const text = JSON.stringify(frameOf(++frame, [said(chat.messages.at(-1)!)]));
    for (const socket of server.clients) socket.send(text);
  });
  const server = new WebSocketServer({
    server: http,
    path: "/ws",
    handleProtocols: () => "bearer",
  });
  server.on("connection", (socket) =>
    socket.on("message", (data) => {
      const { action, requestId } = JSON.parse(data.toString());
      const place = { streamId, epoch: "e", head: frame, viewers: 1, requestId };
      if (action === "subscribe") socket.send(JSON.stringify({ type: "subscribed", ...place }));
    }),
  );
  return {
    port: await listen(http),
    keys,
    async stop(): Promise<void> {
      for (const socket of server.clients) socket.terminate();
      http.closeAllConnections();
      await new Promise((done) => http.close(done));
    },
  };
}

const bundle = async () => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "../../client/index.ts")],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  return outputFiles![0]!.contents;
};

browserTest(
  "a plain page without TLS, as on a phone in the local network, reads and sends messages",
  async () => {
    const server = await startServer(await bundle());
    const browser = (await openBrowser())!;
    try {
      const tab = await browser.newPage();
      const problems: string[] = [];
      tab.on("pageerror", (error) => problems.push(String(error)));
      await tab.goto(`http://lan.test:${server.port}/`);
      await tab.waitForFunction('document.title !== ""', undefined, { timeout });
      expect(await tab.title()).toBe("false undefined 3");
      expect(await tab.locator("li").allTextContents()).toEqual(["1", "2", "from the page"]);
      expect(problems).toEqual([]);
      // The response was lost once, and the call was repeated with the same key.
      expect(server.keys).toHaveLength(2);
      expect(new Set(server.keys).size).toBe(1);
    } finally {
      await browser.close();
      await server.stop();
    }
  },
);

test("the client runs without crypto, AbortSignal.timeout, structuredClone and Event, as in React Native", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ovation-engine-"));
  const server = await startServer(await bundle());
  try {
    const file = join(folder, "client.mjs");
    await writeFile(file, await bundle());
    const program = `
      // Node's own socket and fetch need Node's events when they are first used.
      await fetch("data:,");
      const { WebSocket } = await import(${JSON.stringify(import.meta.resolve("ws"))});
      const lacking = ["crypto", "structuredClone", "Event", "EventTarget", "CustomEvent", "MessageEvent",
        "DecompressionStream", "BroadcastChannel", "navigator"];
      for (const name of lacking) Reflect.deleteProperty(globalThis, name);
      Reflect.deleteProperty(AbortSignal, "timeout");
      Reflect.deleteProperty(AbortSignal, "any");
      const { createClient } = await import(${JSON.stringify(pathToFileURL(file).href)});
      const url = "http://127.0.0.1:${server.port}";
      const client = createClient({ url, token: ${JSON.stringify(jwt(3600, "me"))}, WebSocket, compact: true });
      const stream = client.subscribe("${streamId}");
      const chat = await stream.history();
      client.taps("${streamId}").close();
      await stream.send("from the engine").sent;
      console.log(typeof globalThis.crypto, chat.messages.map(({ content }) => content).join());
      client.close();
      process.exit(0);`;
    const env = { ...process.env, NODE_OPTIONS: "" };
    const command = ["--input-type=module", "-e", program];
    const { stdout } = await promisify(execFile)(process.execPath, command, { env });
    expect(stdout.trim()).toBe("undefined 1,2,from the engine");
    expect(server.keys).toHaveLength(2);
    expect(new Set(server.keys).size).toBe(1);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
