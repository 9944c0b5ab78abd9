import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  admin,
  call,
  expectFailure,
  freshId,
  giftType,
  known,
  liveStream,
  type Person,
  sentences,
  service,
  topUp,
  walletOf,
} from "./people.ts";

const transactionsOf = async (as: Person, query = "") =>
  (await call(`GET /api/v1/users/me/transactions${query}`, { as })).body.data;

describe("top-ups and payouts", () => {
  const topUps = (to: Person) => `POST /api/v1/wallets/${to.id}/top-ups`;
  const payouts = (to: Person) => `POST /api/v1/wallets/${to.id}/payouts`;

  test("need a role, and a key", async () => {
    const user = await known();
    const body = { amount: 5, reference: "r" };
    for (const route of [topUps(user), payouts(user)]) {
      expectFailure(await call(route, { as: user, key: "k", body }), 403, sentences[403]);
      expectFailure(await call(route, { as: await admin(), body }), 400, sentences[400]);
    }
  });

  test("a reference is unique in a wallet, whatever the key", async () => {
    const [user, other, as] = [await known(), await known(), await service()];
    const body = { amount: 5, reference: "order 1" };
    const first = await call(topUps(user), { as, key: "a", body });
    expect(first.status).toBe(201);
    expect(first.body.data).toEqual({
      userId: user.id,
      amount: 5,
      balance: 5,
      reference: "order 1",
    });
    expectFailure(await call(topUps(user), { as, key: "b", body }), 409, sentences[409]);
    expectFailure(await call(payouts(user), { as, key: "c", body }), 409, sentences[409]);
    expect((await call(topUps(other), { as, key: "d", body })).status).toBe(201);
    const again = await call(topUps(user), { as, key: "a", body });
    expect([again.status, again.body.data]).toEqual([201, first.body.data]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect((await walletOf(user)).balance).toBe(5);
  });

  test("a payout takes at most the balance", async () => {
    const [user, as] = [await known(), await admin()];
    await topUp(user, 10);
    const pay = (amount: number) =>
      call(payouts(user), { as, key: freshId(), body: { amount, reference: freshId() } });
    const refused = await pay(11);
    expectFailure(refused, 409, sentences[409]);
    expect(refused.body.errors[1]).toBe("Insufficient credits: balance 10, price 11");
    expect((await pay(10)).body.data).toMatchObject({ amount: 10, balance: 0 });
    expect(await walletOf(user)).toEqual({ balance: 0, pending: 0, owed: 0, spendLimit: 0 });
  });

  const amounts = JSON.parse(
    readFileSync(join(import.meta.dirname, "../corpora/amounts.json"), "utf8"),
  ) as { raw: string; expect: string }[];

  test("invalid amounts move nothing, and valid ones move exactly that amount", async () => {
    const [user, as] = [await known(), await admin()];
    let balance = 0;
    for (const { raw, expect: expected } of amounts) {
      const body = `{"amount":${raw},"reference":${JSON.stringify(freshId())}}`;
      const answer = await call(topUps(user), { as, key: freshId(), raw: body });
      const allowed = expected === "400" ? [400] : expected === "accept" ? [201] : [201, 400];
      expect({ raw, status: answer.status, ok: allowed.includes(answer.status) }).toMatchObject({
        ok: true,
      });
      if (answer.status === 201) balance += JSON.parse(body).amount;
      expect({ raw, ...(await walletOf(user)) }).toMatchObject({ raw, balance });
    }
  });
});

describe("credits between users", () => {
  const route = "POST /api/v1/messages/credit-transfer";

  test("move immediately, and show nobody the other user's balance", async () => {
    const [from, to] = [await known(), await known()];
    await topUp(from, 30);
    const answer = await call(route, { as: from, body: { recipientId: to.id, amount: 12 } });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      senderId: from.id,
      recipientId: to.id,
      transferredAmount: 12,
      senderBalance: 18,
      recipientBalance: null,
    });
    const [sent] = (await transactionsOf(from)).list;
    const [received] = (await transactionsOf(to)).list;
    expect(sent).toMatchObject({ type: "credit_transfer_sent", direction: "debit", amount: 12 });
    expect(sent.counterpart._id).toBe(to.id);
    expect(received).toMatchObject({ type: "credit_transfer_received", balanceAfter: 12 });
  });

  test("are refused to oneself, to unknown users, and above the balance", async () => {
    const [from, to] = [await known(), await known()];
    await topUp(from, 5);
    const send = (recipientId: string, amount: number) =>
      call(route, { as: from, body: { recipientId, amount } });
    expectFailure(await send(from.id, 1), 400, sentences[400]);
    expectFailure(await send(freshId(), 1), 404, sentences[404]);
    expectFailure(await send(to.id, 6), 409, sentences[409]);
    expect((await walletOf(from)).balance).toBe(5);
  });

  test("count towards the daily limit together with gifts", async () => {
    const [from, to, { id: liveStreamId }] = await Promise.all([known(), known(), liveStream()]);
    await topUp(from, 5000);
    const limit = `PUT /api/v1/wallets/${from.id}/spend-limit`;
    await call(limit, { as: await admin(), body: { spendLimit: 30 } });
    const send = (amount: number) =>
      call(route, { as: from, body: { recipientId: to.id, amount } });
    const refused = await send(31);
    expectFailure(refused, 409, sentences[409]);
    expect(refused.body.errors[1]).toMatch(/^Daily spend limit reached: 0 of 30 credits/);
    const gift = { giftTypeId: await giftType(10), liveStreamId };
    const given = await call("POST /api/v1/gifts/create", { as: from, body: gift });
    expect([given.status, (await send(20)).status]).toEqual([201, 201]);
    expectFailure(await send(1), 409, sentences[409]);
    expect((await walletOf(from)).balance).toBe(4970);
    expect((await walletOf(to)).balance).toBe(20);
  });

  test("lose nothing in opposite concurrent transfers", async () => {
    const [a, b] = [await known(), await known()];
    await Promise.all([topUp(a, 100), topUp(b, 100)]);
    const sends = Array.from({ length: 20 }, (_, n) => {
      const [from, to] = n % 2 === 0 ? [a, b] : [b, a];
      return call(route, { as: from, body: { recipientId: to.id, amount: n + 1 } });
    });
    for (const { status } of await Promise.all(sends)) expect([201, 409, 503]).toContain(status);
    expect((await walletOf(a)).balance + (await walletOf(b)).balance).toBe(200);
  });
});

