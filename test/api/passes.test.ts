import {
  join,
  live,
  makePaidWorld,
  paidStream,
  price,
  refundRoute,
  settled,
} from "./paid-streams.ts";
import {
  type Answer,
  admin,
  call,
  eventually,
  expectFailure,
  freshId,
  type Person,
  person,
  rich,
  sentences,
  walletOf,
} from "./people.ts";
import { tencent } from "./tencent-caller.ts";
import { type Message, open, viewer, wsUrl } from "./viewer.ts";

test("joining a paid stream charges once, and the host gets the price", async () => {
  const { host, id } = await paidStream();
  const as = await rich(100);
  const shown = (await call(`GET ${live}/${id}`, { as })).body.data;
  expect(shown).toMatchObject({ accessType: "paid", price, pinned: null });
  expect((await call(`GET ${live}/${id}/events`, { as })).body.code).toBe("pass_required");
  const key = freshId();
  const joined = await join(as, id, { expectedPrice: price }, key);
  expect([joined.status, joined.body.data?.liveStream.id]).toEqual([200, id]);
  for (const again of [await join(as, id), await join(as, id, {}, freshId())])
    expect(again.status).toBe(200);
  const replayed = await join(as, id, { expectedPrice: price }, key);
  expect(replayed.headers.get("idempotency-replayed")).toBe("true");
  expect((await call(`GET ${live}/${id}/events`, { as })).status).toBe(200);
  await settled(host, price);
  expect(await walletOf(as)).toMatchObject({ balance: 100 - price });
  const typesOf = async (user: Person) =>
    (await call("GET /api/v1/users/me/transactions", { as: user })).body.data.list.map(
      (row: Record<string, unknown>) => [row.type, row.amount, row.streamId],
    );
  expect((await typesOf(as))[0]).toEqual(["stream_charge", price, id]);
  expect(await typesOf(host)).toEqual([["stream_revenue", price, id]]);
});

test.each([100, price])("one of twenty concurrent joins with %i credits is charged", async (n) => {
  const { host, id } = await paidStream();
  const as = await rich(n);
  const joins = await Promise.all(Array.from({ length: 20 }, () => join(as, id)));
  expect(joins.map(({ status }) => status)).toEqual(Array(20).fill(200));
  await settled(host, price);
  expect(await walletOf(as)).toMatchObject({ balance: n - price });
});

test("a refused payment moves nothing and admits nobody", async () => {
  const { host, id } = await paidStream();
  const poor = await rich(price - 1);
  expect((await join(poor, id)).body).toMatchObject({ statusCode: 409, code: "credits_too_low" });
  const as = await rich(100);
  const other = await join(as, id, { expectedPrice: price + 1 });
  expect(other.body).toMatchObject({ statusCode: 409, code: "price_changed" });
  const limited = await rich(100);
  const route = `PUT /api/v1/wallets/${limited.id}/spend-limit`;
  await call(route, { as: await admin(), body: { spendLimit: price - 1 } });
  expect((await join(limited, id)).body.code).toBe("spend_limit_reached");
  for (const [one, balance] of [
    [poor, price - 1] as const,
    [as, 100] as const,
    [limited, 100] as const,
  ]) {
    expect((await call(`GET ${live}/${id}/viewers`, { as: one })).body.code).toBe("pass_required");
    expect(await walletOf(one)).toMatchObject({ balance });
    const rows = (await call("GET /api/v1/users/me/transactions", { as: one })).body.data.list;
    expect(rows.map(({ type }: { type: string }) => type)).toEqual(["top_up"]);
  }
  expect(await walletOf(host)).toMatchObject({ balance: 0, pending: 0 });
  const scheduled = await call(`POST ${live}/create`, {
    as,
    body: { title: "Later", price, plannedStartDate: "2099-01-01T00:00:00Z" },
  });
  const early = await join(await rich(100), scheduled.body.data.id);
  expect(early.body.code).toBe("stream_not_live");
});

test("a free stream has no price; 0 is free", async () => {
  const as = await person();
  for (const body of [{ title: "Free" }, { title: "Free", price: 0 }]) {
    const { data } = (await call(`POST ${live}/create`, { as, body })).body;
    expect(data).toMatchObject({ accessType: "free" });
    expect(data).not.toHaveProperty("price");
  }
  for (const wrong of [-1, 1.5, 1_000_000_001])
    expectFailure(
      await call(`POST ${live}/create`, { as, body: { title: "x", price: wrong } }),
      400,
      sentences[400],
    );
});

