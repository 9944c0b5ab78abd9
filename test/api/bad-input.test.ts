import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { expectKept } from "./kept-texts.ts";
import {
  admin,
  call,
  expectFailure,
  freshId,
  liveStream,
  person,
  rawRequest,
  sentences,
  topUp,
  walletOf,
} from "./people.ts";

const corpus = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../corpora", name), "utf8"));

/** Sends bytes that `fetch` would not send. */
function raw(
  path: string,
  options: { method?: string; headers?: Record<string, string> },
  body = "",
) {
  return new Promise<{ status: number; text: string }>((done, failed) => {
    const sent = rawRequest(path, options).once("response", (answer) => {
      let text = "";
      answer.on("data", (chunk) => {
        text += chunk;
      });
      answer.on("end", () => done({ status: answer.statusCode ?? 0, text }));
    });
    sent.on("error", failed);
    sent.end(body);
  });
}

test("bodies other than JSON objects are 400, and the response says why", async () => {
  const as = await person();
  for (const body of [
    "",
    "{",
    "null",
    "true",
    "5",
    '"x"',
    "[]",
    "{]",
    '{"a":}',
    "\ufeff{}",
    "NaN",
  ]) {
    const answer = await call("POST /api/v1/gifts/create", { as, raw: body });
    expectFailure(answer, 400, sentences[400]);
    expect(answer.body.errors[1]).toMatch(/^body: /);
  }
});

test("the deepest nesting that fits a body is accepted or 400, never a crash", async () => {
  const as = await person();
  const deep = "[".repeat(30_000) + "]".repeat(30_000);
  expectFailure(
    await call("POST /api/v1/gifts/create", { as, raw: `{"giftTypeId":${deep}}` }),
    400,
    sentences[400],
  );
  const nested = `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`;
  const metadata = `{"userId":"${as.id}","type":"system","category":"payments","title":"t","message":"m","metadata":${nested}}`;
  expectFailure(
    await call("POST /api/v1/notifications", { as, raw: metadata }),
    400,
    sentences[400],
  );
});

test("a body of 64 KiB passes, one byte more is 413", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const route = `POST /api/v1/live-stream/${id}/chat/messages`;
  const body = (bytes: number) => {
    const start = '{"content":"hello","padding":"';
    return `${start}${"x".repeat(bytes - start.length - 2)}"}`;
  };
  expect((await call(route, { as, raw: body(65_536) })).status).toBe(201);
  expectFailure(await call(route, { as, raw: body(65_537) }), 413, sentences[413]);
  expectFailure(await call(route, { as, raw: body(11_000_000) }), 413, sentences[413]);
});

test("a body with a content coding is 415", async () => {
  const as = await person();
  const route = "POST /api/v1/live-stream/create";
  for (const [coding, encode] of [["gzip", gzipSync] as const, ["deflate", deflateSync] as const]) {
    const send = (text: string, headers = {}) =>
      call(route, {
        as,
        raw: new Uint8Array(encode(text)),
        headers: { "content-type": "application/json", "content-encoding": coding, ...headers },
      });
    expectFailure(await send('{"title":"packed"}'), 415, sentences[415]);
    expectFailure(
      await send('{"title":"packed"}', { "content-encoding": "br" }),
      415,
      sentences[415],
    );
    // The size limits are those of the decompressed body.
    const long = JSON.stringify({ title: "x", more: " ".repeat(70_000) });
    expectFailure(await send(long), 413, sentences[413]);
    expectFailure(await send(" ".repeat(11_000_000)), 413, sentences[413]);
  }
  const plain = { headers: { "content-encoding": "identity" }, body: { title: "not packed" } };
  expect((await call(route, { as, ...plain })).status).toBe(201);
});

test("other media types are 415, and so is a body that does not match its coding", async () => {
  const as = await person();
  for (const type of ["text/plain", "application/xml", "multipart/form-data; boundary=x", "x"])
    expectFailure(
      await call("POST /api/v1/gifts/create", { as, raw: "{}", headers: { "content-type": type } }),
      415,
      sentences[415],
    );
  expectFailure(
    await call("POST /api/v1/gifts/create", {
      as,
      raw: "{}",
      headers: { "content-encoding": "gzip" },
    }),
    415,
    sentences[415],
  );
});

