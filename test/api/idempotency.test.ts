import {
  asWhom,
  findPackage,
  fitting,
  makeWorld,
  type Operation,
  pathOf,
  readOperations,
  type World,
} from "./operations.ts";
import {
  type Answer,
  admin,
  call,
  expectFailure,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  sentences,
  topUp,
} from "./people.ts";

let creating: Operation[];
let elsewhere: World;
beforeAll(async () => {
  elsewhere = await makeWorld();
  const all = await readOperations();
  creating = all.filter(({ method, statuses }) => method === "POST" && statuses.includes(201));
});

/** A webhook destination for events that nothing here causes. */
const destination = { url: "https://repeats.example.com/ovation", events: ["webhook.test"] };

/** A stage has twenty webhooks, which other files need as well. */
afterAll(async () => {
  const as = await admin();
  const { list } = (await call("GET /api/v1/webhooks", { as })).body.data;
  for (const { id, url } of list as { id: string; url: string }[])
    if (url === destination.url) await call(`DELETE /api/v1/webhooks/${id}`, { as });
});

const isReplayed = ({ headers }: Answer) => headers.get("idempotency-replayed");
const balanceOf = async (as: Person) =>
  (await call("GET /api/v1/wallet", { as })).body.data.balance;
/** The expected text of a repeated response, in which secrets are null. */
const repeated = (route: string, text: string) =>
  /overlay-keys|ws-tickets|webhooks/.test(route)
    ? text
        .replace(/"(key|ticket|secret)":"[^"]*"/, '"$1":null')
        .replace(/"url":"\/[^"]*"/, '"url":null')
    : text;
const sends = (body: unknown) => (body === undefined ? {} : { body });

/** A request to one operation, and another one to the same route. */
async function twoRequests(operation: Operation) {
  const world = await makeWorld();
  const as = asWhom(operation, world);
  const body = operation.body && fitting(operation.body, { ...world.known, ...destination });
  // Some field of the body differs; without a body the path does.
  const packageId = await findPackage();
  const changes = {
    content: "other",
    description: "other",
    title: "other",
    name: "other",
    amount: 11,
    packageId,
  };
  const changed = Object.entries(changes).filter(([name]) => name in (body ?? {}));
  const from = changed.length > 0 ? Object.fromEntries(changed) : elsewhere.known;
  const otherBody = body && {
    ...body,
    ...Object.fromEntries(Object.entries(from).filter(([name]) => name in body)),
  };
  return {
    as,
    body,
    route: `POST ${pathOf(operation, world)}`,
    otherBody,
    otherRoute: body === undefined ? `POST ${pathOf(operation, elsewhere)}` : undefined,
  };
}

test("every creating POST returns the same status and body for the same key and request, and 422 for another request", async () => {
  expect(creating.length).toBeGreaterThanOrEqual(10);
  for (const operation of creating) {
    const { as, body, route, otherBody, otherRoute } = await twoRequests(operation);
    const key = freshId();
    const first = await call(route, { as, key, ...sends(body) });
    expect({ route, status: first.status, text: first.text }).toMatchObject({ status: 201 });
    expect(isReplayed(first)).toBeNull();
    for (let time = 0; time < 2; time++) {
      const again = await call(route, { as, key, ...sends(body) });
      expect({ route, status: again.status, text: again.text }).toEqual({
        route,
        status: 201,
        text: repeated(route, first.text),
      });
      expect(isReplayed(again)).toBe("true");
      expect(again.headers.get("content-type")).toBe(first.headers.get("content-type"));
    }
    const other = await call(otherRoute ?? route, { as, key, ...sends(otherBody) });
    expect({ route, status: other.status }).toEqual({ route, status: 422 });
    expectFailure(other, 422, sentences[422]);
    expect(other.body.errors).toEqual([sentences[422]]);
    expect(isReplayed(other)).toBeNull();
  }
});

test("of 20 concurrent calls with one key one takes effect; the others return the same, or 409 with Retry-After", async () => {
  for (const operation of creating) {
    const { as, body, route } = await twoRequests(operation);
    const key = freshId();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call(route, { as, key, ...sends(body) })),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect({ route, made: made.length > 0 }).toEqual({ route, made: true });
    const firsts = made.filter((answer) => isReplayed(answer) === null);
    expect({ route, firsts: firsts.length }).toEqual({ route, firsts: 1 });
    expect(new Set(made.map(({ text }) => repeated(route, text)))).toEqual(
      new Set([repeated(route, firsts[0]!.text)]),
    );
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expectFailure(answer, 409, sentences[409]);
      expect(answer.headers.get("retry-after")).toBe("1");
    }
    expect((await call(route, { as, key, ...sends(body) })).text).toBe(
      repeated(route, firsts[0]!.text),
    );
  }
});

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

test("a key must be 1 to 128 printable ASCII characters on every route that takes one", async () => {
  for (const operation of creating) {
    const { as, body, route } = await twoRequests(operation);
    for (const key of ["x".repeat(129), "k\u00e9y"]) {
      const answer = await call(route, { as, key, ...sends(body) });
      expect({ route, key, status: answer.status }).toEqual({ route, key, status: 400 });
      expect(answer.body.errors[1]).toMatch(/^Idempotency-Key: /);
    }
    const key = `!~ ${freshId()}`.padEnd(128, "x");
    const answer = await call(route, { as, key, ...sends(body) });
    expect({ route, status: answer.status }).toEqual({ route, status: 201 });
  }
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
