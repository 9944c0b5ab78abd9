import { readOperations } from "./operations.ts";
import {
  type Answer,
  admin,
  call,
  expectFailure,
  freshId,
  giftType,
  isReplayed,
  liveStream,
  type Person,
  person,
  sentences,
  topUp,
} from "./people.ts";

const balanceOf = async (as: Person) =>
  (await call("GET /api/v1/wallet", { as })).body.data.balance;

/** A stream, a gift type of 10 credits, and a sender with credits for `times` gifts. */
async function gifting(times: number) {
  const [stream, giftTypeId, as] = await Promise.all([liveStream(), giftType(10), person()]);
  await topUp(as, 10 * times);
  const send = (key: string, by: Person = as) =>
    call("POST /api/v1/gifts/create", {
      as: by,
      key,
      body: { giftTypeId, liveStreamId: stream.id },
    });
  return { ...stream, giftTypeId, as, send };
}

test("20 concurrent calls with one key are paid once, even if the wallet has credits for only one", async () => {
  for (const times of [1, 30]) {
    const { as, send, id } = await gifting(times);
    const key = freshId();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(key)));
    for (const { status } of answers) expect([201, 409]).toContain(status);
    const text = (await send(key)).text;
    for (const answer of answers.filter(({ status }) => status === 201))
      expect(answer.text).toBe(text);
    expect(await balanceOf(as)).toBe(10 * (times - 1));
    const list = await call(`GET /api/v1/live-stream/${id}/gifts`, { as });
    expect(list.body.data.list).toHaveLength(1);
  }
});

test("a success is returned again after the stream ended, with an empty wallet, an inactive gift type and a blocked sender", async () => {
  const { id, host, giftTypeId, as, send } = await gifting(2);
  const [gift, like, said] = [freshId(), freshId(), freshId()];
  const superlike = () => call(`POST /api/v1/live-stream/${id}/chat/superlike`, { as, key: like });
  const say = () =>
    call(`POST /api/v1/live-stream/${id}/chat/messages`, {
      as,
      key: said,
      body: { content: "hi" },
    });
  const everything = async () => (await Promise.all([send(gift), superlike(), say()])) as Answer[];
  const before = await everything();
  expect(before.map(({ status }) => status)).toEqual([201, 201, 201]);
  expect(await balanceOf(as)).toBe(0);
  const expectAgain = async () => {
    const again = await everything();
    expect(again.map(({ text }) => text)).toEqual(before.map(({ text }) => text));
    expect(again.map(isReplayed)).toEqual(["true", "true", "true"]);
  };
  await expectAgain();
  const off = { as: await admin(), body: { isActive: false } };
  expect((await call(`PATCH /api/v1/gifts/gift-types/${giftTypeId}`, off)).status).toBe(200);
  await expectAgain();
  const ban = { targetUserId: as.id, liveStreamId: id };
  expect((await call("POST /api/v1/live-stream-ban", { as: host, body: ban })).status).toBe(200);
  await expectAgain();
  expect((await call(`POST /api/v1/live-stream/${id}/end`, { as: host })).status).toBe(200);
  await expectAgain();
  // Without the key, each of them would now be refused.
  expect((await send(freshId())).status).toBe(403);
  expect(await balanceOf(as)).toBe(0);
});

test("concurrent repetitions of a call send one message, even in slow mode", async () => {
  const { id, host } = await liveStream();
  const settings = `PATCH /api/v1/live-stream/${id}/chat-settings`;
  await call(settings, { as: host, body: { slowModeSeconds: 300 } });
  const route = `POST /api/v1/live-stream/${id}/chat/messages`;
  for (let round = 0; round < 5; round++) {
    const [as, key] = [await person(), freshId()];
    const say = (content: string) => call(route, { as, key, body: { content } });
    const answers = await Promise.all(Array.from({ length: 10 }, () => say("hello")));
    for (const { status } of answers) expect([201, 409]).toContain(status);
    const made = answers.filter(({ status }) => status === 201);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    expectFailure(await say("another"), 422, sentences[422]);
    const slowed = await call(route, { as, key: freshId(), body: { content: "another" } });
    expect(slowed.status).toBe(429);
  }
  const history = await call(`GET /api/v1/live-stream/${id}/chat/messages`, { as: host });
  expect(history.body.total).toBe(5);
});

