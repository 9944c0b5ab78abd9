import { jest } from "@jest/globals";
import { OvationError } from "../../client/index.ts";
import { createTestClient, jwt, pass } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

type Answer = number | "lost" | "broken" | "silent" | Response;

/** An HTTP server with the given outcome for each attempt; the last one repeats. */
function ending(...answers: Answer[]) {
  const keys: (string | null)[] = [];
  const fetcher = (async (_url: string, wish: RequestInit) => {
    keys.push(new Headers(wish.headers).get("idempotency-key"));
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    if (answer instanceof Response) return answer;
    if (answer === "lost") throw new TypeError("Failed to fetch");
    if (answer === "broken") return new Response('{"id":', { status: 201 });
    if (answer === "silent")
      return new Promise((_, reject) => {
        wish.signal!.addEventListener("abort", () => reject(wish.signal!.reason));
      });
    const headers = answer === 409 ? { "retry-after": "1" } : {};
    const body = answer < 300 ? { id: "g" } : { errors: ["No"] };
    return new Response(JSON.stringify(body), { status: answer, headers });
  }) as typeof fetch;
  return { fetcher, keys };
}

/** Sends a gift and returns the result once all attempts are over. */
async function give(answers: Answer[], key?: string) {
  const { fetcher, keys } = ending(...answers);
  const { client } = createTestClient({ fetch: fetcher, token: () => jwt(3600) });
  const ended = client.sendGift("s", "g", key).catch((error: unknown) => error);
  await pass(400_000);
  client.close();
  return { ended: (await Promise.race([ended, "pending"])) as OvationError, keys };
}

test.each<[string, Answer[]]>([
  ["every response is lost", ["lost"]],
  ["every response is cut off", ["broken"]],
  ["no response ever arrives", ["silent"]],
  ["the server fails each time", [503]],
  ["its key stays in use", [409]],
  ["a lost response, then the rate limit", ["lost", 429]],
  ["a lost response, then an expired token", ["lost", 401]],
  [
    "a lost response, then slow mode",
    ["lost", new Response("{}", { status: 429, headers: { "x-error-code": "slow_mode" } })],
  ],
])("a gift that may have been paid reports its key: %s", async (_, answers) => {
  const { ended, keys } = await give(answers);
  expect(ended).toBeInstanceOf(OvationError);
  expect(ended.key).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(keys)).toEqual(new Set([ended.key]));
  expect(ended.message).toContain(ended.key!);
});

test.each<[string, Answer[]]>([
  ["a refusal", [403]],
  [
    "a refusal after a lost response: had the gift succeeded, its key would return it",
    ["lost", 403],
  ],
  ["the rate limit, each time", [429]],
  ["no token", [401]],
])("a gift that was certainly not paid reports no key: %s", async (_, answers) => {
  const { ended } = await give(answers);
  expect(ended).toBeInstanceOf(OvationError);
  expect(ended.key).toBeUndefined();
});

test("a caller's own key is reported in the error, and repeats the call", async () => {
  const { ended } = await give(["lost"], "my gift");
  expect(ended.key).toBe("my gift");
  expect(await give([201], ended.key)).toMatchObject({ ended: { id: "g" }, keys: ["my gift"] });
});

test.each([0, 0.5, 1])(
  "a gift sent while the server restarts for half a minute is paid once, at jitter %s",
  async (jitter) => {
    const random = jest.spyOn(Math, "random").mockReturnValue(jitter);
    const until = Date.now() + 28_000;
    const keys: (string | null)[] = [];
    const fetcher = (async (_url: string, wish: RequestInit) => {
      keys.push(new Headers(wish.headers).get("idempotency-key"));
      return Date.now() < until
        ? new Response("", { status: 503 })
        : new Response('{"id":"g"}', { status: 201 });
    }) as typeof fetch;
    const { client } = createTestClient({ fetch: fetcher, token: () => jwt(3600) });
    const ended = client.sendGift("s", "g").catch((error: unknown) => error);
    await pass(45_000);
    random.mockRestore();
    client.close();
    expect(await ended).toEqual({ id: "g" });
    expect(new Set(keys).size).toBe(1);
    expect(keys.length).toBeLessThanOrEqual(14);
  },
);

