import {
  admin,
  call,
  eventually,
  expectFailure,
  freshId,
  giftType,
  type Person,
  person,
  rich,
  sentences,
  walletOf,
} from "./people.ts";
import { tencent } from "./tencent-caller.ts";

const live = "/api/v1/live-stream";
const goal = 100;

const soon = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();

async function planned(more: Record<string, unknown> = {}) {
  const host = await person();
  const body = {
    title: "Live from the studio",
    fundingGoal: goal,
    plannedStartDate: soon(3_600_000),
    ...more,
  };
  const made = await call(`POST ${live}/create`, { as: host, body });
  return { host, id: made.body.data.id as string };
}

const fund = (as: Person, id: string, amount: unknown, key?: string) =>
  call(`POST ${live}/${id}/fund`, { as, body: { amount }, ...(key && { key }) });

const streamOf = async (as: Person, id: string) => (await call(`GET ${live}/${id}`, { as })).body;

const holding = (as: Person, balance: number) =>
  eventually(
    () => walletOf(as),
    (wallet) => wallet.balance === balance && wallet.pending === 0,
  );

const typesOf = async (as: Person) =>
  (await call("GET /api/v1/users/me/transactions", { as })).body.data.list.map(
    ({ type, amount }: { type: string; amount: number }) => `${type} ${amount}`,
  );

test("contributions are held, and go to the host once the stream is live and has reached its goal", async () => {
  const { host, id } = await planned({ price: 40 });
  const [ann, bob] = [await rich(100), await rich(100)];
  const key = freshId();
  const first = await fund(ann, id, 70, key);
  expect(first.body.data).toEqual({
    streamId: id,
    amount: 70,
    collectedFunding: 70,
    fundingGoal: goal,
    fundingPercentage: 70,
  });
  expect((await fund(ann, id, 70, key)).headers.get("idempotency-replayed")).toBe("true");
  const second = await fund(bob, id, 39);
  expect(second.body.data).toMatchObject({ collectedFunding: 109, fundingPercentage: 109 });
  for (const look of [await streamOf(ann, id), { data: await listedOf(ann, id) }])
    expect(look.data).toMatchObject({ fundingGoal: goal, collectedFunding: 109 });
  expect(await listedOf(host, id)).toBeUndefined();
  expect(await walletOf(ann)).toMatchObject({ balance: 30, pending: 0 });
  expect(await walletOf(host)).toMatchObject({ balance: 0, pending: 0 });
  const body = { liveStreamId: id };
  const started = await call(`POST ${live}/join-as-creator`, { as: host, body });
  expect(started.body.data.liveStream).toMatchObject({ status: "active", collectedFunding: 109 });
  await holding(host, 109);
  expect(await typesOf(host)).toEqual(["stream_revenue 109"]);
  expect((await fund(ann, id, 1)).body.code).toBe("stream_not_scheduled");
  expect((await call(`GET ${live}/${id}/events`, { as: ann })).status).toBe(200);
  expect((await call(`POST ${live}/join`, { as: ann, body })).status).toBe(200);
  expect(await walletOf(ann)).toMatchObject({ balance: 30 });
  expect((await call(`GET ${live}/${id}/events`, { as: bob })).body.code).toBe("pass_required");
  await call(`POST ${live}/join`, { as: bob, body });
  expect(await walletOf(bob)).toMatchObject({ balance: 100 - 39 - 40 });
  expect(await listedOf(ann, id)).toBeUndefined();
});

async function listedOf(as: Person, id: string) {
  const { data } = (await call(`GET ${live}/funded`, { as })).body;
  return data.find((stream: { id: string }) => stream.id === id);
}

test.each([
  ["live without the goal", "join-as-creator"],
  ["cancelled", "cancel"],
  ["deleted", "delete"],
])("%s: everybody gets their contribution back, once", async (_, how) => {
  const { host, id } = await planned();
  const people = await Promise.all([rich(50), rich(50), rich(50)]);
  for (const [n, as] of people.entries()) {
    await fund(as, id, 10 + n);
    await fund(as, id, 10);
  }
  const body = { liveStreamId: id };
  if (how === "join-as-creator") await call(`POST ${live}/join-as-creator`, { as: host, body });
  if (how === "cancel") await call(`POST ${live}/${id}/cancel`, { as: host });
  if (how === "delete") await call(`DELETE ${live}/${id}`, { as: host });
  for (const [n, as] of people.entries()) {
    await holding(as, 50);
    expect((await typesOf(as))[0]).toBe(`stream_funding_refund ${20 + n}`);
  }
  expect(await walletOf(host)).toMatchObject({ balance: 0, pending: 0, owed: 0 });
  expect(await listedOf(people[0]!, id)).toBeUndefined();
});

