import { Webhook } from "standardwebhooks";
import { testHere } from "./elsewhere.ts";
import {
  admin,
  call,
  eventually,
  expectFailure,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  sentences,
  service,
  topUp,
} from "./people.ts";
import { createWebhooks, deliveryOf, type Reply, startReceiver } from "./receiver.ts";

const testHeard = testHere("a deployed stage cannot call receivers on this machine");
const hooks = createWebhooks();
const started: Awaited<ReturnType<typeof startReceiver>>[] = [];

/** A receiver that is stopped after its test. */
async function receiver(reply?: Parameters<typeof startReceiver>[0]) {
  const one = await startReceiver(reply);
  started.push(one);
  return one;
}
afterEach(async () => {
  await hooks.removeAll();
  for (const one of started.splice(0)) await one.stop();
});

const url = "https://backend.example.com/ovation";

test("a webhook is created with a secret, shown without it, changed and deleted", async () => {
  const as = await admin();
  const body = { url, events: ["gift.sent", "gift.sent", "*"], description: " mine " };
  const made = await call(`POST /api/v1/webhooks`, { as, body });
  expect(made.status).toBe(201);
  const { secret, ...shown } = made.body.data;
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(shown).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
    url,
    events: ["gift.sent", "*"],
    description: "mine",
    enabled: true,
    createdAt: expect.any(String),
  });
  const path = `/api/v1/webhooks/${shown.id}`;
  expect((await call(`GET /api/v1/webhooks/${shown.id}`, { as })).body.data).toEqual(shown);
  const list = (await call(`GET /api/v1/webhooks`, { as })).body.data.list;
  expect(list).toContainEqual(shown);
  expect(JSON.stringify(list)).not.toContain("whsec_");
  const change = { enabled: false, description: null };
  const changed = await call(`PATCH /api/v1/webhooks/${shown.id}`, { as, body: change });
  expect(changed.body.data).toEqual({ ...shown, ...change });
  const removed = await call(`DELETE /api/v1/webhooks/${shown.id}`, { as });
  expect([removed.status, removed.text]).toEqual([204, ""]);
  for (const gone of [`GET ${path}`, `DELETE ${path}`, `GET ${path}/deliveries`])
    expectFailure(await call(gone, { as }), 404, sentences[404]);
  expectFailure(await call(`POST ${path}/rotate-secret`, { as }), 404, sentences[404]);
  expectFailure(await call(`POST ${path}/test`, { as }), 404, sentences[404]);
  expectFailure(await call(`PATCH ${path}`, { as, body: change }), 404, sentences[404]);
});

test("a repeated key creates one webhook and does not show its secret again", async () => {
  const call1 = { as: await admin(), key: freshId(), body: { url, events: ["*"] } };
  const [first, second] = [
    await call(`POST /api/v1/webhooks`, call1),
    await call(`POST /api/v1/webhooks`, call1),
  ];
  expect(second.status).toBe(201);
  expect(second.headers.get("idempotency-replayed")).toBe("true");
  expect(second.body.data).toEqual({ ...first.body.data, secret: null });
  await call(`DELETE /api/v1/webhooks/${first.body.data.id}`, { as: call1.as });
});

test("only admins manage webhooks", async () => {
  const { path } = await hooks.make(url);
  const calls: [string, unknown?][] = [
    [`POST /api/v1/webhooks`, { url, events: ["*"] }],
    [`GET /api/v1/webhooks`],
    [`GET ${path}`],
    [`PATCH ${path}`, { enabled: false }],
    [`DELETE ${path}`],
    [`POST ${path}/rotate-secret`],
    [`POST ${path}/test`],
    [`GET ${path}/deliveries`],
    [`POST ${path}/deliveries/${freshId()}/resend`],
  ];
  const strangers = [await person(), await service(), (await liveStream()).host];
  for (const [one, body] of calls) {
    expectFailure(await call(one, { body }), 401, sentences[401]);
    for (const as of strangers) expectFailure(await call(one, { as, body }), 403, sentences[403]);
  }
});