test("packages are public and can be bought if the stage allows it", async () => {
  const { body } = await call("GET /api/v1/credit-packages?storeType=test");
  const [cheapest] = body.data;
  expect(Object.keys(cheapest)).toEqual([
    ...["id", "creditAmount", "revenuecatProductId", "storeIdentifier", "storeType"],
    ...["createdAt", "updatedAt"],
  ]);
  const buyer = await known();
  const route = "POST /api/v1/credit-packages/purchase";
  const bought = await call(route, { as: buyer, body: { packageId: cheapest.id } });
  expect([bought.status, bought.body.data]).toEqual([201, {}]);
  expect((await walletOf(buyer)).balance).toBe(cheapest.creditAmount);
  const missing = await call(route, { as: buyer, body: { packageId: freshId() } });
  expectFailure(missing, 404, sentences[404]);
});

describe("a user's own transactions", () => {
  let user: Person;
  beforeAll(async () => {
    user = await known();
    const other = await known();
    await topUp(user, 100);
    for (let n = 1; n <= 5; n++)
      await call("POST /api/v1/messages/credit-transfer", {
        as: user,
        body: { recipientId: other.id, amount: n },
      });
    await topUp(user, 7);
  });

  test("are newest first, paged, with the keys of the interface", async () => {
    const { list, pagination } = await transactionsOf(user, "?limit=3&page=2");
    expect(list.map(({ amount }: { amount: number }) => amount)).toEqual([3, 2, 1]);
    expect(pagination).toEqual({
      currentPage: 2,
      totalPages: 3,
      totalItems: 7,
      itemsPerPage: 3,
      hasNextPage: true,
      hasPrevPage: true,
    });
    expect(Object.keys(list[0])).toEqual([
      ...["id", "type", "direction", "amount", "balanceAfter", "status", "counterpart"],
      ...["streamId", "giftId", "reference", "occurredAt"],
    ]);
    expect((await transactionsOf(user, "?page=9")).list).toEqual([]);
  });

  test.each([
    ["?sort=asc&limit=2", [100, 1]],
    ["?direction=credit", [7, 100]],
    ["?types=top_up", [7, 100]],
    ["?types=top_up,payout", [7, 100]],
    ["?types=payout&types=top_up&sort=asc", [100, 7]],
    ["?types=top_up&types[]=credit_transfer_sent&limit=2", [7, 5]],
    ["?types[]=credit_transfer_sent&limit=2&page=2", [3, 2]],
    ["?statuses=pending", []],
    ["?statuses=completed&direction=debit&limit=1", [5]],
    ["?dateTo=2020-01-01", []],
    ["?dateFrom=2020-01-01&dateTo=LAST_DAY&limit=1", [7]],
  ])("%s", async (query, amounts) => {
    const [{ occurredAt }] = (await transactionsOf(user, "?limit=1")).list;
    const { list } = await transactionsOf(user, query.replace("LAST_DAY", occurredAt.slice(0, 10)));
    expect(list.map(({ amount }: { amount: number }) => amount)).toEqual(amounts);
  });

  test.each(["?page=0", "?limit=101", "?types=x", "?direction=up", "?dateFrom=soon", "?sort=up"])(
    "%s is refused",
    async (query) => {
      const answer = await call(`GET /api/v1/users/me/transactions${query}`, { as: user });
      expectFailure(answer, 400, sentences[400]);
    },
  );
});

test("a user's own spend limit applies to a day's gifts and superlikes", async () => {
  const [sender, as, { id: liveStreamId }] = [await known(), await admin(), await liveStream()];
  const giftTypeId = await giftType(15);
  await topUp(sender, 100);
  const route = `PUT /api/v1/wallets/${sender.id}/spend-limit`;
  expectFailure(await call(route, { as: sender, body: { spendLimit: 0 } }), 403, sentences[403]);
  expect((await call(route, { as, body: { spendLimit: 30 } })).status).toBe(200);
  const give = () =>
    call("POST /api/v1/gifts/create", { as: sender, body: { giftTypeId, liveStreamId } });
  expect((await give()).status).toBe(201);
  expect((await give()).status).toBe(201);
  const refused = await give();
  expectFailure(refused, 409, sentences[409]);
  expect(refused.body.errors[1]).toMatch(/^Daily spend limit reached: 30 of 30 credits/);
  const superlike = `POST /api/v1/live-stream/${liveStreamId}/chat/superlike`;
  expectFailure(await call(superlike, { as: sender }), 409, sentences[409]);
  expect(await walletOf(sender)).toMatchObject({ balance: 70, spendLimit: 30 });
  await call(route, { as, body: { spendLimit: null } });
  expect((await give()).status).toBe(201);
});
