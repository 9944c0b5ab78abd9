import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { createClient, type Event, type Options } from "../../client/index.ts";

const root = join(import.meta.dirname, "../..");

test("the built package is found by its name, with its types, as an app would", async () => {
  const app = await mkdtemp(join(tmpdir(), "ovation-app-"));
  try {
    execFileSync(process.execPath, [join(root, "bin/build-client.ts")], { stdio: "inherit" });
    await mkdir(join(app, "node_modules/@ovation"), { recursive: true });
    const built = join(root, ".cache/client");
    await symlink(built, join(app, "node_modules/@ovation/client"));
    const program = `
      import { createClient, OvationError } from "@ovation/client";
      const client = createClient({ url: "http://127.0.0.1:9", token: "t", WebSocket: class { close() {} } });
      const methods = Object.keys(client).sort().join(" ");
      client.close();
      console.log(methods, new OvationError(403, []).name);`;
    await writeFile(join(app, "app.mjs"), program);
    const env = { ...process.env, NODE_OPTIONS: "" };
    const said = execFileSync(process.execPath, [join(app, "app.mjs")], { encoding: "utf8", env });
    expect(said.trim()).toBe(
      "call close sendGift sendMessage sendSuperlike subscribe OvationError",
    );
    const { exports, files } = JSON.parse(readFileSync(join(built, "package.json"), "utf8"));
    for (const path of [exports["."].types, exports["."].default, ...files, "README.md", "LICENSE"])
      expect({ path, there: existsSync(join(built, path)) }).toEqual({ path, there: true });
  } finally {
    await rm(app, { recursive: true, force: true });
  }
});

test("without a WebSocket it says so at once", () => {
  const own = globalThis.WebSocket;
  Reflect.deleteProperty(globalThis, "WebSocket");
  try {
    expect(() => createClient({ url: "http://127.0.0.1:9", token: "t" })).toThrow("No WebSocket");
  } finally {
    if (own !== undefined) globalThis.WebSocket = own;
  }
});

/** A socket in the test's hands. */
class Hand {
  static last: Hand;
  readyState = 1;
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  constructor() {
    Hand.last = this;
    setTimeout(() => this.onopen?.());
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}
const pause = () => new Promise((done) => setTimeout(done, 20));

test("a callback that throws loses no event and no socket; ids are the same in either case", async () => {
  const [heard, errors]: [string[], unknown[]] = [[], []];
  const client = createClient({
    url: "http://127.0.0.1:9",
    token: "t",
    WebSocket: Hand as unknown as NonNullable<Options["WebSocket"]>,
    onError: (error) => errors.push(error),
  });
  client.subscribe("ABCDEF", {
    onEvent({ id }: Event) {
      heard.push(id);
      if (id === "1") throw new Error("The app's own fault");
    },
  });
  await pause();
  const socket = Hand.last;
  const { requestId } = socket.sent.at(-1)!;
  const place = { streamId: "abcdef", epoch: "e", viewers: 1 };
  socket.say({ ...place, type: "subscribed", head: 0, requestId });
  const event = (id: string) => ({ id, type: "chat.message", at: "", data: {} });
  const frame = (n: number, ...events: object[]) =>
    socket.say({ ...place, type: "events", frame: n, skipped: 0, events });
  frame(1, event("1"), event("2"));
  frame(2, event("3"));
  await pause();
  expect(heard).toEqual(["1", "2", "3"]);
  expect(errors).toHaveLength(1);
  expect(socket.readyState).toBe(1);
  client.close();
});

test("an answer that breaks off in its middle is asked for again, under the same key", async () => {
  const keys: unknown[] = [];
  const wishes: unknown[] = [];
  const server = createServer(async (request, response) => {
    keys.push(request.headers["idempotency-key"]);
    wishes.push(await json(request));
    response.writeHead(201, { "content-type": "application/json", "content-length": "20" });
    if (keys.length > 1) return void response.end('{"id":"one gift"}   ');
    response.write('{"id":');
    setTimeout(() => request.socket.destroy(), 20);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const client = createClient({
    url: `http://127.0.0.1:${port}`,
    token: "t",
    WebSocket: Hand as unknown as NonNullable<Options["WebSocket"]>,
  });
  const gift = await client.sendGift("s", "g", undefined, { expectedPrice: 10 });
  expect(gift).toEqual({ id: "one gift" });
  expect(wishes.at(-1)).toEqual({ liveStreamId: "s", giftTypeId: "g", expectedPrice: 10 });
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
  client.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});