test("after a minute without a response a call has failed", async () => {
  const { fetcher } = ending(503);
  const { client } = createTestClient({ fetch: fetcher, token: () => jwt(3600) });
  const ended = client.sendGift("s", "g").catch((error: unknown) => error);
  await pass(60_000);
  expect(await Promise.race([ended, "pending"])).toMatchObject({ statusCode: 503 });
  client.close();
});

test("a call that only reads has no key", async () => {
  const { fetcher, keys } = ending("lost");
  const { client } = createTestClient({ fetch: fetcher });
  const ended = client.call("GET", "/a").catch((error: unknown) => error);
  await pass(60_000);
  expect(await ended).toMatchObject({ name: "OvationError", statusCode: 0, key: undefined });
  expect(new Set(keys)).toEqual(new Set([null]));
  client.close();
});

test.each<[string, string, Answer[], object]>([
  ["DELETE", "/api/v1/users/me", ["lost", 404], { statusCode: 404, mayHaveHappened: true }],
  ["PATCH", "/api/v1/users/username", ["broken", 409, 403], { mayHaveHappened: true }],
  ["POST", "/tencent/callback", ["lost", 403], { statusCode: 403, mayHaveHappened: true }],
  ["POST", "/api/v1/gifts/g/refund", ["lost", 403], { mayHaveHappened: false, key: undefined }],
  ["POST", "/api/v1/gifts/g/refund", ["lost", 401], { mayHaveHappened: true }],
  ["DELETE", "/api/v1/users/me", [429, 404], { mayHaveHappened: false }],
  ["GET", "/api/v1/wallet", ["lost", 404], { mayHaveHappened: false }],
])(
  "the error of %s %s says whether it may have happened: %j",
  async (method, path, answers, said) => {
    const { client } = createTestClient({ fetch: ending(...answers).fetcher });
    const ended = client.call(method, path).catch((error: unknown) => error);
    await pass(60_000);
    const error = (await ended) as OvationError;
    expect(error).toMatchObject(said);
    expect(error.message.includes("It may have happened")).toBe(error.mayHaveHappened);
    client.close();
  },
);

test("several gifts are sent as the quantity of one call", async () => {
  const bodies: unknown[] = [];
  const fetcher = (async (_: string, { body }: RequestInit) => {
    bodies.push(JSON.parse(String(body)));
    return Response.json({ message: "Success", id: "g" }, { status: 201 });
  }) as unknown as typeof fetch;
  const { client } = createTestClient({ fetch: fetcher, token: () => jwt(3600) });
  await client.sendGift("s", "g", undefined, { count: 3, expectedPrice: 30 });
  await client.sendGift("s", "g");
  const gift = { giftTypeId: "g", liveStreamId: "s" };
  expect(bodies).toEqual([{ ...gift, quantity: 3, expectedPrice: 30 }, gift]);
  client.close();
});

test("an error has the code that the API gave", async () => {
  const refused = new Response(JSON.stringify({ errors: ["Conflict"] }), {
    status: 409,
    headers: { "x-error-code": "credits_too_low" },
  });
  const { ended } = await give([refused]);
  expect(ended).toMatchObject({ statusCode: 409, code: "credits_too_low" });
});

test("calls work without randomUUID and AbortSignal.timeout, as on a page without TLS", async () => {
  const { timeout } = AbortSignal;
  const { crypto } = globalThis;
  const replace = (value: unknown) =>
    Object.defineProperty(globalThis, "crypto", { value, configurable: true, writable: true });
  try {
    Reflect.deleteProperty(AbortSignal, "timeout");
    for (const without of [{}, undefined]) {
      replace(without);
      const { ended, keys } = await give(["lost", 201]);
      expect(ended).toEqual({ id: "g" });
      expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
      expect(keys[1]).toBe(keys[0]);
      expect((await give([201])).keys).not.toEqual(keys.slice(1));
    }
  } finally {
    replace(crypto);
    AbortSignal.timeout = timeout;
  }
});

