import {
  admin,
  call,
  eventually,
  expectFailure,
  freshId,
  giftType,
  known,
  liveStream,
  type Person,
  person,
  sentences,
  service,
  topUp,
} from "./people.ts";

const read = async (route: string, as: Person) => {
  const { status, body } = await call(route, { as });
  return { status, data: body?.data };
};

test("users who are not blocked read a message and a gift by id", async () => {
  const [{ id, host }, as, rose] = await Promise.all([liveStream(), known(), giftType(7)]);
  await topUp(as, 100);
  const chat = `/api/v1/live-stream/${id}/chat/messages`;
  const { body: said } = await call(`POST ${chat}`, { as: host, body: { content: "hello" } });
  const body = { giftTypeId: rose, liveStreamId: id };
  const giftId = (await call("POST /api/v1/gifts/create", { as, body })).body.data.id;

  const message = await read(`GET /api/v1/live-stream/${id}/chat/messages/${said._id}`, as);
  expect(message).toEqual({ status: 200, data: { ...said, sender: message.data.sender } });
  const gift = await eventually(
    () => read(`GET /api/v1/gifts/${giftId}`, host),
    ({ data }) => data.totals.count === 1,
  );
  const { list } = (await read(`GET /api/v1/live-stream/${id}/gifts`, as)).data;
  expect(gift.data).toEqual(list[0]);

  const ban = { targetUserId: as.id, liveStreamId: id };
  await call("POST /api/v1/live-stream-ban", { as: host, body: ban });
  for (const route of [`GET ${chat}/${said._id}`, `GET /api/v1/gifts/${giftId}`])
    expect((await call(route, { as })).body.code).toBe("member_blocked");
  await call(`DELETE ${chat}/${said._id}`, { as: host });
  for (const route of [`GET ${chat}/${said._id}`, `GET /api/v1/gifts/${freshId()}`])
    expectFailure(await call(route, { as: host }), 404, sentences[404]);
});

test("superlikes are listed newest first, by cursors, and gifts are not among them", async () => {
  const [{ id }, as, rose] = await Promise.all([liveStream(), known(), giftType(7)]);
  await topUp(as, 1_000);
  const superlike = () => call(`POST /api/v1/live-stream/${id}/chat/superlike`, { as });
  const made = [];
  for (let n = 0; n < 3; n++) made.push((await superlike()).body);
  await call("POST /api/v1/gifts/create", { as, body: { giftTypeId: rose, liveStreamId: id } });
  const page = async (query: string) =>
    (await read(`GET /api/v1/live-stream/${id}/superlikes?${query}`, as)).data;
  const first = await page("limit=2");
  const second = await page(`limit=2&after=${first.pageInfo.nextCursor}`);
  const all = [...first.list, ...second.list];
  const shown = all.map(({ id: _, refundedAt: __, ...superlike }) => superlike);
  expect(shown).toEqual(made.reverse());
  const [refunded] = all;
  const { body } = await call(`POST /api/v1/gifts/${refunded.id}/refund`, { as: await admin() });
  const { list } = await page("limit=2");
  expect([list[0].refundedAt, list[1].refundedAt]).toEqual([body.data.refundedAt, null]);
  expect([first.pageInfo.hasNextPage, second.pageInfo]).toEqual([
    true,
    { nextCursor: null, hasNextPage: false, limit: 2 },
  ]);
});

