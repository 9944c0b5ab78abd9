import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startWorkers, type Workers } from "../../local/lambda/workers.ts";
import type { CallAnswer, FunctionCall, LambdaFunction } from "../../local/model.ts";

/*
 * Requests of a function's undici in a worker: to the local endpoint as thread messages, to other
 * hosts through sockets. This test's function gets its agent like deployed code.
 */

const source = `
exports.handler = async ({ origin, paths, body, headersTimeout }) => {
  void globalThis.Response;
  const shared = globalThis[Symbol.for("undici.globalDispatcher.1")];
  const agent = new shared.constructor({ headersTimeout });
  const bytes = Buffer.from(body);
  const send = (path) => new Promise((resolve) => {
    const heard = [];
    let text = "";
    agent.dispatch({ origin, path, method: "POST", headers: ["x-name", path], body: bytes }, {
      onRequestStart() { heard.push("start"); },
      onResponseStart(controller, status, headers) { heard.push(status, headers["x-answer"]); },
      onResponseData(controller, chunk) { text += chunk.toString(); },
      onResponseEnd() { resolve([...heard, text]); },
      onResponseError(controller, error) { resolve([...heard, error.code]); },
    });
  });
  const fetched = await fetch(origin + "/fetched", { method: "POST", body }).then((a) => a.text());
  return { sent: await Promise.all(paths.map(send)), fetched };
};`;

let directory: string;
let server: Server;
let origin: string;
let workers: Workers;
const batches: (readonly FunctionCall[])[] = [];

/** By path: answered at once, a moment later, with a lost connection, or never. */
function doCalls(
  calls: readonly FunctionCall[],
  answer: (at: number, answer: CallAnswer) => void,
): void {
  batches.push(calls);
  for (const [at, { url, headers, body }] of calls.entries()) {
    const text = `${headers.join("=")} ${Buffer.from(body as Uint8Array).toString()}`;
    const said = { status: 201, headers: { "x-answer": "yes" }, body: text };
    if (url === "/lost") answer(at, "lost");
    else if (url === "/late") setTimeout(answer, 100, at, said);
    else if (url !== "/silent") answer(at, said);
  }
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "ovation-test-"));
  writeFileSync(join(directory, "index.cjs"), source);
  server = createServer((request, response) => {
    response.writeHead(202, { "x-answer": "socket" }).end(request.url);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const lambda: LambdaFunction = {
    name: "sending",
    arn: "arn",
    directory,
    handler: "index.handler",
    environment: {},
    timeoutSeconds: 30,
    memoryMegabytes: 128,
    role: "",
  };
  workers = startWorkers({
    functions: { sending: lambda },
    prepare: () => ({ environment: {}, postOrigin: origin }),
    doCalls,
    line: () => undefined,
  });
});
afterAll(async () => {
  await workers.stop(0);
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  batches.length = 0;
});

async function send(paths: string[], to = origin) {
  const event = { origin: to, paths, body: "a frame", headersTimeout: 3_000 };
  const result = await workers.invoke("sending", event);
  expect(result.ok).toBe(true);
  return (result as { payload: { sent: unknown[][]; fetched: string } }).payload;
}

test("posts to the endpoint are sent together, and each gets its own response", async () => {
  const { sent, fetched } = await send(["/a", "/late", "/lost", "/silent", "/b"]);
  expect(sent).toEqual([
    ["start", 201, "yes", "x-name=/a a frame"],
    ["start", 201, "yes", "x-name=/late a frame"],
    ["start", "UND_ERR_SOCKET"],
    ["start", "UND_ERR_HEADERS_TIMEOUT"],
    ["start", 201, "yes", "x-name=/b a frame"],
  ]);
  expect(batches.map((calls) => calls.length)).toEqual([5]);
  expect(new Set(batches[0]!.map(({ body }) => body)).size).toBe(1);
  // Requests without the function's own agent use sockets.
  expect(fetched).toBe("/fetched");
});

test("very many are sent in several messages, and none is left behind", async () => {
  const { sent } = await send(Array.from({ length: 1_200 }, (_, n) => `/${n}`));
  expect(sent.map(([, , , text]) => text)).toEqual(sent.map((_, n) => `x-name=/${n} a frame`));
  expect(batches.map((calls) => calls.length)).toEqual([500, 500, 200]);
});

test("other requests use a socket, and so do all while environments are frozen", async () => {
  const elsewhere = origin.replace("127.0.0.1", "localhost");
  expect((await send(["/a"], elsewhere)).sent).toEqual([["start", 202, "socket", "/a"]]);
  workers.freeze(true);
  expect((await send(["/a"])).sent).toEqual([["start", 202, "socket", "/a"]]);
  workers.freeze(false);
  expect((await send(["/a"])).sent).toEqual([["start", 201, "yes", "x-name=/a a frame"]]);
});
