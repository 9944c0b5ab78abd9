import { watchStandstills } from "../standstills.ts";
import {
  admin,
  call,
  eventually,
  expectFailure,
  freshId,
  known,
  liveStream,
  type Person,
  person,
  sentences,
} from "./people.ts";
import { type Message, watch } from "./viewer.ts";

const chat = (id: string) => `/api/v1/live-stream/${id}/chat/messages`;
const say = (id: string, as: Person, content: string, rest = {}) =>
  call(`POST ${chat(id)}`, { as, body: { content, ...rest } });

test("a ban is created, read, checked, listed and lifted", async () => {
  const [{ host, id }, target, viewer] = await Promise.all([liveStream(), known(), person()]);
  const body = { targetUserId: target.id, liveStreamId: id, reason: "spam" };
  expectFailure(
    await call("POST /api/v1/live-stream-ban", { as: viewer, body }),
    403,
    sentences[403],
  );
  const made = await call("POST /api/v1/live-stream-ban", { as: host, body });
  expect(made.status).toBe(200);
  const ban = made.body.data;
  expect(Object.keys(ban)).toEqual([
    "_id",
    "targetUserId",
    "targetUser",
    "liveStreamId",
    "actionType",
    "reason",
    "createdBy",
    "deletedAt",
    "deletedBy",
    "createdAt",
    "updatedAt",
    "endsAt",
    "scope",
  ]);
  expect(ban).toMatchObject({
    actionType: "BLOCK",
    reason: "spam",
    createdBy: host.id,
    deletedAt: null,
  });
  expectFailure(
    await call("POST /api/v1/live-stream-ban", { as: host, body }),
    409,
    sentences[409],
  );
  const one = `/api/v1/live-stream-ban/${ban._id}`;
  expect((await call(`GET ${one}`, { as: host })).body.data).toEqual(ban);
  expectFailure(await call(`GET ${one}`, { as: target }), 403, sentences[403]);
  const check = (as: Person, query = `?liveStreamId=${id}`) =>
    call(`GET /api/v1/live-stream-ban/check/${target.id}${query}`, { as });
  for (const as of [host, target])
    expect((await check(as)).body.data).toEqual({ isBanned: true, ban });
  expectFailure(await check(viewer), 403, sentences[403]);
  expectFailure(await check(host, ""), 400, sentences[400]);
  const list = (as: Person, query = "") => call(`GET /api/v1/live-stream-ban${query}`, { as });
  for (const query of [
    "",
    `?liveStreamId=${id}`,
    `?targetUser=${target.id}`,
    "?actionType=BLOCK",
    "?dateFrom=2020-01-01",
  ])
    expect((await list(host, query)).body.data).toMatchObject({
      list: [ban],
      pagination: {
        currentPage: 1,
        totalPages: 1,
        totalItems: 1,
        itemsPerPage: 10,
        hasNextPage: false,
        hasPrevPage: false,
      },
    });
  for (const query of [
    "?actionType=CHAT_ONLY",
    `?targetUserId=${host.id}`,
    "?dateTo=2020-01-01",
    "?page=2",
  ])
    expect((await list(host, query)).body.data.list).toEqual([]);
  expect((await list(viewer)).body.data.list).toEqual([]);
  expectFailure(await list(viewer, `?liveStreamId=${id}`), 403, sentences[403]);

  expectFailure(await say(id, target, "hello"), 403, sentences[403]);
  expectFailure(await call(`DELETE ${one}`, { as: viewer }), 403, sentences[403]);
  const lifted = await call(`DELETE ${one}`, { as: host });
  expect(lifted.body.data).toMatchObject({
    _id: ban._id,
    deletedBy: host.id,
    deletedAt: expect.any(String),
  });
  expectFailure(await call(`DELETE ${one}`, { as: host }), 409, sentences[409]);
  expect((await check(target)).body.data).toEqual({ isBanned: false, ban: null });
  expect((await say(id, target, "hello")).status).toBe(201);
  expect((await call("POST /api/v1/live-stream-ban", { as: host, body })).status).toBe(200);
  expectFailure(
    await call(`GET /api/v1/live-stream-ban/${freshId()}`, { as: host }),
    404,
    sentences[404],
  );
  const own = { targetUserId: host.id, liveStreamId: id };
  expectFailure(
    await call("POST /api/v1/live-stream-ban", { as: host, body: own }),
    409,
    sentences[409],
  );
});

