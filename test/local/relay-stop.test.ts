import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { startLocalRelay } from "../../local/lambda/relay.ts";
import { open } from "../api/viewer.ts";
import { localToken } from "../shared.ts";
import { relayOf, startSystem } from "../system.ts";

const directory = mkdtempSync(join(tmpdir(), "relay-stop-"));
const drained = join(directory, "drained");
const listens = join(directory, "listens");
/** While this file exists, the relay's port is taken. */
const taken = join(directory, "taken");
/** A character for each try while it is taken. */
const tries = join(directory, "tries");
// A relay on a machine so busy that it takes three times as long as ordered.
writeFileSync(
  join(directory, "index.cjs"),
  `exports.handler = async (order) => {
  if (order.listen && require("node:fs").existsSync(${JSON.stringify(taken)})) {
    require("node:fs").appendFileSync(${JSON.stringify(tries)}, "x");
    throw new Error("listen EADDRINUSE");
  }
  if (order.listen) require("node:fs").writeFileSync(${JSON.stringify(listens)}, "");
  if (order.listen) return { port: 1 };
  await new Promise((done) => setTimeout(done, 3 * order.drain.milliseconds));
  require("node:fs").writeFileSync(${JSON.stringify(drained)}, "");
};`,
);
afterAll(() => rmSync(directory, { recursive: true }));

const relay = {
  environment: {},
  lambda: {
    name: "relay",
    arn: "arn:aws:lambda:us-east-1:000000000000:function:relay",
    directory,
    handler: "index.handler",
    environment: {},
    role: "relay",
    timeoutSeconds: 60,
    memoryMegabytes: 128,
  },
};
const doCalls = async () => {
  throw new Error("this relay calls nothing");
};

const told: string[] = [];
const log = { problem: (line: string) => told.push(line) };
const start = (host?: string) =>
  startLocalRelay({ log, host }, relay, { doCalls, line: () => undefined });

test("a relay's URL has an address by which its clients reach it", async () => {
  const networks = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const lan = networks.find(({ family, internal }) => family === "IPv4" && !internal);
  const own = lan?.address ?? "127.0.0.1";
  for (const [host, named] of [
    ["0.0.0.0", own],
    ["::", own],
    ["::1", "[::1]"],
    [undefined, "127.0.0.1"],
  ]) {
    const running = await start(host);
    expect(running.url).toBe(`ws://${named}:1/ws`);
    await running.stop(1);
  }
});

test("a relay on a busy machine closes its sockets before it ends", async () => {
  const running = await start();
  await running.stop(500);
  expect(existsSync(drained)).toBe(true);
});

test("a relay that cannot listen after a crash is replaced until it can", async () => {
  const running = await start();
  const kill = running.routes.find(({ method }) => method === "DELETE")!;
  rmSync(listens);
  writeFileSync(taken, "");
  await kill.handler({} as Parameters<typeof kill.handler>[0]);
  const until = async (holds: () => boolean) => {
    const end = Date.now() + 20_000;
    while (!holds() && Date.now() < end) await new Promise((done) => setTimeout(done, 20));
  };
  await until(() => existsSync(tries) && readFileSync(tries).length >= 3);
  // Said once, however often it was tried.
  expect(told).toEqual([expect.stringContaining("RELAY_PORT: port 1 is in use")]);
  rmSync(taken);
  await until(() => existsSync(listens));
  expect(existsSync(listens)).toBe(true);
  await running.stop(1);
});

// The start waits for its own /health until the signal aborts that request.
const neverHealthy = `--import=data:text/javascript,${encodeURIComponent(
  "globalThis.fetch=(_,{signal})=>new Promise((_,no)=>signal.onabort=()=>no(signal.reason))",
)}`;

test.each([
  ["once it is ready", ""],
  ["before it knows that it is healthy", neverHealthy],
])("a relay that ends %s makes its clients reconnect", async (_, NODE_OPTIONS) => {
  const own = await startSystem({ env: { RELAY: "on", DEMO: "off", NODE_OPTIONS } });
  const token = await localToken(own.url, { sub: "someone" });
  const watching = await open(`${await relayOf(own.url)}?token=${token}`);
  const closed = new Promise((done) => watching.socket.once("close", done));
  const stopping = own.stop();
  expect(await watching.next(({ type }) => type === "closing")).toMatchObject({ code: 4410 });
  await closed;
  expect(await stopping).toBe(0);
});
