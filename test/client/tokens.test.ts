import { jest } from "@jest/globals";
import { createTestClient, jwt, pass, streamId } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

/** An HTTP API that responds with these statuses, then with 200. */
function answering(...statuses: number[]) {
  const tokens: (string | null)[] = [];
  const fetcher = (async (_url: string, wish: RequestInit) => {
    tokens.push(new Headers(wish.headers).get("authorization")!.split(" ")[1]!.split(".")[2]!);
    const status = statuses.shift() ?? 200;
    return new Response(JSON.stringify(status === 200 ? { ok: true } : { errors: ["No"] }), {
      status,
    });
  }) as typeof fetch;
  return { fetcher, tokens };
}

test("an expired fixed token is reported, and no further socket is opened", async () => {
  let isOver = false;
  const { client, sockets, notes, follow, last } = createTestClient(
    { token: jwt(60) },
    () => !isOver,
  );
  follow();
  await pass(20);
  last().greet();
  await pass(61_000);
  isOver = true;
  for (const socket of sockets) socket.drop();
  // Handshakes are refused from now on; a browser reports only that they failed.
  for (let second = 0; second < 60; second++) {
    await pass(1_000);
    for (const socket of sockets) if (socket.readyState < 3) socket.drop();
  }
  expect(notes.ends).toEqual([["The token has expired", 401]]);
  expect(notes.errors).toMatchObject([{ name: "OvationError", statusCode: 401 }]);
  expect(notes.states.at(-1)).toBe("ended");
  expect(jest.getTimerCount()).toBe(0);
  client.close();
});

test("a fixed token that the server calls expired is expired, whatever this clock says", async () => {
  const { client, sockets, notes, last } = createTestClient({ token: jwt(3600) });
  await pass(20);
  last().say({ type: "closing", code: 4401, reason: "The token has expired" });
  await pass(60_000);
  expect(sockets).toHaveLength(1);
  expect(notes.errors).toMatchObject([{ statusCode: 401, errors: ["The token has expired"] }]);
  client.close();
});

test("a valid fixed token is tried again for as long as the server is unreachable", async () => {
  const { client, sockets, notes } = createTestClient({ token: jwt(3600) }, () => false);
  for (let second = 0; second < 300; second++) {
    await pass(1_000);
    for (const socket of sockets) if (socket.readyState < 3) socket.drop();
  }
  expect(sockets.length).toBeGreaterThan(8);
  expect(notes).toMatchObject({ states: ["offline"], errors: [], ends: [], heard: [] });
  client.close();
});

test("a valid fixed token is tried again although this clock is hours ahead", async () => {
  let isOpening = true;
  const token = jwt(3600);
  const serverTime = new Date().toISOString();
  jest.setSystemTime(Date.now() + 2 * 3_600_000);
  const { client, sockets, notes, follow, last } = createTestClient({ token }, () => isOpening);
  follow();
  await pass(20);
  last().greet();
  const event = { id: "1", type: "chat.message", at: serverTime, data: {} };
  last().say({ type: "events", streamId, epoch: "e", frame: 1, viewers: 1, events: [event] });
  await pass(20);
  isOpening = false;
  last().drop();
  await pass(1_000);
  last().drop();
  isOpening = true;
  await pass(5_000);
  expect([notes.ends, notes.errors, notes.states.at(-1)]).toEqual([[], [], "online"]);
  expect(sockets).toHaveLength(3);
  client.close();
});

test("each error of token() is reported, and the socket opens once it returns a token", async () => {
  let isSignedIn = false;
  const { client, sockets, notes } = createTestClient({
    async token() {
      if (!isSignedIn) throw new Error("Not signed in");
      return "t";
    },
  });
  await pass(5_000);
  expect(sockets).toEqual([]);
  expect(notes.states).toEqual(["offline"]);
  expect(notes.errors.length).toBeGreaterThan(1);
  expect(notes.errors[0]).toMatchObject({ message: "Not signed in" });
  isSignedIn = true;
  await pass(31_000);
  expect(notes.states.slice(0, 2)).toEqual(["offline", "online"]);
  client.close();
});

test("a token() that never resolves is reported and called again", async () => {
  let asked = 0;
  const { client, sockets, notes } = createTestClient({
    token: () => (++asked === 1 ? new Promise<string>(() => {}) : "t"),
  });
  await pass(16_000);
  expect(notes.errors).toHaveLength(1);
  expect(String(notes.errors[0])).toContain("token()");
  expect(sockets).toHaveLength(1);
  client.close();
});

test("a call whose token() never resolves asks for another while the socket stays open", async () => {
  let asked = 0;
  const { fetcher, tokens } = answering();
  const { client, last, notes, sockets } = createTestClient({
    // The second request hangs, as on a phone that changes networks.
    token: () => (++asked === 2 ? new Promise<string>(() => {}) : jwt(40, `${asked}`)),
    fetch: fetcher,
  });
  await pass(11_000);
  const said = Promise.all([client.call("GET", "/a"), client.call("GET", "/b")]);
  await pass(10_000);
  last().say({ type: "pong", heads: {} });
  await pass(10_000);
  expect(await Promise.race([said, "pending"])).toEqual([{ ok: true }, { ok: true }]);
  expect([asked, tokens, sockets.length, notes.errors]).toEqual([3, ["3", "3"], 1, []]);
  client.close();
});