test("a user is read by id, and followed users are paged by cursors", async () => {
  const [as, ...others] = await Promise.all([known(), known(), known(), known()]);
  for (const { id } of others) await call(`POST /api/v1/follow/${id}`, { as });
  const { data } = await read(`GET /api/v1/users/${others[0]!.id}`, as);
  expect(data).toMatchObject({ _id: others[0]!.id, followersCount: 1, followingCount: 0 });
  expectFailure(await call(`GET /api/v1/users/${freshId()}`, { as }), 404, sentences[404]);

  const following = async (query = "") =>
    (await read(`GET /api/v1/follow/me/following?limit=2${query}`, as)).data;
  const first = await following();
  const second = await following(`&after=${first.pageInfo.nextCursor}`);
  const users = [...first.list, ...second.list];
  // As in the list of followers, which is Allmine's.
  expect(first.users).toEqual(first.list);
  expect(await read("GET /api/v1/follow/me/following?limit=100", as)).toMatchObject({
    status: 200,
    data: { list: users, pageInfo: { nextCursor: null, hasNextPage: false, limit: 100 } },
  });
  expect(users.map(({ _id }) => _id)).toEqual(others.map(({ id }) => id).sort());
  expect(users.every(({ isFollowing }) => isFollowing)).toBe(true);
  expect(second.pageInfo.hasNextPage).toBe(false);
});

test("a back end finds a booking by its reference, and pages through a ledger", async () => {
  const [as, backEnd] = await Promise.all([known(), service()]);
  const references = Array.from({ length: 5 }, (_, n) => `order ${n} ${freshId()}`);
  for (const [n, reference] of references.entries())
    await call(`POST /api/v1/wallets/${as.id}/top-ups`, {
      as: backEnd,
      key: freshId(),
      body: { amount: n + 1, reference },
    });
  const path = `/api/v1/wallets/${as.id}/transactions`;
  const rows = async (query: string) => (await read(`GET ${path}?${query}`, backEnd)).data;
  const named = (reference: string) => rows(`reference=${encodeURIComponent(reference)}`);
  expect((await named(references[1]!)).list).toMatchObject([
    { type: "top_up", amount: 2, reference: references[1] },
  ]);
  // A top-up trims its reference, so a search does, too.
  expect((await named(` ${references[1]}\t`)).list).toMatchObject([{ amount: 2 }]);
  expect((await named("never used")).list).toEqual([]);
  const first = await rows("limit=3");
  const second = await rows(`limit=3&after=${first.pageInfo.nextCursor}`);
  const all = [...first.list, ...second.list];
  expect(all.map(({ reference }) => reference)).toEqual(references.toReversed());
  expect(second.pageInfo.hasNextPage).toBe(false);
  const own = (await read("GET /api/v1/users/me/transactions", as)).data.list;
  expect(all).toEqual(own);
  expect((await call(`GET ${path}`, { as })).body.code).toBe("role_missing");
  const nobody = `GET /api/v1/wallets/${freshId()}/transactions`;
  expectFailure(await call(nobody, { as: backEnd }), 404, sentences[404]);
});

test("a back end reads a user's devices with their tokens, and sets names", async () => {
  const [as, backEnd, other] = await Promise.all([known(), service(), known()]);
  const save = (body: object) => call("POST /api/v1/notifications/device-token", { as, body });
  await save({ token: "first", platform: "ios", deviceId: "phone" });
  await save({ token: "second", platform: "android" });
  const devices = await read(`GET /api/v1/users/${as.id}/devices`, backEnd);
  expect(devices.data).toMatchObject([
    { token: "second", platform: "android", deviceId: null, timezone: null },
    { token: "first", platform: "ios", deviceId: "phone" },
  ]);
  expect((await call(`GET /api/v1/users/${as.id}/devices`, { as })).body.code).toBe("role_missing");

  const username = `u${freshId()}`;
  const set = (body: object, id = as.id, by = backEnd) =>
    call(`PUT /api/v1/users/${id}`, { as: by, body });
  const named = await set({ username, name: "Ann" });
  expect(named.body.data).toMatchObject({ username, name: "Ann", surname: "" });
  expect((await set({ surname: "Lee" })).body.data).toMatchObject({ username, surname: "Lee" });
  expect((await set({ username }, other.id)).body.code).toBe("username_taken");
  expect((await set({ username: "support" })).body.code).toBe("username_reserved");
  expect((await set({})).body.code).toBe("request_invalid");
  expect((await set({ name: "x" }, freshId())).body.code).toBe("user_not_found");
  expect((await set({ name: "x" }, as.id, as)).body.code).toBe("role_missing");
  // An imported user is known, and their own token still completes missing names.
  const newcomer = await person({ claims: { given_name: "New" } });
  expect((await set({ create: false }, newcomer.id)).body.code).toBe("request_invalid");
  const brought = await set({ create: true }, newcomer.id);
  expect(brought.body.data).toMatchObject({ _id: newcomer.id, username: "", name: "" });
  expect((await set({ create: true }, newcomer.id)).body.data).toEqual(brought.body.data);
  const own = await call("GET /api/v1/users/me", { as: newcomer });
  expect(own.body.data).toMatchObject({ name: "New" });
  // The back end may do so without limits, and every read shows the change.
  for (let n = 0; n < 8; n++)
    expect((await set({ name: `Ann ${n}`, username: `${username}${n}` })).status).toBe(200);
  const shown = await call(`GET /api/v1/users/profile/username/${username}7`);
  expect(shown.body.data).toMatchObject({ _id: as.id, name: "Ann 7", surname: "Lee" });
});