test("a call leaves no timer after its response", async () => {
  const { client } = createTestClient({ fetch: ending(201).fetcher });
  client.close();
  await client.sendGift("s", "g");
  expect(jest.getTimerCount()).toBe(0);
});

test("a signal aborts a call: before it is sent, while it waits for a response, and between attempts", async () => {
  const call = async (answers: Answer[], abortAt: number, later: number) => {
    const { fetcher, keys } = ending(...answers);
    const { client } = createTestClient({ fetch: fetcher, token: () => jwt(3600) });
    const control = new AbortController();
    if (abortAt === 0) control.abort("gone");
    let ended: unknown = "pending";
    void client
      .call("GET /api/v1/wallet", { signal: control.signal })
      .then((wallet) => wallet)
      .catch((error: unknown) => error)
      .then((outcome) => {
        ended = outcome;
      });
    await pass(abortAt);
    control.abort("gone");
    await pass(0);
    const atOnce = ended;
    await pass(later);
    client.close();
    return { atOnce, ended, tries: keys.length };
  };
  const gone = { atOnce: "gone", ended: "gone" };
  // The client reads no wallet here, because nothing watches it.
  expect(await call([200], 0, 100_000)).toEqual({ ...gone, tries: 0 });
  expect(await call(["silent"], 10, 100_000)).toEqual({ ...gone, tries: 1 });
  const wait = new Response("{}", { status: 429, headers: { "retry-after": "5" } });
  expect(await call([wait, 200], 1_000, 100_000)).toEqual({ ...gone, tries: 1 });
  expect(await call([200], 10, 100)).toMatchObject({ atOnce: { id: "g" }, tries: 1 });
  expect(jest.getTimerCount()).toBe(0);
});

test("a call by method takes a signal, and leaves no listener on it", async () => {
  const { fetcher } = ending(503, 200);
  const { client } = createTestClient({ fetch: fetcher, token: () => jwt(3600) });
  const { signal } = new AbortController();
  const [added, removed] = (["addEventListener", "removeEventListener"] as const).map((name) =>
    jest.spyOn(signal, name),
  );
  const said = client.call<{ id: string }>("POST", "/api/v1/x", {}, "k", signal);
  await pass(20_000);
  expect(await said).toEqual({ id: "g" });
  expect(added!.mock.calls.length).toBeGreaterThan(2);
  expect(removed!.mock.calls.map(([, listener]) => listener)).toEqual(
    expect.arrayContaining(added!.mock.calls.map(([, listener]) => listener)),
  );
  client.close();
});

test("a call that is aborted while its token is fetched has no effect", async () => {
  const signals: (AbortSignal | null | undefined)[] = [];
  const fetcher = (async (_: string, { signal }: RequestInit) => {
    signals.push(signal);
    return Response.json({ id: "g" });
  }) as unknown as typeof fetch;
  let give!: (token: string) => void;
  const token = () => new Promise<string>((done) => (give = done));
  const { client } = createTestClient({ fetch: fetcher, token });
  const control = new AbortController();
  const more = { signal: control.signal };
  const ended = client
    .call("POST /api/v1/gifts/create", { body: { giftTypeId: "g", liveStreamId: "s" }, ...more })
    .catch((error: unknown) => error);
  await pass(1);
  control.abort("gone");
  give(jwt(3600));
  await pass(1);
  expect(await ended).toBe("gone");
  // An aborted signal keeps `fetch` from sending anything.
  for (const signal of signals) expect(signal?.aborted).toBe(true);
  client.close();
});