test("one token serves calls and sockets until shortly before it expires", async () => {
  let asked = 0;
  const { fetcher, tokens } = answering();
  const { client, last } = createTestClient({
    token: () => jwt(120, `${++asked}`),
    fetch: fetcher,
  });
  await Promise.all([client.call("GET", "/a"), client.call("GET", "/b"), pass(1_000)]);
  last().drop();
  await pass(5_000);
  await client.call("GET", "/c");
  expect(asked).toBe(1);
  expect(last().token.endsWith(".1")).toBe(true);
  await pass(90_000);
  await client.call("GET", "/d");
  expect(tokens).toEqual(["1", "1", "1", "2"]);
  client.close();
});

test("a call refused for its token is repeated once with a fresh one", async () => {
  let asked = 0;
  const { fetcher, tokens } = answering(401);
  const { client } = createTestClient({ token: () => jwt(3600, `${++asked}`), fetch: fetcher });
  expect(await client.call("GET", "/a")).toEqual({ ok: true });
  expect(tokens).toEqual(["1", "2"]);
  const refused = answering(401, 401, 401);
  const other = createTestClient({ token: () => jwt(3600, `${++asked}`), fetch: refused.fetcher });
  await expect(other.client.call("GET", "/a")).rejects.toMatchObject({ statusCode: 401 });
  expect(refused.tokens).toHaveLength(2);
  client.close();
  other.client.close();
});

test("a call whose token() fails is retried, and rejects with the error of token()", async () => {
  let asked = 0;
  const { fetcher, tokens } = answering();
  const flaky = createTestClient({
    fetch: fetcher,
    async token() {
      if (++asked <= 2) throw new Error("Failed to fetch");
      return jwt(3600);
    },
  });
  const [answer] = await Promise.all([flaky.client.call("GET", "/a"), pass(20_000)]);
  expect(answer).toEqual({ ok: true });
  expect(tokens).toHaveLength(1);
  const never = createTestClient({
    fetch: fetcher,
    token: () => Promise.reject(new Error("Signed out")),
  });
  const ended = never.client.sendGift("s", "g").catch((error: unknown) => error);
  await pass(60_000);
  expect(await ended).toMatchObject({ name: "Error", message: "Signed out" });
  expect(tokens).toHaveLength(1);
  flaky.client.close();
  never.client.close();
});

test.each([undefined, null, "Bad Gateway", '{"errors":["Try again"]}'])(
  "a token() that returns %p has failed: the next one is asked for, and no server sees it",
  async (returned) => {
    let asked = 0;
    const { fetcher, tokens } = answering();
    const { client, sockets, notes } = createTestClient({
      fetch: fetcher,
      token: () => (++asked <= 2 ? (returned as string) : jwt(3600, "real")),
    });
    const [answer] = await Promise.all([client.call("GET", "/a"), pass(20_000)]);
    expect([answer, tokens]).toEqual([{ ok: true }, ["real"]]);
    expect(sockets.map(({ token }) => token.split(".")[2])).toEqual(["real"]);
    for (const error of notes.errors)
      expect(error).toMatchObject({ message: "token() gave no token" });
    expect(asked).toBe(3);
    client.close();
  },
);

test("a ticket() that returns no ticket is reported and called again", async () => {
  let asked = 0;
  const { client, sockets, notes } = createTestClient({
    ticket: async () => (++asked === 1 ? (undefined as never) : "ticket-2"),
  });
  await pass(5_000);
  expect(sockets.map(({ url }) => new URL(url).searchParams.get("ticket"))).toEqual(["ticket-2"]);
  expect(notes.errors).toMatchObject([{ message: "ticket() gave no ticket" }]);
  client.close();
});

test("a client returns the user id of its token", async () => {
  const { client } = createTestClient({ token: async () => jwt(3600, "ann") });
  const other = createTestClient({ token: "not a JWT" });
  // The encoding of this id has characters that only base64url writes differently.
  const odd = createTestClient({ token: () => jwt(3600, "???>>>") });
  expect(jwt(3600, "???>>>").split(".")[1]).toMatch(/[-_]/);
  expect([await client.userId(), await other.client.userId()]).toEqual(["ann", undefined]);
  expect(await odd.client.userId()).toBe("???>>>");
  client.close();
  odd.client.close();
  other.client.close();
});

test("a late refusal does not drop the fresh token", async () => {
  let asked = 0;
  const { fetcher, tokens } = answering(401);
  const { promise: late, resolve: release } = Promise.withResolvers<void>();
  const fetching = (async (url: string, wish: RequestInit) => {
    if (!url.endsWith("/late") || tokens.includes("2")) return fetcher(url, wish);
    await late;
    return Response.json({ errors: ["No"] }, { status: 401 });
  }) as typeof fetch;
  const { client } = createTestClient({ token: () => jwt(3600, `${++asked}`), fetch: fetching });
  const slow = client.call("GET", "/late");
  await pass(1);
  await client.call("GET", "/quick");
  expect(tokens).toEqual(["1", "2"]);
  release();
  expect(await slow).toEqual({ ok: true });
  expect(tokens).toEqual(["1", "2", "2"]);
  expect(asked).toBe(2);
  client.close();
});
