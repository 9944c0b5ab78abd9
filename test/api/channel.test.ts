import { watchStandstills } from "../standstills.ts";
import {
  admin,
  call,
  eventually,
  expectFailure,
  freshId,
  liveStream,
  type Person,
  person,
  sentences,
} from "./people.ts";
import { type Message, watch } from "./viewer.ts";

const bans = "/api/v1/live-stream-ban";
const rules = {
  slowModeSeconds: 0,
  followersOnly: false,
  blockedWords: [],
  giftsEnabled: true,
  moderators: [],
};
const untouched = { ...rules, train: expect.objectContaining({ enabled: false }) };

const known = async (wish = {}) => {
  const someone = await person(wish);
  await call("GET /api/v1/users/me", { as: someone });
  return someone;
};
const newStream = async (as: Person): Promise<string> => {
  const made = await call("POST /api/v1/live-stream/create", { as, body: { title: "Later" } });
  return made.body.data.id;
};
const change = (as: Person, body: unknown) => call("PATCH /api/v1/channel", { as, body });
const settings = (id: string, as: Person, body = {}) =>
  call(`PATCH /api/v1/live-stream/${id}/chat-settings`, { as, body });
const say = (id: string, as: Person, content = "hello") =>
  call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body: { content } });
const ban = (as: Person, target: Person, liveStreamId: string, rest = {}) =>
  call(`POST ${bans}`, { as, body: { targetUserId: target.id, liveStreamId, ...rest } });
const banFromChannel = (as: Person, target: Person, id: string, rest = {}) =>
  ban(as, target, id, { scope: "channel", ...rest });
const check = async (as: Person, target: Person, id: string) =>
  (await call(`GET ${bans}/check/${target.id}?liveStreamId=${id}`, { as })).body.data;

test("a channel begins with defaults; invalid changes are refused like those of chat settings", async () => {
  const host = await known();
  expect((await call("GET /api/v1/channel", { as: host })).body.data).toEqual(untouched);
  expectFailure(await call("GET /api/v1/channel"), 401, sentences[401]);
  for (const body of [
    ...[{ slowModeSeconds: 301 }, { followersOnly: "yes" }, { blockedWords: [""] }],
    ...[{ giftsEnabled: null }, { moderators: ["no user!"] }, []],
  ])
    expectFailure(await change(host, body), 400, sentences[400]);
  expectFailure(await change(host, { moderators: [freshId()] }), 404, sentences[404]);
  expect((await change(host, { later: true })).body.data).toEqual(untouched);
  const words = { blockedWords: ["Spam", "Spam"] };
  expect((await change(host, words)).body.data).toEqual({ ...untouched, blockedWords: ["Spam"] });
  const mine = (await call("GET /api/v1/channel", { as: host })).body.data;
  expect(mine).toEqual({ ...untouched, blockedWords: ["Spam"] });
});

test("every new stream takes its host's channel settings, and changes reach streams that are not over", async () => {
  const [host, moderator, viewer] = await Promise.all([known(), known(), known()]);
  const [over, live, planned] = [await liveStream(host), await liveStream(host), newStream(host)];
  await call(`POST /api/v1/live-stream/${over.id}/end`, { as: host });
  await settings(live.id, host, { slowModeSeconds: 7, followersOnly: true });
  const watching = await watch(viewer, live.id);
  const named = { blockedWords: ["spam"], moderators: [moderator.id], followersOnly: false };
  const changed = await change(host, named);
  expect(changed.body.data).toEqual({ ...untouched, ...named });
  const isChange = ({ type, data }: Message) =>
    type === "settings.changed" && data.moderators.length > 0;
  const shown = await watching.next(({ events }) => events?.some(isChange));
  expect(shown.events.find(isChange).data).toMatchObject({
    moderators: [moderator.id],
    slowModeSeconds: 7,
  });
  const later = await liveStream(host);
  expect((await settings(live.id, host)).body.data).toEqual({
    ...rules,
    ...named,
    slowModeSeconds: 7,
  });
  for (const id of [await planned, later.id])
    expect((await settings(id, host)).body.data).toEqual({ ...rules, ...named });
  expect((await settings(over.id, host)).body.data).toEqual(rules);
  for (const { id } of [live, later])
    expect((await say(id, viewer, "SPAM")).headers.get("x-error-code")).toBe("word_blocked");
  // A stream's own setting overrides an earlier one of the channel.
  await settings(live.id, host, { moderators: [] });
  await change(host, { slowModeSeconds: 0 });
  expect((await settings(live.id, host)).body.data).toMatchObject({
    moderators: [],
    slowModeSeconds: 0,
  });
  watching.close();
});