test("a form with a file omits fields without a value", async () => {
  const forms: FormData[] = [];
  const fetcher = (async (_: string, { body }: RequestInit) => {
    forms.push(body as FormData);
    return Response.json({});
  }) as unknown as typeof fetch;
  const { client } = createTestClient({ fetch: fetcher });
  const thumbnail = new Blob(["GIF"]);
  const body = { title: "Live", thumbnail, price: 5, interest: undefined, motivation: null };
  await client.call("POST", "/api/v1/live-stream/create", body);
  expect([...forms[0]!.keys()].sort()).toEqual(["price", "thumbnail", "title"]);
  expect(forms[0]!.get("price")).toBe("5");
  client.close();
});

const limited = (retryAfter: string) =>
  new Response(JSON.stringify({ errors: ["No"] }), {
    status: 429,
    headers: { "retry-after": retryAfter },
  });

/** When the attempts of a call were made, in milliseconds, if the first one is refused so. */
async function attemptsAfter(retryAfter: string) {
  const began = performance.now();
  const at: number[] = [];
  const fetcher = (async () => {
    at.push(performance.now() - began);
    return at.length === 1 ? limited(retryAfter) : Response.json({ id: "g" });
  }) as unknown as typeof fetch;
  const { client } = createTestClient({ fetch: fetcher });
  const random = jest.spyOn(Math, "random").mockReturnValue(1);
  void client.sendGift("s", "g");
  await pass(60_000);
  random.mockRestore();
  client.close();
  return at;
}

test("a Retry-After that is a date is waited for", async () => {
  const [first, second] = await attemptsAfter(new Date(Date.now() + 20_000).toUTCString());
  expect(first).toBe(0);
  // The date has whole seconds.
  expect(second).toBeGreaterThan(18_900);
  expect(second).toBeLessThanOrEqual(20_000);
});

test.each(["soon", "Infinity", new Date(0).toUTCString(), "-5"])(
  "after a Retry-After of %s the attempts are no closer than without",
  async (retryAfter) => {
    const [, second] = await attemptsAfter(retryAfter);
    expect(second).toBe(500);
  },
);

test("a call that must wait longer than half a minute fails at once and says how long", async () => {
  const refused = await give([limited("17280"), 201]);
  expect(refused.keys).toHaveLength(1);
  expect(refused.ended).toMatchObject({ statusCode: 429, retryAfterSeconds: 17_280 });
  expect(refused.ended).toMatchObject({ mayHaveHappened: false, key: undefined });
  const failed = await give([
    new Response("{}", { status: 503, headers: { "retry-after": "60" } }),
  ]);
  expect(failed.keys).toHaveLength(1);
  expect(failed.ended).toMatchObject({ retryAfterSeconds: 60, key: failed.keys[0] });
});

test("the longest time to wait is one that a timer can take", async () => {
  const { ended } = await give([limited("3000000")]);
  expect(ended.retryAfterSeconds).toBe(2_147_483);
});

test("a refusal reports the seconds of a date, and none if there is no valid value", async () => {
  const slowMode = (retryAfter: string) =>
    new Response("{}", {
      status: 429,
      headers: { "x-error-code": "slow_mode", "retry-after": retryAfter },
    });
  const dated = await give([slowMode(new Date(Date.now() + 20_000).toUTCString())]);
  expect(dated.ended.retryAfterSeconds).toBeGreaterThan(18.9);
  expect(dated.ended.retryAfterSeconds).toBeLessThanOrEqual(20);
  const invalid = await give([slowMode("soon")]);
  expect(invalid.ended.retryAfterSeconds).toBeUndefined();
});

test("setting the clock forward does not end a call's attempts early", async () => {
  const { fetcher, keys } = ending("lost");
  const { client } = createTestClient({ fetch: fetcher, token: () => jwt(7200) });
  const random = jest.spyOn(Math, "random").mockReturnValue(0);
  client.sendGift("s", "g").catch(() => {});
  await pass(1);
  jest.setSystemTime(Date.now() + 3_600_000);
  await pass(60_000);
  expect(keys.length).toBeGreaterThan(6);
  random.mockRestore();
  client.close();
});
