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
import { tencentRested } from "./tencent-caller.ts";
import { type Message, watch } from "./viewer.ts";

const chat = (id: string) => `/api/v1/live-stream/${id}/chat/messages`;
const say = (as: Person, id: string, content = "hello") =>
  call(`POST ${chat(id)}`, { as, body: { content } });
const superlike = (as: Person, id: string) =>
  call(`POST /api/v1/live-stream/${id}/chat/superlike`, { as });
const settings = (as: Person, id: string, body: object) =>
  call(`PATCH /api/v1/live-stream/${id}/chat-settings`, { as, body });
const names = (as: Person, body: object) => call("PUT /api/v1/users/me", { as, body });
const data = async (route: string, as: Person) => (await call(`GET ${route}`, { as })).body.data;

/** A stream with a moderator and a viewer who have credits and names. */
async function house() {
  const [{ host, id }, moderator, viewer, rose] = await Promise.all([
    liveStream(),
    person({ claims: { given_name: "Mo", family_name: "Deniz" } }),
    person({ claims: { given_name: "Vi", family_name: "Ewer" } }),
    giftType(5),
  ]);
  for (const as of [moderator, viewer]) await data("/api/v1/users/me", as);
  await Promise.all([topUp(moderator, 1000), topUp(viewer, 1000)]);
  expect((await settings(host, id, { moderators: [moderator.id] })).status).toBe(200);
  const give = (as: Person) =>
    call("POST /api/v1/gifts/create", { as, body: { giftTypeId: rose, liveStreamId: id } });
  return { host, id, moderator, viewer, give };
}

type User = { _id: string; role?: string };

test("the host and moderators have their role in a stream's lists and events", async () => {
  const { host, id, moderator, viewer, give } = await house();
  const roles = new Map([
    [host.id, "host"],
    [moderator.id, "moderator"],
    [viewer.id, undefined],
  ]);
  const fits = (user: User) => {
    expect({ user: user._id, role: user.role }).toEqual({
      user: user._id,
      role: roles.get(user._id),
    });
    expect("role" in user).toBe(user.role !== undefined);
  };
  const sockets = await Promise.all([host, moderator, viewer].map((as) => watch(as, id)));
  for (const as of [host, moderator, viewer]) fits((await say(as, id)).body.sender);
  for (const as of [moderator, viewer]) {
    fits((await superlike(as, id)).body.senderSnapshot);
    for (let n = 0; n < 2; n++) expect((await give(as)).status).toBe(201);
  }
  const socket = sockets[2]!;
  await eventually(
    async () => socket.events().filter(({ type }: Message) => type === "combo.ended").length,
    (count) => count === 2,
  );
  const of = (type: string) => socket.events().filter((event: Message) => event.type === type);
  expect([of("chat.message").length, of("gift.sent").length]).toEqual([3, 4]);
  for (const event of of("chat.message")) fits(event.data.sender);
  for (const event of of("combo.ended")) fits(event.data.sender);
  for (const event of of("superlike.sent")) fits(event.data.senderSnapshot);
  for (const event of of("gift.sent")) for (const user of event.data.receivers) fits(user);
  for (const event of of("gift.sent")) fits(event.data.sender);

  const base = `/api/v1/live-stream/${id}`;
  const history = await call(`GET ${chat(id)}`, { as: viewer });
  expect(history.body.messages).toHaveLength(3);
  for (const message of history.body.messages) fits(message.sender);
  for (const gift of (await data(`${base}/gifts`, viewer)).list) fits(gift.sender);
  const board = await eventually(
    () => data(`${base}/leaderboard`, viewer),
    (list) => list.length === 2,
  );
  for (const { user } of board) fits(user);
  const viewers = await data(`${base}/viewers`, viewer);
  expect(viewers.list).toHaveLength(3);
  for (const user of viewers.list) fits(user);
  const stream = await data(base, viewer);
  fits(stream.creator);
  fits(stream.broadcasters[0].userSummary);
  for (const { actor } of (await data(`${base}/moderation-log`, host)).list) fits(actor);
  const ban = { targetUserId: moderator.id, liveStreamId: id, actionType: "CHAT_ONLY" };
  fits((await call("POST /api/v1/live-stream-ban", { as: host, body: ban })).body.data.targetUser);
  for (const open of sockets) open.close();
});