test.each<[field: string, value: unknown]>([
  ...["", 5, null, "nothing", "ftp://a.example/", "http://a.example/", "http://10.0.0.1/"].map(
    (value): [string, unknown] => ["url", value],
  ),
  ["url", "https://u:p@a.example/"],
  ["url", "https://a.example:8443/"],
  ["url", "https://127.0.0.1/"],
  ["url", "http://[::1]:4000/"],
  ["url", "http://localhost.example/"],
  ["url", `https://a.example/${"x".repeat(500)}`],
  ...["*", [], ["gift"], [5], [null], {}, null, Array(41).fill("*")].map(
    (value): [string, unknown] => ["events", value],
  ),
  ["description", "x".repeat(501)],
  ["description", ""],
  ["description", 5],
])("an invalid %s (%p) is 400, on creation and on change", async (field, value) => {
  const as = await admin();
  const body = { url, events: ["*"], [field]: value };
  const made = await call(`POST /api/v1/webhooks`, { as, body });
  expectFailure(made, 400, sentences[400]);
  expect(made.body.errors[1]).toMatch(new RegExp(`^${field}`));
  const { path } = await hooks.make(url);
  const changed = await call(`PATCH ${path}`, { as, body: { [field]: value } });
  expectFailure(changed, 400, sentences[400]);
});

test("invalid ids and empty changes are 400", async () => {
  const { as, path } = await hooks.make(url);
  expectFailure(await call(`GET /api/v1/webhooks/x`, { as }), 400, sentences[400]);
  expectFailure(await call(`GET /api/v1/webhooks/tencent`, { as }), 400, sentences[400]);
  expectFailure(await call(`GET ${path}/deliveries?limit=0`, { as }), 400, sentences[400]);
  expectFailure(await call(`GET ${path}/deliveries?after=x`, { as }), 400, sentences[400]);
  expectFailure(await call(`POST ${path}/deliveries/x/resend`, { as }), 400, sentences[400]);
  expectFailure(await call(`PATCH ${path}`, { as, body: {} }), 400, sentences[400]);
  expectFailure(await call(`PATCH ${path}`, { as, body: { enabled: 1 } }), 400, sentences[400]);
  const unknown = await call(`POST ${path}/deliveries/${freshId()}/resend`, { as });
  expectFailure(unknown, 404, sentences[404]);
});

testHeard("a stream's events arrive in order, signed, each with its own id", async () => {
  const inbox = await receiver();
  const { secret, path, as } = await hooks.make(inbox.url);
  const { host, id } = await liveStream();
  const isWallet = (type: string) => type.startsWith("wallet.");
  const [fan, other] = await Promise.all([person(), person()]);
  await Promise.all([fan, other].map((one) => topUp(one, 1000)));
  const rose = await giftType(7);
  // SQS does not accept U+FFFE and U+FFFF.
  for (const content of ["one", "two", "three \ufffe\uffff"])
    await call(`POST /api/v1/live-stream/${id}/chat/messages`, { as: fan, body: { content } });
  const start = { startCredits: 14, startSenders: 2, windowSeconds: 60 };
  const trains = (enabled: boolean) =>
    call(`PUT /api/v1/live-stream/${id}/train`, {
      as: host,
      body: { ...start, enabled, levels: [21], levelSeconds: 60 },
    });
  await trains(true);
  for (const [from, count] of [
    [fan, 1],
    [other, 3],
  ] as const)
    await call("POST /api/v1/gifts/create", {
      as: from,
      body: { giftTypeId: rose, liveStreamId: id, quantity: count },
    });
  await trains(false);
  await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
  const ours = () =>
    inbox.received.filter(({ body }) => body.data.streamId === id && !isWallet(body.type));
  await eventually(
    async () => ours(),
    (all) => all.some(({ body }) => body.type === "stream.ended"),
  );
  const judge = new Webhook(secret);
  for (const { text, headers } of ours()) judge.verify(text, headers as Record<string, string>);
  const events = (await call(`GET /api/v1/live-stream/${id}/events?after=0`, { as: host })).body
    .data;
  const shown = events.frames.flatMap((frame: { events: unknown[] }) => frame.events);
  expect(ours().map(({ body, headers }) => ({ id: headers["webhook-id"], ...body }))).toEqual(
    shown.map(({ id: eventId, type, at, data }: Record<string, object>) => ({
      id: eventId,
      type,
      timestamp: at,
      data: { ...data, streamId: id },
    })),
  );
  const ofTrain = ours().filter(({ body }) => body.data.kind === "train");
  expect(ofTrain.map(({ body }) => [body.type, body.data.level, body.data.status])).toEqual([
    ["moment.started", 0, "open"],
    ["moment.changed", 1, "open"],
    ["moment.ended", 1, "cancelled"],
  ]);
  expect(ours()[0]!.headers).toMatchObject({
    "content-type": "application/json",
    "user-agent": "Ovation",
  });
  const told = ours().find(({ body }) => body.type === "gift.sent")!;
  const eventId = told.headers["webhook-id"];
  expect(eventId).toMatch(/^gift:/);
  expect(await deliveryOf(eventId, path, as)).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
    eventId,
    type: "gift.sent",
    createdAt: told.body.timestamp,
    attempts: 1,
    status: "delivered",
    statusCode: 200,
    error: null,
    nextAttemptAt: null,
  });
});

