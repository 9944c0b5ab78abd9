import { randomUUID } from "node:crypto";
import type { LookupAddress } from "node:dns";
import { createServer, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";
import { listen } from "../../../local/reachable.ts";
import { postForStatus, postJson } from "../../../platform/outbound/post.ts";
import { publicLookup } from "../../../platform/outbound/request.ts";
import { reasonOf } from "../../../platform/webhooks/attempt.ts";

/** Longer than a busy machine keeps an answer waiting. */
const timeoutMilliseconds = 9_000;
const bounds = { timeoutMilliseconds, bytesMax: 100 };

let server: Server;
/** The calls of one test: one that an earlier test gave up may still arrive. */
let calls = 0;
let path: string;
let port: number;
let answer: RequestListener;

beforeAll(async () => {
  process.env.LOCAL = "on";
  server = createServer((request, response) => {
    if (request.url === path) calls += 1;
    answer(request, response);
  });
  port = await listen(server);
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});
beforeEach(() => {
  calls = 0;
  path = `/${randomUUID()}`;
  answer = (_, response) => response.end("{}");
});

describe("a host name", () => {
  /** What a socket would be opened to, for a name that resolves to `addresses`. */
  const lookedUp = (addresses: readonly string[], all: boolean) => {
    const found = addresses.map(
      (address): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 }),
    );
    const lookup = publicLookup((_name, _options, done) => done(null, found));
    return new Promise<unknown>((resolve, reject) =>
      lookup("example.com", { all }, (error, address) =>
        error ? reject(error) : resolve(address),
      ),
    );
  };

  test("leads to the checked addresses, and to no others", async () => {
    const addresses = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"];
    expect(await lookedUp(addresses, true)).toEqual([
      { address: addresses[0], family: 4 },
      { address: addresses[1], family: 6 },
    ]);
    expect(await lookedUp(addresses, false)).toBe(addresses[0]);
  });

  test.each([
    [["127.0.0.1"]],
    [["8.8.8.8", "10.0.0.1"]],
    [["8.8.8.8", "::1"]],
    [["::ffff:169.254.169.254"]],
    [[]],
  ])("that resolves to %j is not called", async (addresses) => {
    for (const all of [true, false])
      await expect(lookedUp(addresses, all)).rejects.toThrow("is not of the open Internet");
  });

  test("that resolves to loopback is not called, though its URL looks public", async () => {
    const lookup = publicLookup((_name, _options, done) =>
      done(null, [{ address: "127.0.0.1", family: 4 }]),
    );
    const problem = await new Promise((resolve) => lookup("rebind.example", {}, resolve));
    expect(problem).toBeInstanceOf(Error);
  });
});

describe("the runner", () => {
  const post = (changes = {}) =>
    postJson(
      `http://127.0.0.1:${port}${path}`,
      { a: 1 },
      { ...bounds, ...changes },
      { "x-id": "7" },
    );

  const event = () => postForStatus(`http://127.0.0.1:${port}${path}`, { text: "{}" });

  test("posts the body and its headers", async () => {
    answer = async (request, response) => {
      let text = "";
      for await (const chunk of request) text += chunk;
      const { "x-id": id, "content-type": type } = request.headers;
      response.writeHead(201).end(JSON.stringify([request.method, id, type, text]));
    };
    expect(await post()).toEqual({
      status: 201,
      text: '["POST","7","application/json","{\\"a\\":1}"]',
    });
  });

  test("returns a redirect and does not follow it", async () => {
    answer = (_, response) => response.writeHead(307, { location: "/elsewhere" }).end();
    expect((await post()).status).toBe(307);
    expect(calls).toBe(1);
  });

  test("accepts a response of the largest size, and no byte more", async () => {
    answer = (_, response) => response.end("x".repeat(100));
    expect((await post()).text).toHaveLength(100);
    const large = await post({ bytesMax: 99 }).catch(reasonOf);
    expect(large).toBe("The answer had more than 99 bytes");
  });

  test("never accepts more than 64 KiB", async () => {
    answer = (_, response) => response.end("x".repeat(64 * 1024 + 1));
    await expect(post({ bytesMax: Number.MAX_SAFE_INTEGER })).rejects.toThrow(
      "more than 65536 bytes",
    );
  });

  test.each<[string, RequestListener]>([
    ["no answer", () => {}],
    ["an answer that does not end", (_, response) => void response.write("x")],
  ])("gives up after its time: %s", async (_, listener) => {
    answer = listener;
    await expect(post({ timeoutMilliseconds: 100 })).rejects.toMatchObject({ name: "AbortError" });
  });

  test.each([
    ["closes", (socket: Socket) => socket.destroy()],
    ["resets", (socket: Socket) => socket.resetAndDestroy()],
  ])(
    "if the other side just %s an idle connection, repeats an event and no gift",
    async (_, end) => {
      const used = new Set<Socket>();
      answer = ({ socket }, response) => {
        if (used.has(socket)) return end(socket);
        used.add(socket);
        response.end("{}");
      };
      for (let n = 0; n < 3; n++) expect(await event()).toBe(200);
      expect(calls).toBe(4);
      calls = 0;
      for (let n = 0; n < 3; n++) expect((await post()).status).toBe(200);
      expect(calls).toBe(3);
    },
  );

  test("posts once on a new connection, even if it is cut", async () => {
    answer = ({ socket }) => socket.destroy();
    // Leaves no open connection.
    await expect(event()).rejects.toThrow("socket hang up");
    for (const send of [event, post]) {
      calls = 0;
      await expect(send()).rejects.toThrow("socket hang up");
      expect(calls).toBe(1);
    }
  });

  test("does not wait for a response that was cut, or that is of another protocol", async () => {
    answer = (_, response) => {
      response.writeHead(200, { "content-length": "10" }).write("x");
      setTimeout(() => response.destroy(), 20);
    };
    expect(await post().catch(reasonOf)).toBe("The connection was closed without an answer");
    answer = (request, response) => {
      response.socket?.end(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
      );
      request.resume();
    };
    const switched = await post().catch(reasonOf);
    expect(switched).toBe("The connection was closed without an answer");
  });
});
