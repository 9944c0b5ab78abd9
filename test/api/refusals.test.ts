import { type Answer, call, freshId, giftType, liveStream, person } from "./people.ts";
import { tencent } from "./tencent-caller.ts";
import { type Message, viewer } from "./viewer.ts";

const named = ({ status, headers }: Answer) => [status, headers.get("x-error-code")];
const isError = ({ type }: Message) => type === "error";
const namesIn = (list: string | null) => (list ?? "").toLowerCase().split(/,\s*/).sort();

test("the headers of Allmine's clients pass a preflight, and pages may read failures", async () => {
  const wanted = ["X-Language", "X-Timezone", "X-Platform", "X-App-Version", "X-Device-ID"];
  const { status, headers } = await call("OPTIONS /api/v1/gifts/create", {
    headers: {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": wanted.join(",").toLowerCase(),
    },
  });
  expect(status).toBe(204);
  const own = ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"];
  const allowed = [...own, ...wanted];
  expect(namesIn(headers.get("access-control-allow-headers"))).toEqual(namesIn(allowed.join(", ")));
  const as = await person();
  const answers = [
    await call("GET /api/v1/wallet", { as }),
    await call(`GET /api/v1/live-stream/${freshId()}`, { as }),
    await call("GET /api/v1/wallet"),
  ];
  for (const answer of answers)
    expect(namesIn(answer.headers.get("access-control-expose-headers"))).toEqual([
      ...["etag", "idempotency-replayed", "ratelimit", "ratelimit-policy", "retry-after"],
      ...["x-error-code", "x-request-id"],
    ]);
});

test("every refusal has a code that its operation lists", async () => {
  const [as, { id, host }, rose] = await Promise.all([person(), liveStream(), giftType(4)]);
  const gifts = "/api/v1/gifts/create";
  const gift = { giftTypeId: rose, liveStreamId: id };
  const chat = "/api/v1/live-stream/{id}/chat/messages";
  const key = freshId();
  const say = (content: string) => ({ as: host, key, body: { content } });
  await call(`POST ${chat.replace("{id}", id)}`, say("hello"));
  const met: [operation: string, Answer, status: number, code: string][] = [
    [gifts, await call(`POST ${gifts}`, { as, body: gift }), 409, "credits_too_low"],
    [gifts, await call(`POST ${gifts}`, { as: host, body: gift }), 403, "gift_to_oneself"],
    [gifts, await call(`POST ${gifts}`, { as, raw: "{" }), 400, "request_invalid"],
    [gifts, await call(`POST ${gifts}`, { as, raw: "x".repeat(70_000) }), 413, "body_too_large"],
    [chat, await call(`POST ${chat.replace("{id}", id)}`, say("bye")), 422, "key_reused"],
    [
      chat,
      await call(`POST ${chat.replace("{id}", freshId())}`, { as, body: { content: "a" } }),
      404,
      "stream_not_found",
    ],
  ];
  const document = (await call("GET /openapi.json")).body;
  const pathOf = (path: string) => path.replace("{id}", "{streamId}");
  for (const [operation, answer, status, code] of met) {
    expect(named(answer)).toEqual([status, code]);
    expect(answer.body.code).toBe(code);
    expect(document.paths[pathOf(operation)].post["x-error-codes"]).toContain(code);
  }
  const nowhere = await call("GET /nowhere", { as });
  expect(named(nowhere)).toEqual([404, "route_not_found"]);
  expect(named(await call("GET /api/v1/wallet", { as }))).toEqual([200, null]);
  const command = await tencent("get_room_info", { RoomId: freshId() });
  expect(named(command)).toEqual([200, "room_not_found"]);
});

test("an error on a socket has a code", async () => {
  const watching = await viewer(await person());
  watching.send({ action: "subscribe", streamId: freshId(), requestId: "a" });
  expect(await watching.next(isError)).toMatchObject({
    statusCode: 404,
    code: "stream_not_found",
    requestId: "a",
  });
  const from = watching.messages.length;
  watching.send({ action: "fly", requestId: "b" });
  expect(await watching.next(isError, from)).toMatchObject({
    statusCode: 400,
    code: "request_invalid",
    requestId: "b",
  });
  watching.close();
});

test("a carriage return is text and is returned as sent", async () => {
  const { id, host } = await liveStream();
  const path = `/api/v1/live-stream/${id}/chat/messages`;
  const content = "first line\r\nsecond\rthird\tcolumn";
  const sent = await call(`POST ${path}`, { as: host, body: { content } });
  expect([sent.status, sent.body.content]).toEqual([201, content]);
  const { body } = await call(`GET ${path}`, { as: host });
  expect(body.messages[0].content).toBe(content);
});