test("a blocked user gets 403 on every call in the stream, a muted one only on chat messages", async () => {
  const [{ host, id }, blocked, muted] = await Promise.all([liveStream(), known(), known()]);
  const ban = (target: Person, actionType: string) =>
    call("POST /api/v1/live-stream-ban", {
      as: host,
      body: { targetUserId: target.id, liveStreamId: id, actionType },
    });
  await ban(blocked, "BLOCK");
  await ban(muted, "CHAT_ONLY");
  const own = `/api/v1/live-stream/${id}`;
  const body = { liveStreamId: id };
  for (const route of [
    `GET ${own}`,
    `GET ${chat(id)}`,
    `GET ${own}/viewers`,
    `GET ${own}/gift-statistics`,
  ]) {
    expectFailure(await call(route, { as: blocked }), 403, sentences[403]);
    expect({ route, status: (await call(route, { as: muted })).status }).toEqual({
      route,
      status: 200,
    });
  }
  expectFailure(
    await call("POST /api/v1/live-stream/join", { as: blocked, body }),
    403,
    sentences[403],
  );
  expect((await call("POST /api/v1/live-stream/join", { as: muted, body })).status).toBe(200);
  for (const as of [blocked, muted]) expectFailure(await say(id, as, "hi"), 403, sentences[403]);
});

test("a blocked moderator may check their own ban, and nobody else's", async () => {
  const [{ host, id }, mod, other] = await Promise.all([liveStream(), known(), known()]);
  const settings = `PATCH /api/v1/live-stream/${id}/chat-settings`;
  await call(settings, { as: host, body: { moderators: [mod.id] } });
  const check = async (target: Person) => {
    const route = `GET /api/v1/live-stream-ban/check/${target.id}?liveStreamId=${id}`;
    const { status, body } = await call(route, { as: mod });
    return [status, body.code ?? body.data.isBanned];
  };
  expect(await check(other)).toEqual([200, false]);
  const body = { targetUserId: mod.id, liveStreamId: id };
  await call("POST /api/v1/live-stream-ban", { as: host, body });
  expect(await check(other)).toEqual([403, "member_blocked"]);
  expect(await check(mod)).toEqual([200, true]);
});

test("a blocked admin neither ends nor deletes the stream", async () => {
  const [{ host, id }, as] = await Promise.all([liveStream(), admin()]);
  await call("GET /api/v1/users/me", { as });
  const ban = { targetUserId: as.id, liveStreamId: id };
  expect((await call("POST /api/v1/live-stream-ban", { as: host, body: ban })).status).toBe(200);
  const path = `/api/v1/live-stream/${id}`;
  for (const route of [`POST ${path}/end`, `DELETE ${path}`] as const)
    expect((await call(route, { as })).body.code).toBe("member_blocked");
  expect((await call(`POST ${path}/end`, { as: host })).status).toBe(200);
});

