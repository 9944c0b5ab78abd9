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
  topUp,
  walletOf,
} from "./people.ts";
import { tencent } from "./tencent-caller.ts";

const give = (as: Person, giftTypeId: string, liveStreamId: string, key?: string) =>
  call("POST /api/v1/gifts/create", {
    as,
    body: { giftTypeId, liveStreamId },
    ...(key !== undefined && { key }),
  });

const refund = (as: Person, id: string) => call(`POST /api/v1/gifts/${id}/refund`, { as });

const settled = (host: Person, balance: number) =>
  eventually(
    () => walletOf(host),
    (wallet) => wallet.balance === balance,
  );

async function prepare(credits = 1000, price = 10) {
  const [{ host, id: streamId }, typeId, sender] = await Promise.all([
    liveStream(),
    giftType(price),
    person(),
  ]);
  if (credits > 0) await topUp(sender, credits);
  return { host, streamId, typeId, sender };
}

test("a wallet with credits for one gift pays for one of 100 concurrent gifts", async () => {
  const { host, streamId, typeId, sender } = await prepare(10);
  const gifts = Array.from({ length: 100 }, () => give(sender, typeId, streamId));
  const statuses = (await Promise.all(gifts)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(1);
  expect(new Set(statuses)).toEqual(new Set([201, 409]));
  await settled(host, 10);
  expect(await walletOf(sender)).toMatchObject({ balance: 0 });
});

test("a quantity of gifts in one call is paid for and counted together, or not at all", async () => {
  const { host, streamId, typeId, sender } = await prepare(100);
  const send = (more: object) =>
    call("POST /api/v1/gifts/create", {
      as: sender,
      body: { giftTypeId: typeId, liveStreamId: streamId, ...more },
    });
  for (const quantity of [0, -1, 1.5, 1000, "3", null])
    expect([quantity, (await send({ quantity })).status]).toEqual([quantity, 400]);
  expect((await send({ quantity: 11 })).status).toBe(409);
  expect((await send({ quantity: 3, expectedPrice: 10 })).status).toBe(409);
  expect(await walletOf(sender)).toMatchObject({ balance: 100 });
  expect((await send({ quantity: 3, expectedPrice: 30 })).status).toBe(201);
  expect(await walletOf(sender)).toMatchObject({ balance: 70 });
  await settled(host, 30);
  const { body } = await call(`GET /api/v1/live-stream/${streamId}/gift-statistics`, { as: host });
  expect(body.data.totalCount).toBe(3);
});

test("a gift at another price than expected is refused and costs nothing", async () => {
  const { host, streamId, typeId, sender } = await prepare(100);
  const send = (expectedPrice: unknown) =>
    call("POST /api/v1/gifts/create", {
      as: sender,
      body: { giftTypeId: typeId, liveStreamId: streamId, expectedPrice },
    });
  const change = `PATCH /api/v1/gifts/gift-types/${typeId}`;
  await call(change, { as: await admin(), body: { creditAmount: 99 } });
  const refused = await send(10);
  expectFailure(refused, 409, sentences[409]);
  expect(refused.body.errors).toEqual([sentences[409], "expectedPrice: the price is 99, not 10"]);
  expect(refused.headers.get("x-error-code")).toBe("price_changed");
  for (const wrong of [0, 2_000_000_000]) expectFailure(await send(wrong), 409, sentences[409]);
  for (const bad of ["99", -1, 0.5]) expectFailure(await send(bad), 400, sentences[400]);
  expect(await walletOf(sender)).toMatchObject({ balance: 100 });
  expect((await send(99)).status).toBe(201);
  await settled(host, 99);
});

describe("an Idempotency-Key", () => {
  test("sent concurrently with one key make one gift, which all calls return", async () => {
    const { host, streamId, typeId, sender } = await prepare();
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => give(sender, typeId, streamId, "same")),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(new Set(made.map(({ body }) => body.data.id)).size).toBe(1);
    expect(made.filter(({ headers }) => !headers.has("idempotency-replayed"))).toHaveLength(1);
    for (const { status, headers } of answers)
      if (status !== 201) expect([status, headers.get("retry-after")]).toEqual([409, "1"]);
    await settled(host, 10);
  });

  test("returns the first success even after everything it relied on has changed", async () => {
    const { host, streamId, typeId, sender } = await prepare(10);
    const as = await admin();
    const first = await give(sender, typeId, streamId, "k");
    const same = async () => {
      const again = await give(sender, typeId, streamId, "k");
      expect([again.status, again.body.data]).toEqual([201, first.body.data]);
    };
    expect((await give(sender, typeId, streamId)).status).toBe(409);
    await same();
    await call(`PATCH /api/v1/gifts/gift-types/${typeId}`, { as, body: { isActive: false } });
    await same();
    const ban = { targetUserId: sender.id, liveStreamId: streamId };
    await call("POST /api/v1/live-stream-ban", { as: host, body: ban });
    expectFailure(await give(sender, typeId, streamId), 403, sentences[403]);
    await same();
    await call(`POST /api/v1/live-stream/${streamId}/end`, { as: host });
    await same();
  });

  test("can be used again after a refused gift", async () => {
    const { streamId, typeId, sender } = await prepare(0);
    expectFailure(await give(sender, typeId, streamId, "k"), 409, sentences[409]);
    await topUp(sender, 10);
    expect((await give(sender, typeId, streamId, "k")).status).toBe(201);
    expect((await walletOf(sender)).balance).toBe(0);
  });

  test("used for a different gift is 422 and charges nothing", async () => {
    const { streamId, typeId, sender } = await prepare(30);
    const other = await giftType(3);
    expect((await give(sender, typeId, streamId, "k")).status).toBe(201);
    expectFailure(await give(sender, other, streamId, "k"), 422, sentences[422]);
    expect((await walletOf(sender)).balance).toBe(20);
  });

  test("is separate for each user and each endpoint", async () => {
    const { streamId, typeId, sender } = await prepare(20);
    expect((await give(sender, typeId, streamId, "k")).status).toBe(201);
    const stranger = await person();
    await topUp(stranger, 10);
    const theirs = await give(stranger, typeId, streamId, "k");
    expect(theirs.status).toBe(201);
    expect(theirs.headers.has("idempotency-replayed")).toBe(false);
    const route = `POST /api/v1/live-stream/${streamId}/chat/superlike`;
    expect((await call(route, { as: sender, key: "k" })).status).toBe(201);
    expect((await call(route, { as: sender, key: "k" })).status).toBe(201);
    expect((await walletOf(sender)).balance).toBe(0);
  });
});

