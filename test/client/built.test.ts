import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { createClient, type Event, type Options } from "../../client/index.ts";
import { listen } from "../../local/reachable.ts";

const root = join(import.meta.dirname, "../..");

/** An app's TypeScript code that uses only the package. */
const typed = `
  import { type CallResult, createClient, OvationError } from "@ovation/client";
  import { ClientProvider, useClient, useConnection, useStream, useWallet } from "@ovation/client/react";
  const client = createClient({ url: "https://live.example.com", token: "t" });
  const { signal } = new AbortController();
  const { balance } = await client.call("GET /api/v1/wallet", { signal });
  export const Shared = () => ClientProvider({ client, children: "below" });
  export const isOnline = (): boolean => useConnection(useClient()) === "online";
  const wallet: CallResult<"GET /api/v1/wallet"> = { balance, pending: 0, owed: 0, spendLimit: 1 };
  export const Chat = (): string => {
    const { messages, send } = useStream(client, "s");
    if (useWallet(client).wallet === wallet) send("Hello");
    return messages.map(({ sender, content }) => sender.username + content).join();
  };
  // @ts-expect-error: there is no such refusal.
  new OvationError(403, []).code === "no_such_code";`;

/** Writes programs of an app that has the package installed. */
async function writeApp(app: string): Promise<void> {
  await mkdir(join(app, "node_modules/@ovation"), { recursive: true });
  await symlink(join(root, ".cache/client"), join(app, "node_modules/@ovation/client"));
  for (const name of ["react", "@types/react", "csstype"]) {
    await mkdir(join(app, "node_modules", name, ".."), { recursive: true });
    await symlink(join(root, "node_modules", name), join(app, "node_modules", name));
  }
  const program = `
    import { createClient, OvationError } from "@ovation/client";
    import * as hooks from "@ovation/client/react";
    const client = createClient({ url: "http://127.0.0.1:9", token: "t", WebSocket: class { close() {} } });
    const methods = Object.keys(client).sort().join(" ");
    client.close();
    console.log(methods, new OvationError(403, []).name, Object.keys(hooks).join(" "));`;
  await writeFile(join(app, "app.mjs"), program);
  await writeFile(join(app, "app.mts"), typed);
}

test("an app can import the built package by its name, with its types", async () => {
  const app = await mkdtemp(join(tmpdir(), "ovation-app-"));
  const node = (...command: string[]) => {
    const env = { ...process.env, NODE_OPTIONS: "" };
    return execFileSync(process.execPath, command, { cwd: app, encoding: "utf8", env }).trim();
  };
  try {
    expect(node(join(root, "bin/build/build-client.ts"))).toMatch(
      /index\.js [\d,]+ bytes, react\.js/,
    );
    await writeApp(app);
    expect(node("--preserve-symlinks", "app.mjs")).toBe(
      "call close connection sendGift sendMessage sendSuperlike subscribe taps userId vote watchWallet OvationError ClientProvider useClient useConnection useStream useWallet",
    );
    const flags = ["--noEmit", "--strict", "--target", "es2024", "--lib", "es2024,dom"];
    const tsc = join(root, "node_modules/.bin/tsc");
    for (const module of ["nodenext", "preserve"]) {
      const said = spawnSync(tsc, [...flags, "--module", module, "--preserveSymlinks", "app.mts"], {
        cwd: app,
        encoding: "utf8",
      });
      expect({ module, said: said.stdout, status: said.status }).toEqual({
        module,
        said: "",
        status: 0,
      });
    }
  } finally {
    await rm(app, { recursive: true, force: true });
  }
});

test("the packed files are those that the manifest names: modules, types, source maps, README and licence", () => {
  const built = join(root, ".cache/client");
  const command = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const [packed] = JSON.parse(execFileSync("npm", command, { cwd: built, encoding: "utf8" }));
  const paths: string[] = packed.files.map(({ path }: { path: string }) => path);
  const { exports } = JSON.parse(readFileSync(join(built, "package.json"), "utf8"));
  const named = Object.values<string | Record<string, string>>(exports)
    .flatMap((one) => (typeof one === "string" ? [one] : Object.values(one)))
    .map((path) => path.replace("./", ""));
  const maps = ["dist/index.js.map", "dist/react.js.map"];
  expect(paths).toEqual(expect.arrayContaining([...named, ...maps, "README.md", "LICENSE"]));
  for (const map of maps) {
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(built, map), "utf8"));
    expect(sourcesContent).toHaveLength(sources.length);
  }
  console.log(`The package has ${packed.size} bytes, ${packed.unpackedSize} unpacked`);
});

test("without a WebSocket implementation createClient throws at once", () => {
  const own = globalThis.WebSocket;
  Reflect.deleteProperty(globalThis, "WebSocket");
  try {
    expect(() => createClient({ url: "http://127.0.0.1:9", token: "t" })).toThrow("No WebSocket");
  } finally {
    if (own !== undefined) globalThis.WebSocket = own;
  }
});

/** A socket that the test controls. */
class FakeSocket {
  static last: FakeSocket;
  readyState = 1;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readonly url: string;
  constructor(url: string) {
    this.url = url;
    FakeSocket.last = this;
    setTimeout(() => this.onopen?.());
  }
  send(): void {}
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setTimeout(done, 5));
}

test("a callback that throws loses no event and no socket; ids are case-insensitive", async () => {
  const [heard, errors]: [string[], unknown[]] = [[], []];
  const client = createClient({
    url: "http://127.0.0.1:9",
    token: "t",
    WebSocket: FakeSocket as unknown as NonNullable<Options["WebSocket"]>,
    onError: (error) => errors.push(error),
  });
  client.subscribe("ABCDEF", {
    onEvent({ id }: Event) {
      heard.push(id);
      if (id === "1") throw new Error("An error of the app");
    },
  });
  await until(() => client.connection.state === "online");
  const socket = FakeSocket.last;
  const place = { streamId: "abcdef", epoch: "e", viewers: 1 };
  expect(socket.url).toBe("ws://127.0.0.1:9/ws?streamId=abcdef&moves=1");
  // The response to a subscription in the URL has no request id.
  socket.say({ ...place, type: "subscribed", head: 0 });
  const event = (id: string) => ({ id, type: "chat.message", at: "", data: {} });
  const frame = (n: number, ...events: object[]) =>
    socket.say({ ...place, type: "events", frame: n, skipped: 0, events });
  frame(1, event("1"), event("2"));
  frame(2, event("3"));
  await until(() => heard.length === 3);
  expect(heard).toEqual(["1", "2", "3"]);
  expect(errors).toHaveLength(1);
  expect(socket.readyState).toBe(1);
  client.close();
});

test("a call whose response is cut off is repeated with the same key", async () => {
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
  const port = await listen(server);
  const client = createClient({
    url: `http://127.0.0.1:${port}`,
    token: "t",
    WebSocket: FakeSocket as unknown as NonNullable<Options["WebSocket"]>,
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