test("refused contributions move nothing", async () => {
  const { host, id } = await planned();
  const as = await rich(50);
  for (const wrong of [0, -1, 1.5, "1", null, 1_000_000_001])
    expectFailure(await fund(as, id, wrong), 400, sentences[400]);
  expect((await fund(as, id, 51)).body).toMatchObject({ statusCode: 409, code: "credits_too_low" });
  expect((await fund(host, id, 1)).body).toMatchObject({ statusCode: 403 });
  expect((await fund(as, freshId(), 1)).status).toBe(404);
  const plain = await planned({ fundingGoal: null });
  expect((await fund(as, plain.id, 1)).body.code).toBe("stream_not_funded");
  await call(`PUT /api/v1/wallets/${as.id}/spend-limit`, {
    as: await admin(),
    body: { spendLimit: 5 },
  });
  expect((await fund(as, id, 6)).body.code).toBe("spend_limit_reached");
  expect(await walletOf(as)).toMatchObject({ balance: 50 });
  const unplanned = { title: "x", fundingGoal: 1 };
  expectFailure(
    await call(`POST ${live}/create`, { as: host, body: unplanned }),
    400,
    sentences[400],
  );
});

test("gifts, joins and contributions count towards one spend limit", async () => {
  const { id } = await planned();
  const [as, boss, host] = [await rich(100), await admin(), await person()];
  const paid = await call(`POST ${live}/create`, { as: host, body: { title: "x", price: 30 } });
  const body = { liveStreamId: paid.body.data.id };
  await call(`POST ${live}/join-as-creator`, { as: host, body });
  const route = `PUT /api/v1/wallets/${as.id}/spend-limit`;
  await call(route, { as: boss, body: { spendLimit: 45 } });
  const join = () => call(`POST ${live}/join`, { as, body });
  expect((await fund(as, id, 10)).status).toBe(200);
  expect((await join()).status).toBe(200);
  expect((await fund(as, id, 6)).body.code).toBe("spend_limit_reached");
  const gift = { giftTypeId: await giftType(6), liveStreamId: body.liveStreamId };
  const given = await call("POST /api/v1/gifts/create", { as, body: gift });
  expect(given.body.code).toBe("spend_limit_reached");
  expect((await fund(as, id, 5)).status).toBe(200);
  expect((await fund(as, id, 1)).body.code).toBe("spend_limit_reached");
  expect((await join()).status).toBe(200);
  expect(await walletOf(as)).toMatchObject({ balance: 55 });
});

test("contributors of the full price may send Tencent gifts, others get 100002", async () => {
  const { host, id } = await planned({ price: 40 });
  const [whole, part] = [await rich(100), await rich(100)];
  await fund(whole, id, 40);
  await fund(part, id, 60 - 21);
  await fund(whole, id, 21);
  const body = { liveStreamId: id };
  expect((await call(`POST ${live}/join-as-creator`, { as: host, body })).status).toBe(200);
  await holding(host, 100);
  const GiftId = await giftType(1);
  const send = (from: Person) =>
    tencent("send_gift", {
      RoomId: id,
      GiftId,
      Count: 1,
      From_Account: from.id,
      ReceiverList_Account: [host.id],
    });
  expect((await send(part)).body).toMatchObject({ ActionStatus: "FAIL", ErrorCode: 100002 });
  expect((await send(whole)).body).toMatchObject({ ActionStatus: "OK" });
  await holding(host, 101);
});

test("a user cannot delete their account while their contribution is held", async () => {
  const { host, id } = await planned();
  const as = await rich(10);
  await fund(as, id, 10);
  const leave = () => call("DELETE /api/v1/users/me", { as });
  expect((await leave()).body).toMatchObject({ statusCode: 409, code: "account_in_use" });
  await call(`POST ${live}/${id}/cancel`, { as: host });
  await holding(as, 10);
  const left = await call("DELETE /api/v1/users/me?forfeit=true", { as });
  expect(left.status).toBe(204);
});