test("statistics, gifts and leaderboard count every gift once, and no superlikes", async () => {
  const { host, streamId, typeId, sender } = await prepare();
  const second = await person();
  await topUp(second, 1000);
  const cheap = await giftType(3);
  const ids: string[] = [];
  for (const type of [typeId, typeId, cheap])
    ids.push((await give(sender, type, streamId)).body.data.id);
  await give(second, cheap, streamId);
  await call(`POST /api/v1/live-stream/${streamId}/chat/superlike`, { as: second });
  await settled(host, 36);
  const read = (what: string) =>
    call(`GET /api/v1/live-stream/${streamId}/${what}`, { as: sender });
  const { body: statistics } = await read("gift-statistics");
  expect(statistics.data).toMatchObject({ liveStreamId: streamId, totalCount: 4 });
  const counts = statistics.data.giftTypeCounts.map(
    ({ giftType: { id }, count }: { giftType: { id: string }; count: number }) => [id, count],
  );
  expect(counts).toEqual([
    [cheap, 2],
    [typeId, 2],
  ]);
  const { data: page } = (await read("gifts?limit=3")).body;
  expect(page.pageInfo).toMatchObject({ hasNextPage: true, limit: 3 });
  const { data: rest } = (await read(`gifts?limit=3&after=${page.pageInfo.nextCursor}`)).body;
  expect(rest.pageInfo).toEqual({ nextCursor: null, hasNextPage: false, limit: 3 });
  const listed = [...page.list, ...rest.list].map(({ id }: { id: string }) => id);
  expect(listed.slice(1)).toEqual([...ids].reverse());
  const { data: board } = (
    await call(`GET /api/v1/live-stream/${streamId}/leaderboard`, { as: sender })
  ).body;
  type Row = { rank: number; user: { _id: string }; credits: number; gifts: number };
  const rows = board.map(({ rank, user, credits, gifts }: Row) => [rank, user._id, credits, gifts]);
  expect(rows).toEqual([
    [1, sender.id, 23, 3],
    [2, second.id, 3, 1],
  ]);
});