test("a timed ban expires everywhere, viewers are notified, and it can no longer be lifted", async () => {
  const [{ host, id }, target] = await Promise.all([liveStream(), known()]);
  const made = (durationSeconds: unknown) =>
    call("POST /api/v1/live-stream-ban", {
      as: host,
      body: { targetUserId: target.id, liveStreamId: id, durationSeconds },
    });
  for (const bad of [9, 10.5, 1_209_601, "10", true])
    expectFailure(await made(bad), 400, sentences[400]);
  const watching = await watch(host, id);
  const runningOf = watchStandstills();
  const ban = (await made(10)).body.data;
  const { _id: banId, endsAt, createdAt } = ban;
  expect(Date.parse(endsAt) - Date.parse(createdAt)).toBe(10_000);
  expect(ban.deletedAt).toBeNull();
  expectFailure(await say(id, target, "hello"), 403, sentences[403]);
  const told = (type: string) =>
    watching
      .next((message) => message.events?.some((event: Message) => event.type === type))
      .then(({ events }) => events.find((event: Message) => event.type === type));
  expect(await told("member.banned")).toMatchObject({ at: createdAt, data: { banId, endsAt } });
  expect(await told("member.unbanned")).toMatchObject({ at: endsAt, data: { banId } });
  expect(runningOf(Date.now() - Date.parse(endsAt))).toBeLessThan(5_000);
  expect((await say(id, target, "hello")).status).toBe(201);
  const one = `/api/v1/live-stream-ban/${banId}`;
  expect((await call(`GET ${one}`, { as: host })).body.data).toMatchObject({
    endsAt,
    deletedAt: endsAt,
    deletedBy: null,
  });
  const check = `GET /api/v1/live-stream-ban/check/${target.id}?liveStreamId=${id}`;
  expect((await call(check, { as: host })).body.data).toEqual({ isBanned: false, ban: null });
  expect((await call("GET /api/v1/live-stream-ban", { as: host })).body.data.list).toEqual([]);
  const late = await call(`DELETE ${one}`, { as: host });
  expectFailure(late, 409, sentences[409]);
  expect(late.headers.get("x-error-code")).toBe("ban_lifted");
  expect((await made(null)).body.data).toMatchObject({ endsAt: null });
  watching.close();
});

test("messages are deleted by their author, the host, a moderator or an admin, and gone from every page", async () => {
  const [{ host, id }, author, mod, viewer, boss] = await Promise.all([
    liveStream(),
    known(),
    known(),
    person(),
    person({ groups: ["admin"] }),
  ]);
  await call(`PATCH /api/v1/live-stream/${id}/chat-settings`, {
    as: host,
    body: { moderators: [mod.id] },
  });
  const ids: string[] = [];
  for (let n = 1; n <= 6; n++) ids.push((await say(id, author, `message ${n}`)).body._id);
  const remove = (as: Person, messageId: string) => call(`DELETE ${chat(id)}/${messageId}`, { as });
  expectFailure(await remove(viewer, ids[0]!), 403, sentences[403]);
  for (const [at, as] of [author, host, mod, boss].entries()) {
    const answer = await remove(as, ids[at]!);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: "" });
  }
  expectFailure(await remove(host, ids[0]!), 404, sentences[404]);
  expectFailure(await remove(host, freshId()), 404, sentences[404]);
  await say(id, author, "message 7");
  const page = async (n: number) =>
    (await call(`GET ${chat(id)}?page=${n}&limit=2`, { as: viewer })).body;
  const contents = ({ messages }: { messages: { content: string }[] }) =>
    messages.map((m) => m.content);
  expect(contents(await page(1))).toEqual(["message 7", "message 6"]);
  expect(await page(1)).toMatchObject({ total: 3, totalPages: 2, hasNextPage: true });
  expect(contents(await page(2))).toEqual(["message 5"]);
  expect(contents(await page(3))).toEqual([]);
  const reply = await say(id, viewer, "yes", { replyTo: ids[4] });
  expect(reply.body.replyTo).toBe(ids[4]);
  expectFailure(await say(id, viewer, "what?", { replyTo: ids[0] }), 404, sentences[404]);
});

test("a stream with a pinned message ends with the same response when repeated by its key", async () => {
  const { host, id } = await liveStream();
  const messageId = (await say(id, host, "pin me")).body._id;
  const path = `/api/v1/live-stream/${id}`;
  await call(`PUT ${path}/chat/pin`, { as: host, body: { messageId } });
  const key = freshId();
  const end = async () => (await call(`POST ${path}/end`, { as: host, key })).body.data;
  const first = await end();
  expect(first).toMatchObject({ status: "ended", pinnedMessageId: messageId, pinned: null });
  expect(await end()).toEqual(first);
});