test("streams created while the channel changes all get the change", async () => {
  const host = await known();
  const changes = [1, 2, 3].map((slowModeSeconds) => change(host, { slowModeSeconds }));
  const ids = await Promise.all([1, 2, 3, 4, 5, 6].map(() => newStream(host)));
  for (const { status } of await Promise.all(changes)) expect([200, 503]).toContain(status);
  const last = (await change(host, { followersOnly: true })).body.data;
  for (const id of ids) expect(last).toMatchObject((await settings(id, host)).body.data);
});

test("a channel's ban applies to every stream of the host, and each live one shows it once", async () => {
  const [host, target, viewer] = await Promise.all([known(), known(), known()]);
  const [one, two] = [await liveStream(host), await liveStream(host)];
  const elsewhere = await liveStream();
  const watching = await Promise.all([one, two].map(({ id }) => watch(viewer, id)));
  const banned = await watch(target, two.id);
  const made = await banFromChannel(host, target, one.id);
  expect(made.status).toBe(200);
  const { _id: banId, ...shown } = made.body.data;
  expect(shown).toMatchObject({ scope: "channel", endsAt: null, liveStreamId: one.id });
  expect(await banned.next(({ type }) => type === "unsubscribed")).toMatchObject({
    streamId: two.id,
    reason: "blocked",
  });
  const later = await liveStream(host);
  for (const { id } of [one, two, later]) {
    expectFailure(await say(id, target), 403, sentences[403]);
    const read = await call(`GET /api/v1/live-stream/${id}`, { as: target });
    expect(read.headers.get("x-error-code")).toBe("member_blocked");
    expect(await check(target, target, id)).toMatchObject({ isBanned: true, ban: { _id: banId } });
    const listed = await call(`GET ${bans}?liveStreamId=${id}`, { as: host });
    expect(listed.body.data.list).toMatchObject([{ _id: banId, scope: "channel" }]);
  }
  expect((await say(elsewhere.id, target)).status).toBe(201);
  expectFailure(await banFromChannel(host, target, two.id), 409, sentences[409]);
  const lifted = await call(`DELETE ${bans}/${banId}`, { as: host });
  expect(lifted.body.data).toMatchObject({ deletedBy: host.id });
  const isOver = ({ type }: Message) => type === "member.unbanned";
  await eventually(
    async () => watching.filter((viewer) => viewer.events().some(isOver)).length,
    (count) => count === 2,
  );
  const told = (type: string) =>
    watching.map((viewer) => viewer.events().filter((event: Message) => event.type === type));
  for (const type of ["member.banned", "member.unbanned"])
    expect(told(type)).toMatchObject([[{ data: { banId } }], [{ data: { banId } }]]);
  const ids = told("member.banned").flat();
  expect(new Set(ids.map(({ id }: Message) => id)).size).toBe(2);
  for (const { id } of [one, two, later]) expect((await say(id, target)).status).toBe(201);
  for (const viewer of [...watching, banned]) viewer.close();
});

test("a channel's block also ends a subscription to a stream of the host that is not live yet", async () => {
  const [host, target, other] = await Promise.all([known(), known(), known()]);
  const [live, later, elsewhere] = [
    await liveStream(host),
    await newStream(host),
    await newStream(other),
  ];
  const waiting = await watch(target, later);
  const stays = await watch(target, elsewhere);
  expect((await banFromChannel(host, target, live.id)).status).toBe(200);
  const end = { type: "unsubscribed", streamId: later, reason: "blocked" };
  expect(await waiting.next(({ type }) => type === "unsubscribed")).toMatchObject(end);
  expect(stays.messages.filter(({ type }) => type === "unsubscribed")).toEqual([]);
  for (const one of [waiting, stays]) one.close();
});