describe("a refund", () => {
  test("of a gift with further receivers requires an admin", async () => {
    const { host, streamId, typeId, sender } = await prepare(100);
    const guest = await person();
    await call("GET /api/v1/wallet", { as: guest });
    const wish = { RoomId: streamId, GiftId: typeId, From_Account: sender.id };
    for (const ReceiverList_Account of [[guest.id], [host.id, guest.id]])
      expect((await tencent("send_gift", { ...wish, ReceiverList_Account })).body.ErrorCode).toBe(
        0,
      );
    const { list } = (await call(`GET /api/v1/live-stream/${streamId}/gifts`, { as: host })).body
      .data;
    expect(list).toHaveLength(2);
    for (const { id } of list) expectFailure(await refund(host, id), 403, sentences[403]);
    const done = await refund(await admin(), list[0].id);
    expect(done.body.data).toMatchObject({ credits: 20 });
    expect(await walletOf(guest)).toMatchObject({ owed: 0 });
  });

  test("by the host or an admin works once, and reverses both sides of the payment", async () => {
    const { host, streamId, typeId, sender } = await prepare(100);
    const { id } = (await give(sender, typeId, streamId)).body.data;
    expectFailure(await refund(sender, id), 403, sentences[403]);
    expectFailure(await refund(host, freshId()), 404, sentences[404]);
    const done = await refund(host, id);
    expect(done.status).toBe(200);
    expect(done.body.data).toEqual({ id, credits: 10, refundedAt: expect.any(String) });
    expectFailure(await refund(host, id), 409, sentences[409]);
    expect(await walletOf(sender)).toMatchObject({ balance: 100 });
    expect(await walletOf(host)).toMatchObject({ balance: 0, pending: 0, owed: 0 });
    const route = `GET /api/v1/live-stream/${streamId}`;
    const { body } = await call(`${route}/gift-statistics`, { as: sender });
    expect(body.data.totalCount).toBe(0);
    expect((await call(`${route}/leaderboard`, { as: sender })).body.data).toEqual([]);
    const [row] = (await call(`${route}/gifts`, { as: sender })).body.data.list;
    expect(row).toMatchObject({ id, refundedAt: done.body.data.refundedAt });
    for (const as of [sender, host]) {
      const { body: told } = await call("GET /api/v1/notifications?category=payments", { as });
      expect(told.data).toHaveLength(1);
      expect(told.data[0].metadata).toMatchObject({ giftId: id, credits: 10 });
    }
  });

  test("by an admin beyond the host's balance becomes debt, repaid from the next gift", async () => {
    const { host, streamId, typeId, sender } = await prepare(100);
    const { id } = (await give(sender, typeId, streamId)).body.data;
    await settled(host, 10);
    const body = { recipientId: sender.id, amount: 8 };
    await call("POST /api/v1/messages/credit-transfer", { as: host, body });
    const refused = await refund(host, id);
    expectFailure(refused, 409, sentences[409]);
    expect(refused.body.errors[1]).toBe("Insufficient credits: balance 2, refund 10");
    expect(await walletOf(host)).toMatchObject({ balance: 2, owed: 0 });
    expect((await refund(await admin(), id)).status).toBe(200);
    expect(await walletOf(host)).toMatchObject({ balance: 0, owed: 8 });
    await give(sender, typeId, streamId);
    await settled(host, 2);
    expect(await walletOf(host)).toMatchObject({ balance: 2, owed: 0 });
    const { body: ledger } = await call("GET /api/v1/users/me/transactions?limit=2", { as: host });
    expect(ledger.data.list).toMatchObject([
      { type: "gift_refund_reversal", direction: "debit", amount: 8, balanceAfter: 2 },
      { type: "gift_revenue", direction: "credit", amount: 10, balanceAfter: 10 },
    ]);
  });
});