test("a refused attempt leaves no trace: the same key succeeds later, once", async () => {
  const { as, send } = await gifting(1);
  const poor = await person();
  const key = freshId();
  for (let time = 0; time < 3; time++) {
    const answer = await send(key, poor);
    expectFailure(answer, 409, sentences[409]);
    expect(answer.headers.get("retry-after")).toBeNull();
  }
  await topUp(poor, 25);
  const first = await send(key, poor);
  expect([first.status, isReplayed(first)]).toEqual([201, null]);
  expect((await send(key, poor)).text).toBe(first.text);
  expect(await balanceOf(poor)).toBe(15);
  expect((await send(key, as)).status).toBe(201);
});

test("an invalid request is not remembered either", async () => {
  const as = await person();
  const key = freshId();
  const create = (body: unknown) => call("POST /api/v1/live-stream/create", { as, key, body });
  expectFailure(await create({ title: "" }), 400, sentences[400]);
  expect((await create({ title: "Now with a title" })).status).toBe(201);
});

test("keys of two callers are independent", async () => {
  const { as, send } = await gifting(1);
  const other = await person();
  await topUp(other, 10);
  const key = freshId();
  const [one, two] = [await send(key, as), await send(key, other)];
  expect([one.status, two.status]).toEqual([201, 201]);
  expect([one, two].map(isReplayed)).toEqual([null, null]);
  expect(one.body.data.id).not.toBe(two.body.data.id);
  expect([await balanceOf(as), await balanceOf(other)]).toEqual([0, 0]);
});

test("keys of two routes are independent", async () => {
  const { as, send, id } = await gifting(3);
  const key = freshId();
  const like = await call(`POST /api/v1/live-stream/${id}/chat/superlike`, { as, key });
  const created = await call("POST /api/v1/live-stream/create", { as, key, body: { title: "x" } });
  const gift = await send(key);
  for (const answer of [like, created, gift])
    expect([answer.status, isReplayed(answer)]).toEqual([201, null]);
  expect(await balanceOf(as)).toBe(10);
});

test("spelling, unknown fields and surrounding white space do not change a request", async () => {
  const { id, giftTypeId, as } = await gifting(2);
  const key = freshId();
  const bodies = [
    JSON.stringify({ giftTypeId, liveStreamId: id }),
    JSON.stringify({ liveStreamId: id, giftTypeId }, null, 4),
    JSON.stringify({ liveStreamId: id.toUpperCase(), giftTypeId, count: 5, __proto__x: 1 }),
    JSON.stringify({ giftTypeId, liveStreamId: id }).replace("giftTypeId", "gift\\u0054ypeId"),
  ];
  const texts = new Set<string>();
  for (const raw of bodies)
    texts.add((await call("POST /api/v1/gifts/create", { as, key, raw })).text);
  expect(texts.size).toBe(1);
  const say = (content: string) =>
    call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, key, body: { content } });
  const first = await say("hello");
  expect((await say("  hello\n")).text).toBe(first.text);
  expectFailure(await say("hello!"), 422, sentences[422]);
  expect(await balanceOf(as)).toBe(10);
});

test("top-ups and payouts require a key; every other POST accepts one, and no other method does", async () => {
  const [as, boss] = await Promise.all([person(), admin()]);
  await topUp(as, 100);
  for (const what of ["top-ups", "payouts"]) {
    const body = { amount: 1, reference: freshId() };
    const answer = await call(`POST /api/v1/wallets/${as.id}/${what}`, { as: boss, body });
    expectFailure(answer, 400, sentences[400]);
    expect(answer.body.errors[1]).toMatch(/^Idempotency-Key: /);
  }
  expect(await balanceOf(as)).toBe(100);
  const key = "x".repeat(500);
  expect((await call("GET /api/v1/wallet", { as, key })).status).toBe(200);
  for (const route of ["POST /api/v1/notifications/read-all", "POST /api/v1/users/me/sign-out"])
    expectFailure(await call(route, { as, key }), 400, sentences[400]);
  const operations = await readOperations();
  expect(operations.filter(({ takesKey }) => takesKey)).toEqual(
    operations.filter(({ method }) => method === "POST"),
  );
});

test("a key in quotes is the same key", async () => {
  const { as, send } = await gifting(2);
  const key = `a "b" \\ ${freshId()}`;
  const first = await send(key);
  const again = await send(`"${key.replace(/["\\]/g, "\\$&")}"`);
  expect([again.text, isReplayed(again)]).toEqual([first.text, "true"]);
  expect(await balanceOf(as)).toBe(10);
  expectFailure(await send('""'), 400, sentences[400]);
});
