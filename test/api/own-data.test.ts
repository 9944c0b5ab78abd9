import {
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
} from "./people.ts";

const leave = (as: Person, query = "") => call(`DELETE /api/v1/users/me${query}`, { as });
const exported = async (as: Person) =>
  (await call("GET /api/v1/users/me/export", { as })).body.data;
const wallet = async (as: Person) => (await call("GET /api/v1/wallet", { as })).body.data;

test("an export has the user's profile, credits, messages, devices and follows", async () => {
  const name = `own${freshId()}`;
  const as = await person({ claims: { preferred_username: name, given_name: "Ann" } });
  const { id, host } = await liveStream();
  await topUp(as, 100);
  await call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body: { content: "Hi there" } });
  await call(`POST /api/v1/follow/${host.id}`, { as });
  const device = { token: `device-${name}`, platform: "ios" };
  await call("POST /api/v1/notifications/device-token", { as, body: device });
  const data = await exported(as);
  expect(data).toMatchObject({
    userId: as.id,
    profile: { username: name, name: "Ann" },
    wallet: { balance: 100, pending: 0, owed: 0, spendLimit: null },
    transactions: [{ type: "top_up", amount: 100, counterpartId: null }],
    messages: [{ streamId: id, content: "Hi there" }],
    devices: [device],
    following: [{ followerId: as.id, followedId: host.id }],
    followers: [],
    truncated: [],
  });
});

test("an export has the user's followers, notifications, reminders and bans", async () => {
  const [as, fan, { id, host }] = await Promise.all([person(), person(), liveStream()]);
  await call("GET /api/v1/users/me", { as });
  await call(`POST /api/v1/follow/${as.id}`, { as: fan });
  const note = { type: "system", category: "payments", title: freshId(), message: "m" };
  await call("POST /api/v1/notifications", { as, body: { ...note, userId: as.id } });
  const ban = { targetUserId: as.id, liveStreamId: id, actionType: "CHAT_ONLY", reason: "spam" };
  await call("POST /api/v1/live-stream-ban", { as: host, body: ban });
  const plannedStartDate = new Date(Date.now() + 86_400_000).toISOString();
  const planned = { title: "Later", plannedStartDate };
  const made = await call("POST /api/v1/live-stream/create", { as: host, body: planned });
  const streamId = made.body.data.id;
  await call(`POST /api/v1/live-stream/${streamId}/reminder`, { as, body: { minute: 10 } });
  expect(await exported(as)).toMatchObject({
    followers: [{ followerId: fan.id, followedId: as.id }],
    notifications: expect.arrayContaining([expect.objectContaining(note)]),
    bans: [{ liveStreamId: id, actionType: "CHAT_ONLY", reason: "spam" }],
    reminders: [{ streamId, userId: as.id, minute: 10 }],
  });
});

test("an export has the titles and texts of the user's own streams", async () => {
  const as = await person();
  const [title, motivation] = [`Title ${freshId()}`, `Why ${freshId()}`];
  const body = { title, motivation, interest: "music" };
  const { id } = (await call("POST /api/v1/live-stream/create", { as, body })).body.data;
  const other = await liveStream();
  expect((await exported(as)).channel).toBeNull();
  await call("PATCH /api/v1/channel", { as, body: { blockedWords: ["spoiler"] } });
  const { streams, channel } = await exported(as);
  expect(channel).toMatchObject({ blockedWords: ["spoiler"], slowModeSeconds: 0 });
  expect(streams).toEqual([
    expect.objectContaining({
      streamId: id,
      hostId: as.id,
      status: "preparing",
      startedAt: null,
      title,
      motivation,
      interest: "music",
      thumbnailUrl: expect.any(String),
    }),
  ]);
  expect(JSON.stringify(streams)).not.toContain(other.id);
  expect((await leave(as)).status).toBe(204);
  const again = await person({ id: as.id, claims: { iat: Math.floor(Date.now() / 1000) + 2 } });
  await eventually(
    async () => (await exported(again))?.channel,
    (found) => found === null,
  );
});

test("a user cannot delete their account while their stream is live, and the error says so", async () => {
  const { host, id } = await liveStream();
  const refused = await leave(host);
  expectFailure(refused, 409, sentences[409]);
  expect(refused.text).toContain("Your stream is active");
  await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
});

test("an account with credits can only be deleted by forfeiting them, which is a payout", async () => {
  const as = await person({ claims: { given_name: "Ann" } });
  await topUp(as, 70);
  const refused = await leave(as);
  expectFailure(refused, 409, sentences[409]);
  expect(refused.text).toContain("70 credits");
  expect((await leave(as, "?forfeit=maybe")).status).toBe(400);
  expect((await leave(as, "?forfeit=true")).status).toBe(204);
  expect(await wallet(await person({ id: as.id }))).toMatchObject({ balance: 0 });
});

