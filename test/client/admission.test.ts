import { jest } from "@jest/globals";
import { createClient, type Options } from "../../client/index.ts";
import { createTestClient, FakeSocket, pass, streamId } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

test("each socket gets its own ticket, and no token", async () => {
  let tickets = 0;
  const { client, sockets, notes, last } = createTestClient({
    token: undefined,
    ticket: async () => `a&${++tickets}`,
    compact: true,
  });
  await pass(20);
  last().drop();
  await pass(2_000);
  expect(sockets.map(({ url }) => url)).toEqual([
    "ws://127.0.0.1:9/ws?frame=compact&ticket=a%261&moves=1",
    "ws://127.0.0.1:9/ws?frame=compact&ticket=a%262&moves=1",
  ]);
  expect(sockets.map(({ protocols }) => protocols)).toEqual([[], []]);
  expect(notes.states).toEqual(["online", "offline", "online"]);
  client.close();
});

test("a ticket given as text opens one socket; its expiry is reported", async () => {
  const { client, sockets, notes, last } = createTestClient({ ticket: "once" });
  await pass(90_000);
  const opened = sockets.length;
  expect(opened).toBeLessThan(5);
  last().say({ type: "closing", code: 4401, reason: "The token has expired" });
  await pass(60_000);
  expect(notes.reasons.at(-1)).toEqual(["The ticket has been used or has expired", 401]);
  expect(notes.states.at(-1)).toBe("ended");
  expect(sockets).toHaveLength(opened);
  const refused = createTestClient({ ticket: "used" }, () => false);
  for (let second = 0; second < 120; second++) {
    await pass(1_000);
    for (const socket of refused.sockets) if (socket.readyState < 3) socket.drop();
  }
  expect(refused.notes.errors).toMatchObject([{ statusCode: 401 }]);
  expect(refused.notes.states.at(-1)).toBe("ended");
  client.close();
  refused.client.close();
});

test("an overlay reads its stream by a key, has no user, and does not reconnect once it is revoked", async () => {
  const asked: (string | null)[] = [];
  const { client, notes, follow, last } = createTestClient({
    token: undefined,
    overlayKey: { streamId, key: "a+b" },
    fetch: (async (_url: string, wish: RequestInit) => {
      asked.push(new Headers(wish.headers).get("authorization"));
      return Response.json({ superLikePrice: 10 });
    }) as unknown as typeof fetch,
  });
  follow();
  await pass(20);
  const query = new URL(last().url).searchParams;
  expect(Object.fromEntries(query)).toEqual({ key: "a+b", streamId, moves: "1" });
  last().greet();
  last().frame(1);
  await pass(1);
  expect(notes.heard).toEqual(["1"]);
  expect(await client.call("GET /v1/app-config")).toEqual({ superLikePrice: 10 });
  expect(asked).toEqual([null]);
  expect(await client.userId()).toBeUndefined();
  last().say({ type: "closing", code: 4504, reason: "The key was revoked" });
  await pass(120_000);
  expect(notes.ends).toEqual([["The key was revoked", 4504]]);
  client.close();
});

test("a ticket() that never resolves is reported by name", async () => {
  const { client, notes } = createTestClient({ ticket: () => new Promise<string>(() => {}) });
  await pass(16_000);
  expect(String(notes.errors[0])).toContain("ticket() gave nothing");
  client.close();
});

test("compact frames are not requested where they cannot be read", async () => {
  const own = globalThis.DecompressionStream;
  Reflect.deleteProperty(globalThis, "DecompressionStream");
  try {
    const { client, last } = createTestClient({ compact: true });
    await pass(20);
    expect(last().url).toBe("ws://127.0.0.1:9/ws?moves=1");
    client.close();
  } finally {
    globalThis.DecompressionStream = own;
  }
});

test("a client without a token, ticket or overlay key is an error", () => {
  const WebSocket = FakeSocket as unknown as NonNullable<Options["WebSocket"]>;
  expect(() => createClient({ url: "http://127.0.0.1:9", WebSocket })).toThrow("token: expected");
});

test("a ticket given as text is tried again within its minute, but not once the server refuses it", async () => {
  let isOpening = false;
  const { client, sockets, notes, last } = createTestClient({ ticket: "once" }, () => isOpening);
  await pass(10);
  last().drop();
  isOpening = true;
  await pass(2_000);
  expect([notes.states.at(-1), sockets.length]).toEqual(["online", 2]);
  last().say({ type: "closing", code: 4401, reason: "The token has expired" });
  await pass(10_000);
  expect([notes.states.at(-1), sockets.length]).toEqual(["ended", 2]);
  client.close();
});
