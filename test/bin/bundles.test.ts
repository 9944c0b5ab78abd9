import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bundledEntries, bundleInto, entryPoints } from "../../bin/build/build.ts";
import { createOrder, firstBundled } from "../../bin/build/bundle-order.ts";
import type { AwsClient } from "../../bin/build/bundle-sizes.ts";
import { forms } from "../../platform/table/layout.ts";

const names = ["chat/send-message", "realtime/fan-out", "auth/http", "app/docs"] as const;
type Name = (typeof names)[number];
const clients: readonly AwsClient[] = ["own", "sdk"];

let directory: string;
let table: Server;
let asked: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "ovation-bundles-"));
  const all = entryPoints();
  const entries = Object.fromEntries(names.map((name) => [name, all[name]!]));
  for (const client of clients) await bundleInto(join(directory, client), client, entries);
  table = createServer((request, response) => {
    asked.push(String(request.headers["x-amz-target"]));
    request.resume();
    const Item = { version: { N: String(forms.writes) }, stage: { S: "test" } };
    response.end(JSON.stringify({ Item }));
  });
  await new Promise<void>((done) => table.listen(0, "127.0.0.1", done));
});
beforeEach(() => {
  asked = [];
});
afterAll(() => {
  table.close();
  rmSync(directory, { recursive: true });
});

const fileOf = (client: AwsClient, name: Name) =>
  join(directory, client, name.replace("/", "-"), "index.cjs");

/**
 * Loads a bundle like a Lambda cold start, without an event, and waits until it has made this many
 * calls; returns whether undici was loaded.
 */
async function load(file: string, calls: number): Promise<{ handler: string; undici: boolean }> {
  const code = `const { handler } = require(${JSON.stringify(file)});
process.stdin.resume().once("end", () => {
  const undici = Symbol.for("undici.globalDispatcher.1") in globalThis;
  console.log(JSON.stringify({ handler: typeof handler, undici }));
  process.exit(0);
});`;
  const { port } = table.address() as AddressInfo;
  const env = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    STAGE: "test",
    TABLE_NAME: "ovation-test",
    WS_ENDPOINT: "http://127.0.0.1:1/ws",
  };
  const loading = promisify(execFile)(process.execPath, ["-e", code], { env });
  while (asked.length < calls) await new Promise((done) => setTimeout(done, 20));
  loading.child.stdin!.end();
  const { stdout } = await loading;
  return JSON.parse(stdout) as { handler: string; undici: boolean };
}

const read = ["DynamoDB_20120810.GetItem"];

describe.each(clients)("a bundle with the AWS client %s", (client) => {
  test.each([
    ["chat/send-message", read, false],
    ["auth/http", read, false],
    ["realtime/fan-out", read, true],
    ["app/docs", [], false],
  ] as const)("%s opens its connections before the first event", async (name, calls, posts) => {
    // The SDK looks for APIs of undici, wherever they come from.
    const undici = posts || (client === "sdk" && calls.length > 0);
    expect(await load(fileOf(client, name), calls.length)).toEqual({ handler: "function", undici });
    expect(asked).toEqual(calls);
  });
});

test("bundles with the own AWS client are at most 195 KB, except those that include the documents", () => {
  for (const name of names.filter((one) => one !== "app/docs")) {
    // Always warm, and no caller waits for its cold start: it builds frames, posts and feeds
    // webhooks.
    const kilobytesMax = name === "realtime/fan-out" ? 240 : 195;
    expect([name, statSync(fileOf("own", name)).size <= kilobytesMax * 1024]).toEqual([name, true]);
  }
});

describe("the order of bundles", () => {
  const all = Object.keys(bundledEntries());
  const [late = ""] = all.filter((name) => !firstBundled.includes(name)).slice(-1);

  test("has every function once, beginning with those that a start calls", async () => {
    const order = createOrder(all, false);
    const batches: string[][] = [];
    for (let batch = await order.next(); batch; batch = await order.next()) batches.push(batch);
    expect(batches[0]).toBe(firstBundled);
    expect(batches.flat().toSorted()).toEqual(all.toSorted());
    expect(Math.max(...batches.map(({ length }) => length))).toBe(24);
  });

  test("delays the others until the start is over, except those that a call waits for", async () => {
    const order = createOrder(all, true);
    await order.next();
    const called = order.next();
    order.prefer(late);
    expect(await called).toEqual([late]);
    const others = order.next();
    order.prefer(late);
    expect(await Promise.race([others, Promise.resolve("held")])).toBe("held");
    order.release();
    expect((await others)?.length).toBe(24);
    order.prefer(String(all.at(-2)));
    expect(await order.next()).toEqual([all.at(-2)]);
  });
});