test("a call without fields accepts no body or JSON, and does nothing with any other", async () => {
  const [{ id, host }, as] = await Promise.all([liveStream(), person()]);
  await topUp(as, 1_000);
  const { balance } = await walletOf(as);
  const routes = [
    `POST /api/v1/live-stream/${id}/chat/superlike`,
    `POST /api/v1/follow/${host.id}`,
    `POST /api/v1/live-stream/${id}/end`,
  ];
  const gzip = { "content-type": "application/json", "content-encoding": "gzip" };
  for (const route of routes)
    for (const [raw, headers, status] of [
      ['{"a":', {}, 400],
      ["{}", { "content-type": "text/plain" }, 415],
      ["a=1", { "content-type": "application/x-www-form-urlencoded" }, 415],
      ["{}", gzip, 415],
    ] as const) {
      const answer = await call(route, { as: route.endsWith("/end") ? host : as, raw, headers });
      expectFailure(answer, status, sentences[status]);
    }
  expect((await walletOf(as)).balance).toBe(balance);
  const [superlike, follow, end] = routes as [string, string, string];
  expect((await call(superlike, { as, body: { anything: 1 } })).status).toBe(201);
  const empty = { raw: "", headers: { "content-type": "text/plain" } };
  expect((await call(follow, { as, ...empty })).body.data.isFollowing).toBe(true);
  expect((await call(end, { as: host })).body.data.status).toBe("ended");
});

test("unknown routes, other methods and trailing slashes are 404, with and without a token", async () => {
  const as = await person();
  for (const route of [
    "GET /nothing",
    "GET /api/v1/gifts/create",
    "POST /api/v1/gifts/create/",
    "DELETE /api/v1/wallet",
    "PUT /health",
    "GET /api/v1/live-stream/a/b/c/d",
    "POST /api/v2/gifts/create",
    "GET /..%2f..%2fetc/passwd",
  ]) {
    expectFailure(await call(route), 404, sentences[404]);
    expectFailure(await call(route, { as }), 404, sentences[404]);
  }
});

test("headers over 10,240 bytes are refused at the edge", async () => {
  const answer = await raw("/health", { headers: { "x-long": "x".repeat(10_240) } });
  expect(answer.status).toBe(431);
});

test("JSON keys and parameters such as __proto__ change nothing and crash nothing", async () => {
  const as = await person();
  const { bodies, queries } = corpus("proto-pollution.json");
  for (const body of bodies) {
    const answer = await call("PUT /api/v1/users/me", { as, raw: body });
    expect([200, 400]).toContain(answer.status);
    const made = await call("POST /api/v1/live-stream/create", { as, raw: body });
    expectFailure(made, 400, sentences[400]);
  }
  for (const query of queries) {
    const answer = await call(`GET /api/v1/notifications?${query}`, { as });
    expect([200, 400]).toContain(answer.status);
  }
  const me = await call("GET /api/v1/users/me", { as });
  expect(me.body.data.isAdmin).toBeUndefined();
});

test("amounts other than whole numbers from 1 to 1,000,000,000 move nothing", async () => {
  const [boss, to] = await Promise.all([person({ groups: ["admin"] }), person()]);
  let expected = 0;
  for (const { raw, expect: verdict } of corpus("amounts.json")) {
    const answer = await call(`POST /api/v1/wallets/${to.id}/top-ups`, {
      as: boss,
      key: freshId(),
      raw: `{"reference":"${freshId()}","amount":${raw}}`,
    });
    if (verdict === "accept") expect({ raw, status: answer.status }).toEqual({ raw, status: 201 });
    if (verdict === "400") expect({ raw, status: answer.status }).toEqual({ raw, status: 400 });
    expect([201, 400]).toContain(answer.status);
    if (answer.status === 201) expected += answer.body.data.amount;
  }
  expect((await call("GET /api/v1/wallet", { as: to })).body.data.balance).toBe(expected);
});

test("a whole number beyond its limits has one error, which states the limit", async () => {
  const as = await person();
  for (const [amount, limit] of [
    ["1000000001", "at most 1000000000"],
    ["9007199254740993", "at most 1000000000"],
    ["1e23", "at most 1000000000"],
    ["-1e23", "at least 1"],
    ["1.5", "a whole number"],
  ]) {
    const raw = `{"recipientId":"${freshId()}","amount":${amount}}`;
    const refused = await call("POST /api/v1/messages/credit-transfer", { as, raw });
    expectFailure(refused, 400, sentences[400]);
    expect(refused.body.errors.slice(1)).toEqual([`amount: expected ${limit}`]);
  }
});

test("any text is kept as sent or refused with 400", async () => {
  const texts = corpus("unicode.json").map(({ value }: { value: string }) => value);
  expect(await expectKept(texts)).toBe(34);
});

