import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startWorkers, type Workers } from "../../local/lambda/workers.ts";
import type { CallAnswer, FunctionCall } from "../../local/model.ts";

/*
 * The transport by which AWS clients in a worker send calls as thread messages. This test's
 * function makes calls while it is loaded and in its events.
 */

const source = `
const name = Symbol.for("ovation.aws.transport");
const send = async (target, signal = new AbortController().signal) =>
  globalThis[name]?.({ host: "here", headers: { "x-amz-target": target }, body: "é" }, { signal })
    .catch((error) => [error.name, error.code]);
const loading = send("load");
exports.handler = async ({ targets, path, posts }) => {
  const loaded = await loading;
  if (path !== undefined) {
    const call = { host: "here", method: "GET", path, headers: {}, body: "", isBinary: true };
    const { bytes, body } = await globalThis[name](call, { signal: new AbortController().signal });
    return { body, bytes: bytes.length, last: bytes.at(-1) };
  }
  if (posts !== undefined) {
    const body = Buffer.from("a frame");
    const { signal } = new AbortController();
    const paths = Array.from({ length: posts }, (_, n) => "/posts/" + n);
    const heard = await Promise.all(
      paths.map((path) => globalThis[name]({ host: "here", path, headers: {}, body }, { signal })),
    );
    return heard.map(({ body }) => body);
  }
  if (globalThis[name] === undefined) return "sockets";
  const aborting = new AbortController();
  let abandoned = "waits";
  void send("silent", aborting.signal).then(() => { abandoned = "heard"; });
  const heard = await Promise.all(targets.map((target) => send(target)));
  aborting.abort();
  return { loaded, heard, abandoned };
};`;

let directory: string;
let workers: Workers;
const batches: (readonly FunctionCall[])[] = [];
const large = Buffer.alloc(100_000, 7);

function doCalls(
  calls: readonly FunctionCall[],
  answer: (at: number, answer: CallAnswer) => void,
): void {
  batches.push(calls);
  for (const [at, { method, url, headers, body }] of calls.entries()) {
    if (url.startsWith("/posts/")) {
      answer(at, { status: 200, body: `${url} ${Buffer.from(body as Uint8Array)}` });
      continue;
    }
    if (url !== "/") {
      answer(at, { status: method === "GET" ? 200 : 405, body: large });
      continue;
    }
    const target = headers["x-amz-target"];
    const text = `${method} ${url} ${target} ${body}`;
    const bytes = target === "bytes" ? Buffer.from(text) : text;
    const said = { status: 200, headers: { "x-answer": "yes" }, body: bytes };
    if (target === "late") setTimeout(answer, 50, at, said);
    else if (target !== "silent") answer(at, target === "lost" ? "lost" : said);
  }
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ovation-test-"));
  writeFileSync(join(directory, "index.cjs"), source);
  const lambda = {
    name: "calling",
    arn: "arn",
    directory,
    handler: "index.handler",
    environment: {},
    timeoutSeconds: 30,
    memoryMegabytes: 128,
    role: "",
  };
  workers = startWorkers({
    functions: { calling: lambda },
    prepare: () => ({ environment: {} }),
    doCalls,
    line: () => undefined,
  });
});
afterAll(async () => {
  await workers.stop(0);
  rmSync(directory, { recursive: true, force: true });
});

test("calls are sent together, each gets its own response, and a lost one fails as a socket's does", async () => {
  const result = await workers.invoke("calling", { targets: ["late", "bytes", "lost", "text"] });
  const said = (target: string) => ({
    status: 200,
    headers: { "x-answer": "yes" },
    body: `POST / ${target} é`,
  });
  expect(result).toEqual({
    ok: true,
    payload: {
      loaded: said("load"),
      heard: [said("late"), said("bytes"), ["TimeoutError", "ECONNRESET"], said("text")],
      abandoned: "waits",
    },
  });
  expect(batches.map((calls) => calls.length)).toEqual([1, 5]);
});

/* Planted fault that turns this red: an answer that is copied. */
test("a binary answer arrives as bytes, which are handed over instead of copied", async () => {
  const result = await workers.invoke("calling", { path: "/pictures/1" });
  expect(result).toEqual({ ok: true, payload: { body: "", bytes: 100_000, last: 7 } });
  expect(large.length).toBe(0);
});

test("very many posts are sent in several messages, each with the shared body once", async () => {
  batches.length = 0;
  const result = await workers.invoke("calling", { posts: 1_200 });
  const heard = Array.from({ length: 1_200 }, (_, n) => `/posts/${n} a frame`);
  expect(result).toEqual({ ok: true, payload: heard });
  expect(batches.map((calls) => calls.length)).toEqual([500, 500, 200]);
  for (const calls of batches) expect(new Set(calls.map(({ body }) => body)).size).toBe(1);
});

test("while environments are frozen there is no transport, so that calls use their sockets", async () => {
  workers.freeze(true);
  const frozen = await workers.invoke("calling", { targets: [] });
  expect(frozen).toEqual({ ok: true, payload: "sockets" });
  workers.freeze(false);
});
