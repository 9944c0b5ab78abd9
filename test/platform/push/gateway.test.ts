import { createServer, type Server, type Socket } from "node:net";
// Jest's own globals lack the dispatcher under whose symbol the poster finds the HTTP client.
import "undici";
import type { Transport } from "../../../platform/aws/aws-client.ts";
import { createPoster, type PostResult, payloadOf } from "../../../platform/push/gateway.ts";
import { watchStandstills } from "../../standstills.ts";

/*
 * The real poster against a gateway that has forgotten its old connections: a frozen environment
 * hears nothing of that, and the first it learns is a reset when it uses one.
 */

const frame = payloadOf('{"type":"events"}');
const viewers = Array.from({ length: 120 }, (_, n) => `viewer-${n}`);
const answer =
  "HTTP/1.1 200 OK\r\nconnection: keep-alive\r\nkeep-alive: timeout=60\r\ncontent-length: 0\r\n\r\n";

/** What the gateway does with a request on a socket: by default it answers. */
type Fate = "answer" | "reset" | "silence";

let server: Server;
let sockets: Set<Socket>;
let requests: number;
let resets: number;
let fateOf: (socket: Socket) => Fate;

beforeEach(async () => {
  sockets = new Set();
  requests = 0;
  resets = 0;
  fateOf = () => "answer";
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    let head = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      head += text;
      const end = head.indexOf(frame.bytes.toString());
      if (end < 0) return;
      head = "";
      requests += 1;
      const fate = fateOf(socket);
      if (fate === "answer") socket.write(answer);
      else if (fate === "reset") {
        resets += 1;
        socket.resetAndDestroy();
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((done) => server.close(done));
});

function makePoster() {
  const { port } = server.address() as { port: number };
  const poster = createPoster(`http://127.0.0.1:${port}/ws`);
  return async () => {
    const results = await Promise.all(viewers.map((viewer) => poster.post(viewer, frame)));
    const counts: Partial<Record<PostResult, number>> = {};
    for (const result of results) counts[result] = (counts[result] ?? 0) + 1;
    return counts;
  };
}

/** From now on the gateway knows none of the sockets that are open. */
function forgetSockets(): void {
  const old = new Set(sockets);
  fateOf = (socket) => (old.has(socket) ? "reset" : "answer");
}

/** The time of the wall goes on while an environment is frozen; nothing else does. */
function freeze(milliseconds: number): () => void {
  const { now } = Date;
  Date.now = () => now() + milliseconds;
  return () => {
    Date.now = now;
  };
}

test("after a pause the posts go by new sockets, and all viewers get the frame", async () => {
  const post = makePoster();
  expect(await post()).toEqual({ sent: 120 });
  forgetSockets();
  const thaw = freeze(4_500);
  try {
    expect(await post()).toEqual({ sent: 120 });
    expect(await post()).toEqual({ sent: 120 });
  } finally {
    thaw();
  }
  expect(resets).toBe(0);
});

test("a post whose socket is reset before any answer is tried once more, by a new socket", async () => {
  const post = makePoster();
  await post();
  const before = sockets.size;
  forgetSockets();
  expect(await post()).toEqual({ sent: 120 });
  expect(resets).toBeGreaterThan(before / 2);
  expect(await post()).toEqual({ sent: 120 });
});

test("a gateway that resets every connection is tried twice for each post, not forever", async () => {
  const post = makePoster();
  fateOf = () => "reset";
  expect(await post()).toEqual({ lost: 120 });
  expect(requests).toBe(240);
});

test("a post that is not answered within 2 s is lost, and not waited for a second time", async () => {
  const post = makePoster();
  fateOf = () => "silence";
  const runningOf = watchStandstills();
  const began = Date.now();
  expect(await post()).toEqual({ lost: 120 });
  expect(requests).toBe(120);
  expect(runningOf(Date.now() - began)).toBeLessThan(5_000);
});

test("posts without a pause share their sockets", async () => {
  const post = makePoster();
  for (let round = 0; round < 5; round++) expect(await post()).toEqual({ sent: 120 });
  expect(sockets.size).toBeLessThanOrEqual(160);
});

describe("By the runner's transport, which is looked up at each post", () => {
  const placed = Symbol.for("ovation.aws.transport");
  const place = (transport?: Transport) => Object.assign(globalThis, { [placed]: transport });
  let asked: Parameters<Transport>[0][];
  beforeEach(() => {
    asked = [];
  });
  afterEach(() => place());

  test("the posts are sent without a socket, and need no signature", async () => {
    place(async (request) => {
      asked.push(request);
      return { status: asked.length % 2 === 0 ? 200 : 410, headers: {}, body: "" };
    });
    expect(await makePoster()()).toEqual({ sent: 60, gone: 60 });
    const { port } = server.address() as { port: number };
    const call = { method: "POST", host: `127.0.0.1:${port}`, body: frame.bytes };
    expect(asked[0]).toMatchObject({ ...call, path: "/ws/@connections/viewer-0" });
    expect(asked[0]!.headers.authorization).toMatch(/Credential=.*Signature=none$/);
    expect(sockets.size).toBe(0);
  });

  test("a post is sent once more after a lost connection, but not after 2 s without an answer", async () => {
    const lost = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    place(async ({ path }) => {
      asked.push({ path: path! } as never);
      if (path!.endsWith("-0")) throw lost;
      if (path!.endsWith("-1") && asked.length <= 120) throw lost;
      if (path!.endsWith("-2")) await new Promise(() => undefined);
      return { status: 200, headers: {}, body: "" };
    });
    expect(await makePoster()()).toEqual({ sent: 118, lost: 2 });
    expect(asked.length).toBe(122);
  });

  test("while there is none, the posts use sockets", async () => {
    place(async () => ({ status: 410, headers: {}, body: "" }));
    const post = makePoster();
    expect(await post()).toEqual({ gone: 120 });
    place();
    expect(await post()).toEqual({ sent: 120 });
    expect(requests).toBe(120);
  });
});