testHeard(
  "the test event arrives whatever types the webhook lists; a resend repeats it",
  async () => {
    const inbox = await receiver();
    const { path, as, id } = await hooks.make(inbox.url, ["stream.ended"]);
    const { eventId } = (await call(`POST ${path}/test`, { as })).body.data;
    // Streams of other tests end meanwhile.
    const tests = async () => inbox.of("webhook.test");
    const [first] = await eventually(tests, (all) => all.length === 1);
    expect(first).toMatchObject({
      headers: { "webhook-id": eventId },
      body: { type: "webhook.test", data: { webhookId: id } },
    });
    const [row] = await eventually(
      async () =>
        (await call(`GET ${path}/deliveries`, { as })).body.data.list.filter(
          (one: { eventId: string }) => one.eventId === eventId,
        ),
      (list) => list.length === 1,
    );
    const again = await call(`POST ${path}/deliveries/${row.id}/resend`, { as });
    expect(again.body.data).toEqual({ id: row.id });
    const [, second] = await eventually(tests, (all) => all.length === 2);
    expect(second!.text).toBe(first!.text);
    expect(second!.headers["webhook-id"]).toBe(eventId);
  },
);

testHeard("after a rotation both secrets sign", async () => {
  const inbox = await receiver();
  const { path, as, secret } = await hooks.make(inbox.url, ["webhook.test"]);
  const rotated = (await call(`POST ${path}/rotate-secret`, { as })).body.data;
  const hours = (Date.parse(rotated.previousUntil) - Date.now()) / 3_600_000;
  expect(hours).toBeGreaterThan(23.9);
  expect(hours).toBeLessThan(24.1);
  await call(`POST ${path}/test`, { as });
  await eventually(
    async () => inbox.received,
    (all) => all.length === 1,
  );
  const { text, headers } = inbox.received[0]!;
  for (const one of [secret, rotated.secret])
    new Webhook(one).verify(text, headers as Record<string, string>);
  const forged = new Webhook(`whsec_${Buffer.alloc(32).toString("base64")}`);
  expect(() => forged.verify(text, headers as Record<string, string>)).toThrow();
  expect(() => new Webhook(secret).verify(`${text} `, headers as Record<string, string>)).toThrow();
});

testHeard(
  "a failure is retried after 5 s, with the same id; other events do not wait for it",
  async () => {
    // A slow machine may take more than five seconds from one line to the next: the other event is
    // sent before the failure, and the answer to the retry waits until the failure has been read.
    let other = "";
    const isRead = Promise.withResolvers<void>();
    const inbox = await receiver(async () => {
      const at = inbox.received.length;
      if (at === 0) other = await sendTest();
      if (at === 2) await isRead.promise;
      return at === 0 ? 500 : 204;
    });
    const { path, as } = await hooks.make(inbox.url, ["webhook.test"]);
    const sendTest = async () => (await call(`POST ${path}/test`, { as })).body.data.eventId;
    const first = await sendTest();
    const rows = async () => (await call(`GET ${path}/deliveries`, { as })).body.data.list;
    const isFailed = ({ statusCode }: { statusCode: number | null }) => statusCode === 500;
    const row = (await eventually(rows, (list) => list.some(isFailed))).find(isFailed);
    const failed = { statusCode: 500, error: "The answer was 500" };
    expect(row).toMatchObject({ attempts: 1, status: "pending", ...failed });
    // The time was set after the request had arrived, and before the row was read.
    const secondsAfter = (at: number) => (Date.parse(row.nextAttemptAt) - at) / 1000;
    expect(secondsAfter(inbox.received[0]!.at)).toBeGreaterThan(3.9);
    expect(secondsAfter(Date.now())).toBeLessThan(6.1);
    isRead.resolve();
    await eventually(
      async () => inbox.received,
      (all) => all.length === 3,
    );
    const ids = inbox.received.map(({ headers }) => headers["webhook-id"]);
    expect(ids).toEqual([first, other, first]);
    expect(inbox.received[2]!.text).toBe(inbox.received[0]!.text);
    expect(Number(inbox.received[2]!.headers["webhook-timestamp"])).toBeGreaterThan(
      Number(inbox.received[0]!.headers["webhook-timestamp"]),
    );
    await eventually(rows, (list) =>
      list.every(({ status }: { status: string }) => status === "delivered"),
    );
  },
  300_000,
);