test("an Idempotency-Key is 1 to 128 printable ASCII characters", async () => {
  const as = await person();
  const body = { title: "x" };
  const create = (key: string) =>
    raw(
      "/api/v1/live-stream/create",
      {
        method: "POST",
        headers: {
          authorization: `Bearer ${as.token}`,
          "content-type": "application/json",
          "idempotency-key": key,
        },
      },
      JSON.stringify(body),
    );
  for (const key of ["", "x".repeat(129), "ümlaut", "tab\there"])
    expect((await create(key)).status).toBe(400);
  expect((await create("x".repeat(128))).status).toBe(201);
});

test.each([
  ["a lone continuation byte", [0x80]],
  ["a truncated character", [0xe2, 0x82]],
  ["an overlong slash", [0xc0, 0xaf]],
  ["a surrogate", [0xed, 0xa0, 0x80]],
])("a body that is not UTF-8 is 400: %s", async (_, bytes) => {
  const { id } = await liveStream();
  const as = await person();
  const say = (inner: Buffer, type = "application/json") => {
    // Without a content type, a body is JSON.
    const headers: Record<string, string> = type === "" ? {} : { "content-type": type };
    const raw = new Uint8Array(
      Buffer.concat([Buffer.from('{"content":"'), inner, Buffer.from('"}')]),
    );
    return call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, raw, headers });
  };
  for (const type of ["application/json", ""]) {
    const refused = await say(Buffer.from(bytes), type);
    expectFailure(refused, 400, sentences[400]);
    expect(refused.body.errors[1]).toBe("body: not UTF-8");
  }
  // The replacement character itself is ordinary text.
  expect((await say(Buffer.from("\ufffd"))).body.content).toBe("\ufffd");
});

test("a token id with a control character or a lone surrogate cannot be revoked: 400", async () => {
  const as = await admin();
  for (const jti of ["a\u0000", "a\u0085b", "\ud800"])
    expectFailure(
      await call("POST /api/v1/revocations", { as, body: { jti } }),
      400,
      sentences[400],
    );
});

test.each(["2027-02-30", "2026-02-29T10:00:00Z", "2026-04-31", "2026-01-01T24:00:00Z"])(
  "the date %s does not exist: 400",
  async (day) => {
    const [as, boss] = await Promise.all([person(), admin()]);
    const body = { title: "Some day", plannedStartDate: day };
    for (const answer of [
      await call("POST /api/v1/live-stream/create", { as, body }),
      await call(`GET /api/v1/users/me/transactions?dateFrom=${day}`, { as }),
      await call(`GET /api/v1/live-stream-ban?dateTo=${day}`, { as }),
      await call("POST /api/v1/revocations", { as: boss, body: { sub: "ann", issuedBefore: day } }),
    ]) {
      expectFailure(answer, 400, sentences[400]);
      expect(answer.body.errors[1]).toMatch(/: expected a date that exists$/);
    }
  },
);

test("an invalid date, a list that is too long, and text instead of a list have one error each", async () => {
  const as = await person();
  const all = (length: number) => Array.from({ length }, (_, n) => `n${n}`);
  const create = (body: object) =>
    call("POST /api/v1/live-stream/create", { as, body: { title: "Some day", ...body } });
  for (const [answer, sentence] of [
    [await create({ plannedStartDate: "x" }), "plannedStartDate: expected an ISO 8601 date"],
    [await create({ guests: all(21) }), "guests: expected at most 20 guests"],
    [await create({ guests: "a".repeat(24) }), "guests: expected a list of user ids"],
    [
      await call("PUT /api/v1/users/me", { as, body: { interests: all(21) } }),
      "interests: expected at most 20 interests",
    ],
  ] as const) {
    expectFailure(answer, 400, sentences[400]);
    expect(answer.body.errors.slice(1)).toEqual([sentence]);
  }
});

test.each([
  "/openapi.json",
  "/asyncapi.json",
  "/docs",
  "/docs/events",
  "/health",
  "/v1/app-config",
])(
  "%s refuses a query parameter given twice, and takes one that it does not know",
  async (path) => {
    const refused = await call(`GET ${path}?page=1&page=2`);
    expectFailure(refused, 400, sentences[400]);
    expect(refused.body.errors).toEqual([sentences[400], "page: expected one value"]);
    expect(refused.headers.get("cache-control")).toBe("no-store");
    expect(await raw(`${path}?page=1`, {})).toMatchObject({ status: 200 });
  },
);
