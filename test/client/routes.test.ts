import { jest } from "@jest/globals";
import { createTestClient, pass } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

/** An HTTP API that records requests, and responds in the envelope or bare. */
function answering(answer: (url: string) => unknown) {
  const asked: { line: string; body: unknown; key: string | null }[] = [];
  const fetcher = (async (url: string, wish: RequestInit) => {
    const { pathname, search } = new URL(url);
    const body = wish.body == null ? undefined : JSON.parse(String(wish.body));
    const key = new Headers(wish.headers).get("idempotency-key");
    asked.push({ line: `${wish.method} ${pathname}${search}`, body, key });
    const said = answer(pathname);
    if (said === undefined) return new Response(null, { status: 204 });
    return said instanceof Response ? said : Response.json(said);
  }) as unknown as typeof fetch;
  return { fetcher, asked };
}

test("a call by route fills in the path and the query, and unwraps the envelope", async () => {
  const { fetcher, asked } = answering((path) =>
    path.endsWith("/pin") ? undefined : { isSuccess: true, data: { list: [] } },
  );
  const { client } = createTestClient({ fetch: fetcher, url: "http://127.0.0.1:9/" });
  const gifts = await client.call("GET /api/v1/live-stream/{streamId}/gifts", {
    path: { streamId: "a/b?" },
    query: { limit: 5, after: "x&y=z" },
  });
  expect(gifts).toEqual({ list: [] });
  const path = { streamId: "s" };
  const query = { limit: undefined } as unknown as { limit: number };
  await client.call("GET /api/v1/live-stream/{streamId}/gifts", { path, query });
  const pin = "DELETE /api/v1/live-stream/{streamId}/chat/pin";
  expect(await client.call(pin, { path })).toBeUndefined();
  const body = { userId: "bob", amount: 5 };
  await client.call("POST", "/api/v1/of-a-newer-server", body, "mine");
  await client.call("POST /api/v1/gifts/create", {
    body: { giftTypeId: "g", liveStreamId: "s" },
    key: "own",
  });
  expect(asked).toEqual([
    { line: "GET /api/v1/live-stream/a%2Fb%3F/gifts?limit=5&after=x%26y%3Dz", key: null },
    { line: "GET /api/v1/live-stream/s/gifts", key: null },
    { line: "DELETE /api/v1/live-stream/s/chat/pin", key: null },
    { line: "POST /api/v1/of-a-newer-server", key: "mine", body },
    {
      line: "POST /api/v1/gifts/create",
      key: "own",
      body: { giftTypeId: "g", liveStreamId: "s" },
    },
  ]);
  client.close();
});

test("a missing path parameter throws, and nothing is sent", async () => {
  const { fetcher, asked } = answering(() => ({}));
  const { client } = createTestClient({ fetch: fetcher });
  for (const streamId of ["", undefined])
    await expect(
      client.call("GET /api/v1/live-stream/{streamId}", { path: { streamId: streamId! } }),
    ).rejects.toMatchObject({ name: "TypeError", message: "path.streamId: expected a value" });
  expect(asked).toEqual([]);
  client.close();
});

/** A user with 100 credits and a wallet watch; each gift costs 10. */
function watching(client: { status?: number } = {}) {
  let balance = 100;
  const { fetcher, asked } = answering((path) => {
    if (path.endsWith("/wallet"))
      return Response.json({ balance }, { status: client.status ?? 200 });
    if (path.endsWith("/gifts/create")) balance -= 10;
    return { id: "g" };
  });
  const held = createTestClient({ fetch: fetcher });
  const reads = () => asked.filter(({ line }) => line.endsWith("/wallet")).length;
  return { ...held, reads };
}

test("a wallet watch reports at first, after the user's gifts, after reconnecting and on request", async () => {
  const { client, reads, last } = watching();
  const received: number[] = [];
  const watch = client.watchWallet({ onWallet: ({ balance }) => received.push(balance) });
  await pass(100);
  const before = reads();
  await Promise.all([client.sendGift("s", "g"), client.sendGift("s", "g"), pass(1)]);
  await pass(1);
  expect(received.at(-1)).toBe(80);
  // Two concurrent gifts cause one read, or two.
  expect(reads() - before).toBeLessThanOrEqual(2);
  await client.sendMessage("s", "hello");
  const quiet = reads();
  await pass(1);
  expect(reads()).toBe(quiet);
  last().drop();
  await pass(2_000);
  expect(reads()).toBe(quiet + 1);
  watch.refresh();
  await pass(1);
  expect(reads()).toBe(quiet + 2);
  // A ticket to a paid stream and a contribution cost credits, too.
  await client.call("POST /api/v1/live-stream/join", { body: { liveStreamId: "s" } });
  await pass(1);
  expect(reads()).toBe(quiet + 3);
  const path = { streamId: "s" };
  await client.call("POST /api/v1/live-stream/{streamId}/fund", { path, body: { amount: 5 } });
  await pass(1);
  expect(reads()).toBe(quiet + 4);
  watch.close();
  await client.sendGift("s", "g");
  await pass(1);
  expect(reads()).toBe(quiet + 4);
  client.close();
});

test("a wallet watch that cannot read the wallet reports why", async () => {
  const { client, notes } = watching({ status: 403 });
  const errors: unknown[] = [];
  client.watchWallet({ onWallet: () => {}, onError: (error) => errors.push(error) });
  client.watchWallet({ onWallet: () => {} });
  await pass(100);
  expect(errors[0]).toMatchObject({ statusCode: 403 });
  expect(notes.errors[0]).toMatchObject({ statusCode: 403 });
  client.close();
});

test("a wallet that changes while it is read is read once more", async () => {
  const arrivals: (() => void)[] = [];
  let balance = 100;
  const fetcher = (async () => {
    const body = { balance };
    await new Promise<void>((done) => arrivals.push(done));
    return Response.json(body);
  }) as unknown as typeof fetch;
  const { client } = createTestClient({ fetch: fetcher });
  const received: number[] = [];
  const watch = client.watchWallet({ onWallet: (wallet) => received.push(wallet.balance) });
  await pass(1);
  balance = 90;
  watch.refresh();
  watch.refresh();
  await pass(1);
  expect(arrivals).toHaveLength(1);
  for (let n = 0; n < 3; n++) {
    arrivals.at(-1)!();
    await pass(1);
  }
  expect(received).toEqual([90]);
  client.close();
});
