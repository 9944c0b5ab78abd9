import {
  type Answer,
  admin,
  call,
  eventually,
  freshId,
  giftType,
  type Person,
  person,
  topUp,
} from "./people.ts";

/** The number of concurrent calls, of which one takes effect. */
const times = 16;

/** Makes a call concurrently; returns how often each status occurred. */
async function race(make: (at: number) => Promise<Answer>) {
  const answers = await Promise.all(Array.from({ length: times }, (_, at) => make(at)));
  const statuses: Record<number, number> = {};
  for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1;
  return { statuses, won: answers.find(({ status }) => status < 300)! };
}

const once = (done: number, refused: number) => ({ [done]: 1, [refused]: times - 1 });
const known = async (as: Person) => {
  await call("GET /api/v1/users/me", { as });
  return as;
};

test("concurrent starts, bans, unbans, refunds, deletions and ends take effect and are announced once", async () => {
  const host = await person();
  const made = await call("POST /api/v1/live-stream/create", { as: host, body: { title: "x" } });
  const id: string = made.body.data.id;
  const live = { as: host, body: { liveStreamId: id } };
  const goLive = () => call("POST /api/v1/live-stream/join-as-creator", live);
  expect((await race(goLive)).statuses).toEqual({ 200: times });

  const target = await known(await person());
  const ban = { as: host, body: { targetUserId: target.id, liveStreamId: id } };
  const banned = await race(() => call("POST /api/v1/live-stream-ban", ban));
  expect(banned.statuses).toEqual(once(200, 409));
  const lift = `DELETE /api/v1/live-stream-ban/${banned.won.body.data._id}`;
  expect((await race(() => call(lift, { as: host }))).statuses).toEqual(once(200, 409));

  const [giftTypeId, sender] = await Promise.all([giftType(4), person()]);
  await topUp(sender, 8);
  const gift = { as: sender, body: { giftTypeId, liveStreamId: id } };
  const sent = await call("POST /api/v1/gifts/create", gift);
  const refund = `POST /api/v1/gifts/${sent.body.data.id}/refund`;
  expect((await race(() => call(refund, { as: host }))).statuses).toEqual(once(200, 409));
  const wallets = [sender, host].map((as) => call("GET /api/v1/wallet", { as }));
  const balances = (await Promise.all(wallets)).map(({ body }) => body.data.balance);
  expect(balances).toEqual([8, 0]);

  const chat = `/api/v1/live-stream/${id}/chat/messages`;
  const said = await call(`POST ${chat}`, { as: sender, body: { content: "x" } });
  const remove = () => call(`DELETE ${chat}/${said.body._id}`, { as: host });
  expect((await race(remove)).statuses).toEqual(once(204, 404));
  const end = () => call(`POST /api/v1/live-stream/${id}/end`, { as: host });
  expect((await race(end)).statuses).toEqual(once(200, 409));

  const told = async () => {
    const answer = await call(`GET /api/v1/live-stream/${id}/events?after=0`, { as: host });
    const frames: { events: { type: string }[] }[] = answer.body.data.frames;
    return frames.flatMap(({ events }) => events.map(({ type }) => type));
  };
  const types = await eventually(told, (all) => all.includes("stream.ended"));
  const expected = [
    ...["stream.started", "member.banned", "member.unbanned", "gift.sent", "gift.refunded"],
    ...["chat.message", "chat.deleted", "stream.ended"],
  ];
  for (const type of expected)
    expect([type, types.filter((one) => one === type).length]).toEqual([type, 1]);
  const gone = () => call(`DELETE /api/v1/live-stream/${id}`, { as: host });
  expect((await race(gone)).statuses).toEqual(once(200, 404));
});