test("a user in debt cannot delete their account, with or without forfeit", async () => {
  const sender = await person();
  const host = await person();
  const stream = await liveStream(host);
  const giftTypeId = await giftType(10);
  await topUp(sender, 10);
  const gift = await call("POST /api/v1/gifts/create", {
    as: sender,
    key: freshId(),
    body: { giftTypeId, liveStreamId: stream.id },
  });
  expect(gift.status).toBe(201);
  await eventually(
    () => wallet(host),
    ({ balance }) => balance === 10,
  );
  await call(`POST /api/v1/live-stream/${stream.id}/end`, { as: host });
  const boss = await person({ groups: ["admin"] });
  await call(`POST /api/v1/wallets/${host.id}/payouts`, {
    as: boss,
    key: freshId(),
    body: { amount: 10, reference: freshId() },
  });
  const refund = await call(`POST /api/v1/gifts/${gift.body.data.id}/refund`, {
    as: boss,
    key: freshId(),
  });
  expect({ status: refund.status, text: refund.text }).toMatchObject({ status: 200 });
  for (const query of ["", "?forfeit=true"]) {
    const refused = await leave(host, query);
    expectFailure(refused, 409, sentences[409]);
    expect(refused.text).toContain("You owe 10 credits");
  }
});

test("the same sub returns as a new user: other names, no past, and a continued ledger", async () => {
  const name = `old${freshId()}`;
  const as = await person({
    claims: { preferred_username: name, given_name: "Ann", family_name: "Lee" },
  });
  const follower = await person();
  await topUp(as, 30);
  await call(`POST /api/v1/follow/${as.id}`, { as: follower });
  expect((await leave(as, "?forfeit=true")).status).toBe(204);
  expect((await call(`GET /api/v1/users/profile/username/${name}`)).status).toBe(404);
  const again = await person({ id: as.id, claims: { given_name: "Eve" } });
  expect((await call("GET /api/v1/users/me", { as: again })).body.data).toMatchObject({
    name: "Eve",
    surname: "",
    username: "",
    followersCount: 0,
  });
  const list = async () =>
    (await call("GET /api/v1/users/me/transactions", { as: again })).body.data.list;
  expect(await list()).toEqual([]);
  await topUp(again, 5);
  expect(await list()).toMatchObject([{ type: "top_up", amount: 5, balanceAfter: 5 }]);
  expect((await exported(again)).transactions).toHaveLength(1);
  const heir = await person({ claims: { preferred_username: name } });
  expect((await call("GET /api/v1/users/me", { as: heir })).body.data.username).toBe(name);
  expect((await leave(again, "?forfeit=true")).status).toBe(204);
});

test("a deleted user's chat messages are emptied, and those of others stay", async () => {
  const as = await person({ claims: { given_name: "Ann" } });
  const { id, host } = await liveStream();
  const send = (by: Person, content: string) =>
    call(`POST /api/v1/live-stream/${id}/chat/messages`, { as: by, body: { content } });
  await send(as, "Mine");
  await send(host, "Yours");
  expect((await leave(as)).status).toBe(204);
  const listed = await call(`GET /api/v1/live-stream/${id}/chat/messages`, { as: host });
  expect(listed.text).toContain("Yours");
  expect(listed.text).not.toContain("Mine");
});

test("a deleted moderator leaves the host's channel and streams, and so does the next user of the sub", async () => {
  const [host, as, other] = await Promise.all([person(), person(), person()]);
  for (const one of [as, other]) await call("GET /api/v1/users/me", { as: one });
  const [ended, live] = [await liveStream(host), await liveStream(host)];
  const ids = [ended.id, live.id];
  const settings = (id: string, by: Person, body: object) =>
    call(`PATCH /api/v1/live-stream/${id}/chat-settings`, { as: by, body });
  // One stream by itself, and the channel with those to come.
  await settings(ended.id, host, { moderators: [as.id] });
  await call(`POST /api/v1/live-stream/${ended.id}/end`, { as: host });
  const moderators = [as.id, other.id];
  await call("PATCH /api/v1/channel", { as: host, body: { moderators } });
  const planned = { title: "Later" };
  const made = await call("POST /api/v1/live-stream/create", { as: host, body: planned });
  ids.push(made.body.data.id);
  for (const id of ids) expect((await settings(id, as, {})).status).toBe(200);
  expect((await leave(as)).status).toBe(204);
  const again = await person({ id: as.id });
  for (const id of ids) expectFailure(await settings(id, again, {}), 403, sentences[403]);
  const channel = await call("GET /api/v1/channel", { as: host });
  expect(channel.body.data.moderators).toEqual([other.id]);
  for (const id of ids.slice(1))
    expect((await settings(id, host, {})).body.data.moderators).toEqual([other.id]);
});

test("deleting an account removes its photo everywhere", async () => {
  const as = await person();
  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  const form = new FormData();
  form.set("photo", new Blob([png]), "me.png");
  const changed = await call("POST /api/v1/users/me/photo", { as, raw: form });
  expect(changed.status).toBe(200);
  const [url] = /https?:[^"]+\/pictures\/[\w-]+/.exec(changed.text)!;
  expect((await fetch(url)).status).toBe(200);
  expect((await leave(as)).status).toBe(204);
  await eventually(
    async () => (await fetch(url)).status,
    (status) => status === 404,
  );
});