test("an admin's refund removes the pass once, and another one can be bought", async () => {
  const { host, id } = await paidStream();
  const [as, boss, stranger] = [await rich(100), await admin(), await person()];
  await join(as, id);
  await settled(host, price);
  expectFailure(await call(refundRoute(id, as), { as: host }), 403, sentences[403]);
  const key = freshId();
  const refunded = await call(refundRoute(id, as), { as: boss, key });
  expect(refunded.body.data).toMatchObject({ credits: price });
  const again = await call(refundRoute(id, as), { as: boss, key });
  expect([again.status, again.body.data]).toEqual([200, refunded.body.data]);
  for (const user of [as, stranger, host]) {
    const missing = await call(refundRoute(id, user), { as: boss });
    expect(missing.body).toMatchObject({ statusCode: 404, code: "pass_not_found" });
  }
  const charge = refunded.body.data.id;
  for (const route of [`GET /api/v1/gifts/${charge}`, `POST /api/v1/gifts/${charge}/refund`])
    expect((await call(route, { as: boss })).body.code).toBe("gift_not_found");
  expect(await walletOf(as)).toMatchObject({ balance: 100 });
  expect(await walletOf(host)).toMatchObject({ balance: 0, owed: 0 });
  expect((await call(`GET ${live}/${id}/events`, { as })).body.code).toBe("pass_required");
  expect((await join(as, id)).status).toBe(200);
  expect(await walletOf(as)).toMatchObject({ balance: 100 - price });
});

test("a pass can be refunded even after the host deleted the stream", async () => {
  const { host, id } = await paidStream();
  const [as, boss] = [await rich(100), await admin()];
  await join(as, id);
  await settled(host, price);
  await call(`POST ${live}/${id}/end`, { as: host });
  expect((await call(`DELETE ${live}/${id}`, { as: host })).status).toBe(200);
  const refunded = await call(refundRoute(id, as), { as: boss });
  expect([refunded.status, refunded.body.data?.credits]).toEqual([200, price]);
  expect(await walletOf(as)).toMatchObject({ balance: 100 });
  const none = await call(refundRoute(freshId(), as), { as: boss });
  expect(none.body).toMatchObject({ statusCode: 404, code: "pass_not_found" });
});

test("a block is checked before the pass, and the stream's public page needs no pass", async () => {
  const { known, inside, out } = await makePaidWorld();
  const { streamId } = known;
  const ban = { targetUserId: inside.holder.id, liveStreamId: streamId };
  await call("POST /api/v1/live-stream-ban", { as: inside.host, body: ban });
  const messages = `GET ${live}/${streamId}/chat/messages`;
  expect((await call(messages, { as: inside.holder })).body.code).toBe("member_blocked");
  expect((await call(`GET ${live}/${streamId}`, { as: out.stranger })).status).toBe(200);
  const check = `GET /api/v1/live-stream-ban/check/${out.stranger.id}?liveStreamId=${streamId}`;
  expect((await call(check, { as: out.stranger })).status).toBe(200);
  const pin = { as: inside.host, body: { messageId: known.messageId } };
  await call(`PUT ${live}/${streamId}/chat/pin`, pin);
  const pinFor = async (as: Person) => (await call(`GET ${live}/${streamId}`, { as })).body.data;
  expect(await pinFor(inside.guest)).toMatchObject({ pinned: { content: "hello" } });
  expect(await pinFor(out.stranger)).toMatchObject({ pinned: null, pinnedMessageId: null });
});

test("sockets: no pass, no subscription; users who lose the pass or the role are unsubscribed", async () => {
  const { known, inside, out } = await makePaidWorld();
  const { streamId } = known;
  const subscribe = { action: "subscribe", streamId };
  const outsider = await viewer(out.stranger);
  outsider.send({ ...subscribe, requestId: "no" });
  const refused = await outsider.next(({ requestId }) => requestId === "no");
  expect(refused).toMatchObject({ type: "error", statusCode: 403, code: "pass_required" });
  const byUrl = await viewer(out.stranger, { query: { streamId } });
  expect(await byUrl.next(() => true)).toMatchObject({ type: "error", statusCode: 403 });
  const [holding, moderating] = [
    await viewer(inside.holder, { query: { streamId } }),
    await viewer(inside.moderator),
  ];
  moderating.send(subscribe);
  for (const one of [holding, moderating]) await one.next(({ type }) => type === "subscribed");
  await call(refundRoute(streamId, inside.holder), { as: inside.boss });
  await call(`PATCH ${live}/${streamId}/chat-settings`, {
    as: inside.host,
    body: { moderators: [] },
  });
  for (const one of [holding, moderating]) {
    const ended = await one.next(({ type }) => type === "unsubscribed");
    expect(ended).toEqual({ type: "unsubscribed", streamId, reason: "pass" });
    one.send({ ...subscribe, requestId: "again" });
    const again = await one.next(({ requestId }) => requestId === "again");
    expect(again).toMatchObject({ type: "error", statusCode: 403, code: "pass_required" });
  }
  const overlay = await call(`POST ${live}/${streamId}/overlay-keys`, {
    as: inside.host,
    body: {},
  });
  const keyed = await open(`${wsUrl()}?streamId=${streamId}&key=${overlay.body.data.key}`);
  expect(await keyed.next(() => true)).toMatchObject({ type: "subscribed" });
  const ticketOf = async (as: Person) =>
    (await call("POST /api/v1/ws-tickets", { as, body: { streamId } })).body.data?.ticket;
  expect(await ticketOf(out.stranger)).toBeUndefined();
  const ticket = await ticketOf(inside.boss);
  const admins = await open(`${wsUrl()}?streamId=${streamId}&ticket=${ticket}`);
  expect(await admins.next(() => true)).toMatchObject({ type: "subscribed" });
  for (const one of [outsider, byUrl, holding, moderating, keyed, admins]) one.close();
});