test("the stricter of a stream's and a channel's ban applies, and each can be lifted separately", async () => {
  const [host, target] = await Promise.all([known(), known()]);
  const { id } = await liveStream(host);
  const muted = (await ban(host, target, id, { actionType: "CHAT_ONLY" })).body.data;
  const blocked = (await banFromChannel(host, target, id, { durationSeconds: 3600 })).body.data;
  expect((await check(host, target, id)).ban).toEqual(blocked);
  const read = () => call(`GET /api/v1/live-stream/${id}`, { as: target });
  expectFailure(await read(), 403, sentences[403]);
  await call(`DELETE ${bans}/${blocked._id}`, { as: host });
  expect((await check(host, target, id)).ban).toEqual(muted);
  expect((await read()).status).toBe(200);
  expect((await say(id, target)).headers.get("x-error-code")).toBe("member_muted");
  const again = (await banFromChannel(host, target, id, { actionType: "CHAT_ONLY" })).body.data;
  await call(`DELETE ${bans}/${muted._id}`, { as: host });
  expect((await check(host, target, id)).ban).toEqual(again);
  expect((await say(id, target)).headers.get("x-error-code")).toBe("member_muted");
});

test("only the host, the channel's moderators and admins create, read and lift a channel's ban", async () => {
  const [host, ours, theirs, target] = await Promise.all([known(), known(), known(), known()]);
  const { id } = await liveStream(host);
  await change(host, { moderators: [ours.id] });
  await settings(id, host, { moderators: [theirs.id] });
  expectFailure(await banFromChannel(theirs, target, id), 403, sentences[403]);
  expectFailure(await banFromChannel(target, theirs, id), 403, sentences[403]);
  expectFailure(await banFromChannel(ours, host, id), 409, sentences[409]);
  expectFailure(await ban(host, target, id, { scope: "world" }), 400, sentences[400]);
  for (const as of [ours, await admin(), host]) {
    const made = await banFromChannel(as, target, id);
    expect(made.status).toBe(200);
    const one = `${bans}/${made.body.data._id}`;
    expectFailure(await call(`DELETE ${one}`, { as: theirs }), 403, sentences[403]);
    expect((await call(`GET ${one}`, { as })).body.data).toEqual(made.body.data);
    expect((await call(`DELETE ${one}`, { as })).status).toBe(200);
  }
  await banFromChannel(host, ours, id);
  const late = await banFromChannel(ours, target, id);
  expect(late.headers.get("x-error-code")).toBe("member_blocked");
});

test("a former moderator of a channel does not see its bans through streams that are over", async () => {
  const [host, former, target, other] = await Promise.all([known(), known(), known(), known()]);
  await change(host, { moderators: [former.id] });
  const { id } = await liveStream(host);
  const own = (await ban(host, other, id)).body.data;
  const listed = async (as: Person) =>
    (await call(`GET ${bans}?liveStreamId=${id}`, { as })).body.data.list;
  await banFromChannel(host, target, id, { actionType: "CHAT_ONLY" });
  expect(await listed(former)).toHaveLength(2);
  await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
  expect(await listed(former)).toHaveLength(2);
  await change(host, { moderators: [] });
  expect(await listed(former)).toEqual([own]);
  expect(await check(former, target, id)).toEqual({ isBanned: false, ban: null });
  expect((await check(former, other, id)).ban).toEqual(own);
  expect((await check(target, target, id)).isBanned).toBe(true);
  expect(await listed(host)).toHaveLength(2);
});

test("a channel's ban outlives the stream that it names, and expires in all streams", async () => {
  const [host, target] = await Promise.all([known(), known()]);
  const named = await newStream(host);
  const { id } = await liveStream(host);
  const watching = await watch(host, id);
  const runningOf = watchStandstills();
  // A slow machine has ten seconds for what follows.
  const made = (await banFromChannel(host, target, named, { durationSeconds: 10 })).body.data;
  expect((await call(`DELETE /api/v1/live-stream/${named}`, { as: host })).status).toBe(200);
  expectFailure(await say(id, target), 403, sentences[403]);
  const over = await watching.next(({ events }) =>
    events?.some(({ type }: Message) => type === "member.unbanned"),
  );
  expect(runningOf(Date.now() - Date.parse(made.endsAt))).toBeLessThan(5_000);
  expect(over.events[0]).toMatchObject({ at: made.endsAt, data: { banId: made._id } });
  expect((await say(id, target)).status).toBe(201);
  const one = `${bans}/${made._id}`;
  const now = (await call(`GET ${one}`, { as: host })).body.data;
  expect(now).toMatchObject({ deletedAt: made.endsAt });
  expectFailure(await call(`DELETE ${one}`, { as: host }), 409, sentences[409]);
  watching.close();
});