test("a name with a blocked word is not shown in that stream", async () => {
  const { host, id, moderator, viewer, give } = await house();
  const spellings = ["BADWORD", "b\u00e1dw\u00f6rd", "ｂａｄｗｏｒｄ", "bаdwоrd", "b4dw0rd"];
  await settings(host, id, { blockedWords: ["badword"] });
  const watching = await watch(viewer, id);
  const shown: { name: string; surname: string; username: string }[] = [];
  for (const name of spellings) {
    await names(viewer, { name: `so ${name}`, surname: "Ewer" });
    shown.push(
      (await say(viewer, id)).body.sender,
      (await superlike(viewer, id)).body.senderSnapshot,
    );
  }
  await names(viewer, { name: "bad", surname: "word" });
  shown.push((await say(viewer, id)).body.sender);
  const username = `badword${freshId()}`.slice(0, 30);
  await call("PATCH /api/v1/users/username", { as: viewer, body: { newUsername: username } });
  shown.push((await say(viewer, id)).body.sender);
  expect((await give(viewer)).status).toBe(201);
  await eventually(
    async () => watching.events().filter(({ type }: Message) => type === "gift.sent").length,
    (count) => count === 1,
  );
  const isByViewer = ({ type }: Message) =>
    ["chat.message", "superlike.sent", "gift.sent"].includes(type);
  for (const { data: event } of watching.events().filter(isByViewer))
    shown.push(event.sender ?? event.senderSnapshot);
  const base = `/api/v1/live-stream/${id}`;
  const board = await eventually(
    () => data(`${base}/leaderboard`, host),
    (list) => list.length === 1,
  );
  shown.push(board[0].user, (await data(`${base}/viewers`, host)).list[0]);
  expect(shown.length).toBeGreaterThan(20);
  for (const { name, surname } of shown) expect(`${name} ${surname}`.trim()).toMatch(/^(Ewer)?$/);
  expect(shown.at(-1)!.username).toBe("");
  // Other streams do not block the word, and other names in this stream are unchanged.
  expect(await data("/api/v1/users/me", viewer)).toMatchObject({ name: "bad", username });
  const other = await liveStream();
  expect((await say(viewer, other.id)).body.sender).toMatchObject({ name: "bad", username });
  expect((await say(moderator, id)).body.sender).toMatchObject({ name: "Mo", surname: "Deniz" });
  watching.close();
});

test("blocked words are refused in messages however they are disguised", async () => {
  const { host, id, viewer } = await house();
  await settings(host, id, { blockedWords: ["badword", "Işık"] });
  for (const content of [
    ...["BADWORD", "bad\u200bword", "ｂａｄｗｏｒｄ", "bаdwоrd", "bádwörd", "b@dw0rd", "𝐛𝐚𝐝𝐰𝐨𝐫𝐝"],
    ...["isik", "IŞIK", "ışık", "ISIK"],
  ]) {
    const refused = await say(viewer, id, `so ${content}!`);
    expectFailure(refused, 403, sentences[403]);
    expect(refused.body.errors[1]).toMatch(/^content: contains a word that is blocked/);
  }
  expect((await say(viewer, id, "a word that is not bad")).status).toBe(201);
});