test("a removed channel moderator is unsubscribed, unless they also have a pass", async () => {
  const { host, id } = await paidStream();
  const [moderator, both, boss] = [await person(), await rich(100), await admin()];
  await call("GET /api/v1/users/me", { as: moderator });
  const setModerators = (people: Person[]) =>
    call("PATCH /api/v1/channel", { as: host, body: { moderators: people.map((one) => one.id) } });
  await join(both, id);
  expect((await setModerators([moderator, both])).status).toBe(200);
  const moderates = async (as: Person) =>
    (await call(`GET ${live}/${id}/viewers`, { as })).status === 200;
  await eventually(() => moderates(moderator), Boolean);
  const subscribe = { action: "subscribe", streamId: id };
  const sockets = [await viewer(moderator), await viewer(both)] as const;
  for (const one of sockets) {
    one.send(subscribe);
    await one.next(({ type }) => type === "subscribed");
  }
  await setModerators([both]);
  const [removed, staying] = sockets;
  const ended = { type: "unsubscribed", streamId: id, reason: "pass" };
  expect(await removed.next(({ type }) => type === "unsubscribed")).toEqual(ended);
  // One of two ways in suffices, whichever is lost first.
  await call(refundRoute(id, both), { as: boss });
  await call(`POST ${live}/${id}/chat/messages`, { as: host, body: { content: "still here" } });
  const next = await staying.next(
    ({ type, events }) =>
      type === "unsubscribed" || events?.some(({ data }: Message) => data.content === "still here"),
  );
  expect(next.type).toBe("events");
  expect((await join(both, id)).status).toBe(200);
  expect(await walletOf(both)).toMatchObject({ balance: 100 });
  await setModerators([]);
  expect(await staying.next(({ type }) => type === "unsubscribed")).toEqual(ended);
  expect((await join(both, id)).status).toBe(200);
  expect(await walletOf(both)).toMatchObject({ balance: 100 - price });
  for (const one of sockets) one.close();
});

test("a long poll at /events returns no new events once the pass is gone", async () => {
  const { known, inside } = await makePaidWorld();
  const { streamId } = known;
  const as = inside.holder;
  const heard: string[] = [];
  // Frames of earlier events may still arrive: each poll continues after the last one.
  const poll = async (after: number): Promise<Answer> => {
    const answer = await call(`GET ${live}/${streamId}/events?after=${after}&wait=20`, { as });
    if (answer.status !== 200) return answer;
    heard.push(JSON.stringify(answer.body.data.frames));
    return poll(answer.body.data.head);
  };
  const refused = poll((await call(`GET ${live}/${streamId}/events`, { as })).body.data.head);
  await call(refundRoute(streamId, as), { as: inside.boss });
  await call(`POST ${live}/${streamId}/chat/messages`, {
    as: inside.guest,
    body: { content: "for those inside" },
  });
  expect((await refused).body).toMatchObject({ statusCode: 403, code: "pass_required" });
  expect(heard.join()).not.toContain("for those inside");
});

test("Tencent senders without a pass get 100002", async () => {
  const { known, inside, out } = await makePaidWorld();
  const gift = { RoomId: known.streamId, GiftId: known.giftTypeId, Count: 1 };
  const send = (from: Person) =>
    tencent("send_gift", {
      ...gift,
      From_Account: from.id,
      ReceiverList_Account: [inside.host.id],
    });
  const refused = (await send(out.stranger)).body;
  expect(refused).toMatchObject({ ActionStatus: "FAIL", ErrorCode: 100002 });
  expect(refused.ErrorInfo).toContain("no pass for this room");
  expect((await send(inside.holder)).body).toMatchObject({ ActionStatus: "OK" });
  await call(refundRoute(known.streamId, inside.holder), { as: inside.boss });
  expect((await send(inside.holder)).body).toMatchObject({ ErrorCode: 100002 });
});
