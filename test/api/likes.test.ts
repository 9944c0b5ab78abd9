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
  untilStarted,
} from "./people.ts";
import { type Message, type Viewer, viewer, watch } from "./viewer.ts";

const like = (as: Person, streamId: string, total: unknown, session: unknown = "session-1") =>
  call(`PUT /api/v1/live-stream/${streamId}/likes`, { as, body: { session, total } });
const likesOf = (streamId: string, as?: Person, query = "") =>
  call(`GET /api/v1/live-stream/${streamId}/likes${query}`, as && { as });

/** The newest value of a sum that a viewer received. */
const shown = ({ messages }: Viewer, name = "likes") =>
  messages.flatMap(({ sums }) => sums?.[name] ?? []).at(-1);
const shows = (likes: number) => (message: Message) => message.sums?.likes === likes;

test("every viewer gets the same likes, without an event, and a late viewer gets them immediately", async () => {
  const [{ id }, ann, ben] = await Promise.all([liveStream(), person(), person()]);
  await untilStarted(id, ann);
  const watching = await watch(await person(), id);
  expect(watching.messages[0]).toMatchObject({
    type: "subscribed",
    sums: { likes: 0 },
    moments: [],
  });
  expect((await like(ann, id, 7)).body.data).toEqual({ total: 7, next: 1 });
  await watching.next(shows(7));
  await Promise.all([like(ben, id, 5), like(ann, id, 3, "another-session")]);
  await watching.next(shows(15));
  expect(watching.events()).toEqual([]);
  const frames = watching.messages.filter(({ type }) => type === "events");
  const [first] = frames;
  expect(frames.map(({ frame }) => frame)).toEqual(frames.map((_, at) => first.frame + at));
  for (const { skipped } of frames) expect(skipped).toBe(0);
  const late = await viewer(await person(), { query: { streamId: id, frame: "compact" } });
  expect(await late.next(({ type }) => type === "subscribed")).toMatchObject({
    sums: { likes: 15 },
  });
  await like(await person(), id, 1);
  expect(await late.next(shows(16))).toMatchObject({ type: "compact" });
  const { epoch, frame } = frames[0]!;
  const since = { streamId: id, since: `${epoch}:${frame}` };
  const back = await viewer(await person(), { query: since });
  await back.next(shows(16));
  const { sums } = back.messages.find(({ type }) => type === "subscribed")!;
  expect(sums).toBeUndefined();
  for (const one of [watching, late, back]) one.close();
});

test("likes travel with chat, and in a quiet room in one frame a second at most", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const watching = await watch(as, id);
  const people = await Promise.all(Array.from({ length: 20 }, () => person()));
  const began = Date.now();
  for (const one of people) expect((await like(one, id, 3)).status).toBe(200);
  await watching.next(shows(60));
  const quiet = watching.messages.filter(({ type }) => type === "events").length;
  expect(quiet).toBeLessThanOrEqual(Math.ceil((Date.now() - began) / 1000) + 1);
  const from = watching.messages.length;
  await call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body: { content: "first" } });
  await watching.next(({ type }) => type === "events", from);
  await Promise.all([
    like(await person(), id, 1),
    call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body: { content: "second" } }),
  ]);
  await watching.next(shows(61));
  watching.close();
});

test("a call repeated concurrently or after a lost response counts once", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  // A third concurrent call may have begun before the others, when the burst does not include it
  // yet.
  const answers = await Promise.all([1, 2].map(() => like(as, id, 9)));
  answers.push(await like(as, id, 9));
  for (const { status, body } of answers) {
    expect(status).toBe(200);
    expect(body.data.total).toBe(9);
  }
  const likes = await eventually(
    () => likesOf(id),
    ({ body }) => body.data.total > 0,
  );
  expect(likes.body.data).toMatchObject({ total: 9, top: [{ rank: 1, likes: 9 }] });
});

test("taps beyond the allowance do not count, and calls beyond the rate are refused", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const start = Date.now();
  const first = await like(as, id, 100_000_000);
  expect(first.body.data.total).toBeGreaterThanOrEqual(100);
  expect(first.body.data.total).toBeLessThan(140);
  const many = await Promise.all(Array.from({ length: 20 }, () => like(as, id, 1)));
  const refused = many.filter(({ status }) => status === 429);
  // Three at once, the first among them, and one more for each second that they took.
  const admitted = 2 + Math.ceil((Date.now() - start) / 1000);
  expect(refused.length).toBeGreaterThanOrEqual(many.length - admitted);
  expect(refused[0]!.headers.get("retry-after")).toMatch(/^[1-9]/);

  // More sessions get no more taps: the allowance belongs to the user.
  const [liar, began] = [await person(), Date.now()];
  const claimed = await Promise.all(
    ["phone-one", "phone-two", "phone-six"].map((session) => like(liar, id, 100_000_000, session)),
  );
  const most = 100 + 20 * ((Date.now() - began) / 1000 + 1);
  const counted = claimed.reduce((sum, { body }) => sum + (body.data?.total ?? 0), 0);
  expect(counted).toBeGreaterThanOrEqual(100);
  expect(counted).toBeLessThanOrEqual(most);
});