testHeard(
  "a redirect is a failure and is not followed; 410 disables",
  async () => {
    const elsewhere = await receiver();
    const headers = { location: elsewhere.url };
    // Not given before the first attempt's failure has been read.
    const second = Promise.withResolvers<Reply>();
    const replies = [{ status: 302, headers }, second.promise];
    const inbox = await receiver(() => replies.shift() ?? 200);
    const { path, as } = await hooks.make(inbox.url, ["webhook.test"]);
    await call(`POST ${path}/test`, { as });
    const rows = async () => (await call(`GET ${path}/deliveries`, { as })).body.data.list;
    await eventually(rows, (list) => list[0]?.statusCode === 302);
    second.resolve(410);
    await eventually(rows, (list) => list[0]?.status === "failed");
    const webhook = await eventually(
      async () => (await call(`GET ${path}`, { as })).body.data,
      ({ enabled }) => enabled === false,
    );
    expect(webhook.enabled).toBe(false);
    expectFailure(await call(`POST ${path}/test`, { as }), 409, sentences[409]);
    expect(elsewhere.received).toEqual([]);
    expect(inbox.received.length).toBe(2);
  },
  300_000,
);

testHeard(
  "a deleted text is no longer sent",
  async () => {
    const { host, id } = await liveStream();
    // The first attempt fails once the text is deleted, however long that takes.
    const failed = Promise.withResolvers<Reply>();
    const inbox = await receiver(({ body }) => (body.data.streamId === id ? failed.promise : 500));
    const { path, as } = await hooks.make(inbox.url, ["chat.message"]);
    const chat = `/api/v1/live-stream/${id}/chat/messages`;
    const said = await call(`POST ${chat}`, { as: host, body: { content: "secret words" } });
    const ours = async () => inbox.received.filter(({ body }) => body.data.streamId === id);
    const [first] = await eventually(ours, (all) => all.length === 1);
    expect(first!.body.data.content).toBe("secret words");
    await call(`DELETE ${chat}/${said.body._id}`, { as: host });
    failed.resolve(500);
    const [, again] = await eventually(ours, (all) => all.length === 2);
    expect(again!.body.data).toMatchObject({ _id: said.body._id, content: "", deleted: true });
    expect(again!.text).not.toContain("secret");
    await call(`DELETE ${path}`, { as });
  },
  300_000,
);

testHeard.each([
  ["its message is", (as: Person, chat: string) => call(`DELETE ${chat}`, { as })],
  ["its author is", (as: Person) => call("DELETE /api/v1/users/me", { as })],
])("a resent event has no text once %s deleted", async (_, remove) => {
  const inbox = await receiver();
  const { path, as } = await hooks.make(inbox.url, ["chat.message", "chat.deleted"]);
  const [author, { id }] = await Promise.all([person(), liveStream()]);
  const chat = `/api/v1/live-stream/${id}/chat/messages`;
  const said = await call(`POST ${chat}`, { as: author, body: { content: "secret words" } });
  const ours = async () => inbox.received.filter(({ body }) => body.data.streamId === id);
  await eventually(ours, (all) => all.length === 1);
  expect((await remove(author, `${chat}/${said.body._id}`)).status).toBeLessThan(300);
  await eventually(ours, (all) => all.some(({ body }) => body.type === "chat.deleted"));
  const [sent] = await ours();
  const eventId = sent!.headers["webhook-id"];
  const row = await deliveryOf(eventId, path, as);
  await call(`POST ${path}/deliveries/${row.id}/resend`, { as });
  const [, , again] = await eventually(ours, (all) => all.length === 3);
  expect(again!.headers["webhook-id"]).toBe(eventId);
  expect(again!.body.data).toMatchObject({ _id: said.body._id, content: "", deleted: true });
  expect(again!.text).not.toContain("secret");
});

testHeard(
  "a disabled webhook gets no further attempt",
  async () => {
    let disable = async () => {};
    const inbox = await receiver(async () => {
      await disable();
      return 500;
    });
    const { path, as } = await hooks.make(inbox.url, ["webhook.test"]);
    // During the first attempt, so that no machine is too slow to be ahead of the second.
    disable = async () => void (await call(`PATCH ${path}`, { as, body: { enabled: false } }));
    await call(`POST ${path}/test`, { as });
    const rows = async () => (await call(`GET ${path}/deliveries`, { as })).body.data.list;
    const [row] = await eventually(rows, (list) => list.length === 1);
    const resend = await call(`POST ${path}/deliveries/${row.id}/resend`, { as });
    expectFailure(resend, 409, sentences[409]);
    const [last] = await eventually(rows, ([one]) => one.status === "failed");
    expect(last).toMatchObject({ attempts: 1, nextAttemptAt: null });
    expect(inbox.received.length).toBe(1);
  },
  300_000,
);