test("moderators pin and unpin a message, and deleting it unpins it", async () => {
  const [{ host, id }, viewer] = await Promise.all([liveStream(), person()]);
  const messageId = (await say(id, viewer, "pin me")).body._id;
  const pin = `/api/v1/live-stream/${id}/chat/pin`;
  const events = async () => {
    const query = `epoch=${epoch}&after=0`;
    const kept = await call(`GET /api/v1/live-stream/${id}/events?${query}`, { as: host });
    return kept.body.data.frames
      .flatMap((frame: Message) => frame.events)
      .filter(({ type }: Message) => type === "chat.pinned");
  };
  const { epoch } = (await call(`GET /api/v1/live-stream/${id}/events`, { as: host })).body.data;
  const pinned = async () =>
    (await call(`GET /api/v1/live-stream/${id}`, { as: viewer })).body.data.pinnedMessageId;
  expectFailure(await call(`PUT ${pin}`, { as: viewer, body: { messageId } }), 403, sentences[403]);
  expectFailure(
    await call(`PUT ${pin}`, { as: host, body: { messageId: freshId() } }),
    404,
    sentences[404],
  );
  // What does not exist is refused before what is not allowed, and the stream before the message.
  for (const [as, streamId, code] of [
    [host, freshId(), "stream_not_found"],
    [viewer, id, "message_not_found"],
  ] as const) {
    const body = { messageId: freshId() };
    const none = await call(`PUT /api/v1/live-stream/${streamId}/chat/pin`, { as, body });
    expect(none).toMatchObject({ status: 404, body: { code } });
  }
  const done = await call(`PUT ${pin}`, { as: host, body: { messageId } });
  expect(done.body.data).toEqual({ streamId: id, messageId });
  expect(await pinned()).toBe(messageId);
  const message = (await call(`GET ${chat(id)}`, { as: viewer })).body.messages[0];
  const shown = async (route: string, body?: object) => {
    const { data } = (await call(route, { as: viewer, ...(body && { body }) })).body;
    return (data.liveStream ?? data).pinned;
  };
  const route = "POST /api/v1/live-stream/join";
  const join = () => shown(route, { liveStreamId: id });
  const key = freshId();
  const joinWithKey = async () =>
    (await call(route, { as: viewer, body: { liveStreamId: id }, key })).body.data;
  const joined = await joinWithKey();
  expect(joined.liveStream.pinned).toEqual(message);
  expect(message).toMatchObject({ _id: messageId, content: "pin me" });
  expect(await shown(`GET /api/v1/live-stream/${id}`)).toEqual(message);
  expect(await join()).toEqual(message);
  const lists = await call("GET /api/v1/live-stream?limit=100", { as: viewer });
  for (const stream of lists.body.data) expect(stream.pinned).toBeNull();
  expect((await call(`DELETE ${pin}`, { as: host })).status).toBe(204);
  expect(await pinned()).toBeNull();
  expect(await joinWithKey()).toEqual(joined);
  await call(`PUT ${pin}`, { as: host, body: { messageId } });
  const told = await eventually(events, ({ length }) => length === 2);
  expect(told.map(({ data }: Message) => data.message)).toEqual([message, message]);
  await call(`DELETE ${chat(id)}/${messageId}`, { as: viewer });
  expect(await pinned()).toBeNull();
  expect(await join()).toBeNull();
  expect(await joinWithKey()).toEqual({
    ...joined,
    liveStream: { ...joined.liveStream, pinned: null },
  });
  // Each is in a frame of its own, which are emptied in any order.
  const emptied = await eventually(events, (pins) =>
    pins.every(({ data }: Message) => data.message.content === ""),
  );
  expect(emptied.map(({ data }: Message) => data.message)).toEqual([
    ...[0, 1].map(() => ({ ...message, content: "", deleted: true })),
  ]);
});