test("concurrent follows count once, and a username has one holder", async () => {
  const [fan, star] = [await known(await person()), await known(await person())];
  const stats = async () =>
    (await call(`GET /api/v1/users/${star.id}/stats`, { as: fan })).body.data.followers;
  const follow = `/api/v1/follow/${star.id}`;
  expect((await race(() => call(`POST ${follow}`, { as: fan }))).statuses).toEqual({ 200: times });
  expect(await stats()).toBe(1);
  await race(() => call(`DELETE ${follow}`, { as: fan }));
  expect(await stats()).toBe(0);
  const fans = await Promise.all(Array.from({ length: times }, () => person()));
  await race((at) => call(`POST ${follow}`, { as: fans[at]! }));
  expect(await stats()).toBe(times);
  const body = { newUsername: `n${freshId()}` };
  const rename = (at: number) => call("PATCH /api/v1/users/username", { as: fans[at]!, body });
  expect((await race(rename)).statuses).toEqual(once(200, 409));
});

test("concurrent top-ups with one reference credit a wallet once, whatever their keys", async () => {
  const [as, boss] = await Promise.all([person(), admin()]);
  const body = { amount: 5, reference: freshId() };
  const route = `POST /api/v1/wallets/${as.id}/top-ups`;
  const fill = () => call(route, { as: boss, key: freshId(), body });
  expect((await race(fill)).statuses).toEqual(once(201, 409));
  expect((await call("GET /api/v1/wallet", { as })).body.data.balance).toBe(5);
});

test("one of several concurrently created gift types gets a giftId, and every concurrent change is kept", async () => {
  const boss = await admin();
  const giftId = freshId().slice(0, 20);
  const body = { creditAmount: 5, svgUrl: "https://cdn.example.com/a.svg", name: "A", giftId };
  const create = () => call("POST /api/v1/gifts/gift-types", { as: boss, key: freshId(), body });
  const made = await race(create);
  expect(made.statuses).toEqual(once(201, 409));
  const changes = [{ creditAmount: 7 }, { name: "B" }, { svgUrl: "https://cdn.example.com/b.svg" }];
  const route = `PATCH /api/v1/gifts/gift-types/${made.won.body.data.id}`;
  const change = (at: number) => call(route, { as: boss, body: changes[at % 3] });
  expect((await race(change)).statuses).toEqual({ 200: times });
  const list = await call("GET /api/v1/gifts/gift-types", { as: boss });
  const [stored] = list.body.data.filter((type: { giftId: string }) => type.giftId === giftId);
  expect(stored).toMatchObject(Object.assign({}, ...changes));
});

test("concurrent profile changes are all kept, and notification counts are exact", async () => {
  const as = await known(await person());
  const parts = [{ name: "Ann" }, { surname: "Bo" }, { bio: "Sings" }, { links: { x: "ann" } }];
  const change = (at: number) => call("PUT /api/v1/users/me", { as, body: parts[at % 4] });
  expect((await race(change)).statuses).toEqual({ 200: times });
  const me = (await call("GET /api/v1/users/me", { as })).body.data;
  expect(me).toMatchObject({ name: "Ann", surname: "Bo", bio: "Sings", x: "ann" });

  const unread = async () =>
    (await call("GET /api/v1/notifications/unread-count", { as })).body.data.count;
  const wish = { userId: as.id, type: "system", category: "payments", title: "t", message: "m" };
  const notify = () => call("POST /api/v1/notifications", { as, body: wish });
  expect((await race(notify)).statuses).toEqual({ 201: times });
  expect(await unread()).toBe(times);
  const list: { id: string }[] = (await call("GET /api/v1/notifications", { as })).body.data;
  const route = `PATCH /api/v1/notifications/${list[0]!.id}/read`;
  await race(() => call(route, { as, body: { isRead: true } }));
  expect(await unread()).toBe(times - 1);
  await race(() => call("POST /api/v1/notifications/read-all", { as }));
  expect(await unread()).toBe(0);
  const ids = list.map(({ id }) => id);
  const remove = () => call("DELETE /api/v1/notifications/bulk", { as, body: { ids } });
  expect((await race(remove)).statuses).toEqual({ 204: times });
  expect((await call("GET /api/v1/notifications", { as })).body.data).toEqual([]);
});