test("a muted user's new name is not shown until the mute ends, whichever API muted them", async () => {
  const { host, id, viewer, give } = await house();
  const ban = { targetUserId: viewer.id, liveStreamId: id, actionType: "CHAT_ONLY" };
  const made = await call("POST /api/v1/live-stream-ban", { as: host, body: ban });
  await names(viewer, { name: "MUTED BUT", surname: "I SAY THIS" });
  const watching = await watch(viewer, id);
  const asBefore = { _id: viewer.id, name: "Vi", surname: "Ewer" };
  expect((await superlike(viewer, id)).body.senderSnapshot).toMatchObject(asBefore);
  await give(viewer);
  const gift = await watching.next(({ type, events }: Message) =>
    type === "events" ? events.some((event: Message) => event.type === "gift.sent") : false,
  );
  expect(JSON.stringify(gift)).not.toContain("MUTED");
  const base = `/api/v1/live-stream/${id}`;
  const board = await eventually(
    () => data(`${base}/leaderboard`, host),
    (list) => list.length === 1,
  );
  expect(board[0].user).toMatchObject(asBefore);
  expect((await data(`${base}/viewers`, host)).list).toMatchObject([asBefore]);
  await call(`DELETE /api/v1/live-stream-ban/${made.body.data._id}`, { as: host });
  const after = { name: "MUTED BUT", surname: "I SAY THIS" };
  expect((await superlike(viewer, id)).body.senderSnapshot).toMatchObject(after);
  const muted = { RoomId: id, MemberList_Account: [viewer.id], MuteTime: 60 };
  expect((await tencentRested("mute_member", muted)).body).toMatchObject({ ErrorCode: 0 });
  await names(viewer, { name: "AGAIN" });
  expect((await superlike(viewer, id)).body.senderSnapshot).toMatchObject(after);
  watching.close();
});

test("old and new streams show their host's current name, and so does a gift to a new one", async () => {
  const host = await person({ claims: { given_name: "Old" } });
  const [live, past] = [await liveStream(host), await liveStream(host)];
  await call(`POST /api/v1/live-stream/${past.id}/end`, { as: host });
  const plannedStartDate = new Date(Date.now() + 3_600_000).toISOString();
  const create = (body: object) => call("POST /api/v1/live-stream/create", { as: host, body });
  const planned = (await create({ title: "Soon", plannedStartDate })).body.data;
  const username = `now${freshId()}`.slice(0, 20);
  await call("PATCH /api/v1/users/username", { as: host, body: { newUsername: username } });
  const profilePhoto = "https://cdn.example.com/now.png";
  await names(host, { name: "New", surname: "Name", profilePhoto });

  const is = { _id: host.id, username, name: "New", surname: "Name", role: "host" };
  const viewer = await person();
  const streams = [
    await data(`/api/v1/live-stream/${live.id}`, viewer),
    ...(await data("/api/v1/live-stream", viewer)),
    ...(await data(`/api/v1/live-stream/user/${host.id}/past-streams`, viewer)),
    ...(await data(`/api/v2/live-stream/user/${host.id}/upcoming-live-streams`, viewer)),
    await data("/api/v1/live-stream/my-active-stream", host),
    (await call("POST /api/v1/live-stream/join", { as: viewer, body: { liveStreamId: live.id } }))
      .body.data.liveStream,
  ].filter(({ creator }) => creator._id === host.id);
  expect(new Set(streams.map(({ id }) => id))).toEqual(new Set([live.id, past.id, planned.id]));
  // Public lists may be 5 s old.
  const isRenamed = ({ creator }: { creator: User & { name: string } }) =>
    creator._id === host.id && creator.name === "New";
  const caught = await eventually(
    () => data("/api/v1/live-stream/catch-streamers?limit=100", viewer),
    (list) => list.some(isRenamed),
  );
  const own = caught.find(isRenamed);
  streams.push({ ...own.activeLiveStream, creator: own.creator });
  const featured = await data("/api/v1/live-stream/featured", viewer);
  streams.push(...featured.filter(isRenamed));
  for (const { creator, broadcasters } of streams)
    for (const shown of [creator, broadcasters[0].userSummary])
      expect(shown).toMatchObject({ ...is, profilePhoto: { url: profilePhoto } });

  await call("POST /api/v1/live-stream/join-as-creator", {
    as: host,
    body: { liveStreamId: planned.id },
  });
  const [rose, watching] = [await giftType(5), await watch(viewer, planned.id)];
  await topUp(viewer, 5);
  await call("POST /api/v1/gifts/create", {
    as: viewer,
    body: { giftTypeId: rose, liveStreamId: planned.id },
  });
  await eventually(
    async () => watching.events().find(({ type }: Message) => type === "gift.sent"),
    (event) => event?.data.receivers[0].username === username,
  );
  watching.close();
});