test("chat rules apply to viewers, and moderators may change all except the list of moderators", async () => {
  const [{ host, id }, mod, viewer] = await Promise.all([liveStream(), known(), known()]);
  const path = `PATCH /api/v1/live-stream/${id}/chat-settings`;
  expectFailure(
    await call(path, { as: viewer, body: { slowModeSeconds: 1 } }),
    403,
    sentences[403],
  );
  await call(path, { as: host, body: { moderators: [mod.id] } });
  expectFailure(await call(path, { as: mod, body: { moderators: [] } }), 403, sentences[403]);
  expectFailure(
    await call(path, { as: host, body: { moderators: [freshId()] } }),
    404,
    sentences[404],
  );
  for (const body of [
    { slowModeSeconds: 301 },
    { slowModeSeconds: "1" },
    { followersOnly: 1 },
    { blockedWords: [""] },
  ])
    expectFailure(await call(path, { as: host, body }), 400, sentences[400]);
  const set = await call(path, {
    as: mod,
    body: { slowModeSeconds: 300, blockedWords: ["Spam", "Spam"] },
  });
  expect(set.body.data).toEqual({
    slowModeSeconds: 300,
    followersOnly: false,
    blockedWords: ["Spam"],
    giftsEnabled: true,
    moderators: [mod.id],
  });
  expectFailure(await say(id, viewer, "buy SPAM now"), 403, sentences[403]);
  expect((await say(id, viewer, "one")).status).toBe(201);
  const slow = await say(id, viewer, "two");
  expect(slow.status).toBe(429);
  expect(Number(slow.headers.get("retry-after"))).toBeGreaterThan(200);
  for (let n = 0; n < 2; n++) expect((await say(id, mod, "calm")).status).toBe(201);
  await call(path, { as: mod, body: { slowModeSeconds: 0, followersOnly: true } });
  expectFailure(await say(id, viewer, "three"), 403, sentences[403]);
  await call(`POST /api/v1/follow/${host.id}`, { as: viewer });
  expect((await say(id, viewer, "three")).status).toBe(201);
});

test("the moderation log shows who did what to whom, in pages", async () => {
  const [{ host, id }, target, viewer] = await Promise.all([liveStream(), known(), person()]);
  const messageId = (await say(id, target, "rude")).body._id;
  await call(`DELETE ${chat(id)}/${messageId}`, { as: host });
  const body = { targetUserId: target.id, liveStreamId: id, reason: "rude" };
  const ban = (await call("POST /api/v1/live-stream-ban", { as: host, body })).body.data;
  await call(`DELETE /api/v1/live-stream-ban/${ban._id}`, { as: host });
  const log = (query: string, as = host) =>
    call(`GET /api/v1/live-stream/${id}/moderation-log${query}`, { as });
  const first = (await log("?limit=2")).body.data;
  expect(first.list).toMatchObject([
    {
      action: "member.unbanned",
      actor: { _id: host.id },
      target: { _id: target.id },
      reason: null,
      ban: { actionType: "BLOCK", endsAt: null },
    },
    {
      action: "member.banned",
      actor: { _id: host.id },
      target: { _id: target.id },
      reason: "rude",
      ban: { actionType: "BLOCK", endsAt: null },
    },
  ]);
  expect(first.pageInfo).toMatchObject({ hasNextPage: true, limit: 2 });
  const second = (await log(`?limit=2&after=${first.pageInfo.nextCursor}`)).body.data;
  expect(second.list).toMatchObject([{ action: "chat.deleted", target: { _id: target.id } }]);
  expect(second.pageInfo).toEqual({ nextCursor: null, hasNextPage: false, limit: 2 });
  expectFailure(await log("", viewer), 403, sentences[403]);
});