test("the list has the most likes first, ties by time, and is public", async () => {
  const [{ id, host }, most, early, late] = await Promise.all([
    liveStream(),
    ...[1, 2, 3].map(() => person({ claims: { given_name: "Maria" } })),
  ]);
  await like(early!, id, 4);
  const body = { moderators: [early!.id] };
  await call(`PATCH /api/v1/live-stream/${id}/chat-settings`, { as: host, body });
  await like(late!, id, 4);
  await like(most!, id, 6);
  const there = await eventually(
    () => likesOf(id),
    ({ body: { data } }) => data.total === 14 && data.top[1]?.user.role === "moderator",
  );
  const { top } = there.body.data;
  expect(top.map(({ rank, likes }: Message) => [rank, likes])).toEqual([
    [1, 6],
    [2, 4],
    [3, 4],
  ]);
  expect(top.map(({ user }: Message) => user._id)).toEqual([most!.id, early!.id, late!.id]);
  expect(top[0].user).toMatchObject({ name: "Maria", profilePhoto: { type: "image" } });
  expect((await likesOf(id, host, "?limit=1")).body.data.top).toHaveLength(1);
});

test("invalid likes are 400; unknown and ended streams, and blocked users, are refused", async () => {
  const [{ id, host }, as, blocked, muted] = await Promise.all([
    liveStream(),
    ...[1, 2, 3].map(() => person()),
  ]);
  const bad = [
    [-1],
    [1.5],
    ["5"],
    [100_000_001],
    [null],
    [1, "short"],
    [1, "x".repeat(33)],
    [1, "not allowed!"],
    [1, null],
  ] as const;
  for (const [total, session = "session-1"] of bad)
    expectFailure(await like(await person(), id, total, session), 400, sentences[400]);
  expect((await like(as!, id, 0)).body.data).toEqual({ total: 0, next: 1 });
  for (const query of ["?limit=0", "?limit=101", "?limit=1&limit=2"])
    expectFailure(await likesOf(id, undefined, query), 400, sentences[400]);
  expectFailure(await likesOf(freshId()), 404, sentences[404]);
  expectFailure(await like(as!, freshId(), 1), 404, sentences[404]);
  const ban = (targetUserId: string, actionType: string) =>
    call("POST /api/v1/live-stream-ban", {
      as: host,
      body: { liveStreamId: id, targetUserId, actionType },
    });
  await Promise.all([like(blocked!, id, 1), like(muted!, id, 1)]);
  await ban(blocked!.id, "BLOCK");
  await ban(muted!.id, "CHAT_ONLY");
  expectFailure(await like(blocked!, id, 2), 403, sentences[403]);
  expectFailure(await likesOf(id, blocked), 403, sentences[403]);
  expect((await like(muted!, id, 2)).status).toBe(200);
  expect((await like(host, id, 2)).status).toBe(200);
  await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
  const over = await like(as!, id, 1);
  expectFailure(over, 409, sentences[409]);
  expect(over.headers.get("x-error-code")).toBe("stream_not_live");
  expect((await likesOf(id, await admin())).status).toBe(200);
});

test("a deleted user leaves the list, their likes stay, and they may begin from zero", async () => {
  const [{ id }, leaver, other] = await Promise.all([liveStream(), person(), person()]);
  await Promise.all([like(leaver, id, 8), like(other, id, 2)]);
  // The total follows once the frame counts as posted, the list before that.
  const both = ({ body: { data } }: Message) => data.top.length === 2 && data.total === 10;
  await eventually(() => likesOf(id), both);
  const { body } = await call("GET /api/v1/users/me/export", { as: leaver });
  expect(body.data.likes).toMatchObject([{ streamId: id, likes: 8 }]);
  expect((await call("DELETE /api/v1/users/me", { as: leaver })).status).toBe(204);
  const gone = await eventually(
    () => likesOf(id),
    (answer) => answer.body.data.top.length === 1,
  );
  expect(gone.body.data).toMatchObject({ total: 10, top: [{ user: { _id: other.id }, likes: 2 }] });
  const again = await person({ id: leaver.id });
  await eventually(
    () => like(again, id, 3),
    ({ status }) => status === 200,
  );
  const back = await eventually(
    () => likesOf(id),
    (answer) => answer.body.data.total > 10,
  );
  expect(back.body.data.total).toBe(13);
});

test("responses over HTTP have the sums too, if no frames are replayed", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const events = (query = "") => call(`GET /api/v1/live-stream/${id}/events${query}`, { as });
  await untilStarted(id, as);
  const begun = (await events()).body.data;
  expect(begun).toMatchObject({ sums: { likes: 0 }, moments: [] });
  await like(as, id, 4);
  const missed = await events(`?after=${begun.head}&wait=20`);
  const { frames, sums } = missed.body.data;
  expect(frames.at(-1).sums).toEqual({ likes: 4 });
  expect(sums === undefined || sums.likes === 0).toBe(true);
  const replayed = (await events(`?after=${begun.head}`)).body.data;
  expect(replayed.frames.length).toBe(1);
  expect(replayed.sums).toBeUndefined();
  expect((await events()).body.data.sums).toEqual({ likes: 4 });
  expect(shown({ messages: frames } as Viewer)).toBe(4);
});