test("a push token belongs to the device that saved it last", async () => {
  const [one, other, backEnd] = await Promise.all([known(), known(), service()]);
  const save = (as: Person, body: object) =>
    call("POST /api/v1/notifications/device-token", { as, body });
  const devicesOf = async ({ id }: Person) =>
    (await read(`GET /api/v1/users/${id}/devices`, backEnd)).data;
  const [token, island] = [`t-${freshId()}`, `i-${freshId()}`];
  const phone = { token, deviceId: "phone", liveActivityPushToStartToken: island };
  await save(one, phone);
  await save(other, { token, deviceId: "phone" });
  expect(await devicesOf(other)).toMatchObject([{ token, liveActivityPushToStartToken: null }]);
  expect(await devicesOf(one)).toMatchObject([
    { token: null, deviceId: "phone", liveActivityPushToStartToken: island },
  ]);
  // A device that has another token by now loses nothing, and a token may move again.
  await save(other, { token: `${token}2`, deviceId: "phone" });
  await save(one, { token, deviceId: "tablet" });
  expect(await devicesOf(other)).toMatchObject([{ token: `${token}2` }]);
  expect((await devicesOf(one)).map((row: { token: unknown }) => row.token)).toEqual([token, null]);
  await call(`DELETE /api/v1/notifications/device-token/${token}`, { as: one });
  await save(other, { token, deviceId: "second" });
  expect((await devicesOf(one)).length).toBe(1);
});

test("the second version of the search finds what the first does", async () => {
  const [as, boss] = await Promise.all([known(), admin()]);
  const username = `find${freshId()}`;
  await call(`PUT /api/v1/users/${as.id}`, { as: boss, body: { username } });
  const found = await eventually(
    () => read(`GET /api/v2/users/search?q=${username}`, as),
    ({ data }) => data.list.length > 0,
  );
  const { data } = await read(`GET /api/v1/users/search?q=${username}`, as);
  expect(found.data).toEqual(data);
});

test("a guest may cancel a planned stream, and nothing else", async () => {
  const [host, guest, other] = await Promise.all([known(), known(), known()]);
  const create = async (body: object) =>
    (await call("POST /api/v1/live-stream/create", { as: host, body })).body.data.id;
  const cancel = (id: string, as: Person) => call(`POST /api/v1/live-stream/${id}/cancel`, { as });
  const plannedStartDate = new Date(Date.now() + 3_600_000).toISOString();
  const guests = [guest.id];
  const planned = await create({ title: "planned", guests, plannedStartDate });
  expect((await cancel(planned, other)).body.code).toBe("stream_not_yours");
  expect((await cancel(planned, guest)).body.data.status).toBe("cancelled_by_guest");
  expect((await cancel(planned, host)).body.code).toBe("stream_not_cancellable");
  const unplanned = await create({ title: "unplanned", guests });
  expect((await cancel(unplanned, guest)).body.code).toBe("stream_not_cancellable");
  expect((await cancel(unplanned, host)).body.data.status).toBe("cancelled_by_host");
});
