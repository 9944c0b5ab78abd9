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
  service,
  topUp,
} from "./people.ts";
import { type Message, sumIs, type Viewer, watch } from "./viewer.ts";

const start = (as: Person | undefined, streamId: string, body: unknown, key?: string) =>
  call(`POST /api/v1/live-stream/${streamId}/moments`, {
    ...(as && { as }),
    body,
    ...(key !== undefined && { key }),
  });
/** Votes as clients do: again if it was not certain within 2 s, as on a busy machine. */
const vote = (as: Person | undefined, streamId: string, momentId: string, options: unknown) =>
  eventually(
    () =>
      call(`PUT /api/v1/live-stream/${streamId}/moments/${momentId}/vote`, {
        ...(as && { as }),
        body: { options },
      }),
    ({ status }) => status !== 503,
  );
const end = (as: Person | undefined, streamId: string, momentId: string) =>
  call(`POST /api/v1/live-stream/${streamId}/moments/${momentId}/end`, as && { as });
const cancel = (as: Person | undefined, streamId: string, momentId: string) =>
  call(`POST /api/v1/live-stream/${streamId}/moments/${momentId}/cancel`, as && { as });
const read = (streamId: string, momentId: string, as?: Person) =>
  call(`GET /api/v1/live-stream/${streamId}/moments/${momentId}`, as && { as });
const list = (streamId: string, query = "", as?: Person) =>
  call(`GET /api/v1/live-stream/${streamId}/moments${query}`, as && { as });

const poll = { kind: "poll", title: "Red?", options: ["yes", "no", "maybe"], seconds: 600 };
const goal = { kind: "goal", title: "A new microphone", of: "credits", target: 30 };
const train = {
  enabled: true,
  startCredits: 30,
  startSenders: 2,
  windowSeconds: 60,
  levels: [40],
  levelSeconds: 60,
};

const people = (count: number) => Promise.all(Array.from({ length: count }, () => person()));
const holds = (type: string, momentId: string) => (message: Message) =>
  message.events?.some((event: Message) => event.type === type && event.data.id === momentId);
const eventOf = ({ messages }: Viewer, type: string, momentId: string) =>
  messages
    .flatMap(({ events = [] }) => events)
    .filter((event: Message) => event.type === type && event.data.id === momentId);

async function room() {
  const [{ id, host }, witness] = await Promise.all([liveStream(), person()]);
  return { id, host, watching: await watch(witness, id) };
}

test.concurrent("a poll counts each user's last vote, and its result matches the stored votes", async () => {
  const [{ id, host, watching }, voters] = await Promise.all([room(), people(5)]);
  // Long enough for a slow machine to vote before the end.
  const made = await start(host, id, { ...poll, seconds: 30 }, "poll-1");
  expect(made.status).toBe(201);
  const moment = made.body.data;
  expect(moment).toMatchObject({
    streamId: id,
    kind: "poll",
    status: "open",
    title: "Red?",
    choices: 1,
    of: null,
    options: poll.options,
    target: null,
    level: null,
    reached: null,
    result: null,
    by: { _id: host.id, role: "host" },
    endedAt: null,
  });
  // The one who watches is counted by the stream's next frame.
  expect([0, 1]).toContain(moment.spreadSeconds);
  expect(Date.parse(moment.endsAt) - Date.parse(moment.startedAt)).toBe(30_000);
  const again = await start(host, id, { ...poll, seconds: 30 }, "poll-1");
  expect(again.body.data).toEqual(moment);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  await watching.next(sumIs(moment.id, [0, 0, 0]));
  expect(eventOf(watching, "moment.started", moment.id)[0].data).toEqual(moment);

  const choices = [0, 0, 1, 2, 1];
  const votes = await Promise.all(voters.map((as, at) => vote(as, id, moment.id, [choices[at]])));
  expect(votes.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect((await vote(voters[4]!, id, moment.id, [0])).body.data).toEqual({
    momentId: moment.id,
    options: [0],
  });
  await vote(voters[4]!, id, moment.id, [0]);
  await watching.next(sumIs(moment.id, [3, 1, 1]));
  const late = await watch(await person(), id);
  expect(late.messages[0]).toMatchObject({ sums: { [moment.id]: [3, 1, 1] }, moments: [moment] });
  expect((await read(id, moment.id, voters[4])).body.data.own).toEqual({ options: [0] });
  expect((await read(id, moment.id)).body.data.own).toBeNull();

  const isOver = ({ body }: { body: Message }) => body.data.status !== "open";
  const { endsAt: endedAt } = moment;
  const over = (await eventually(() => read(id, moment.id), isOver)).body.data;
  expect(over).toMatchObject({ status: "ended", endedAt });
  const idsOf = async (query: string) =>
    (await list(id, query)).body.data.list.map((one: Message) => one.id);
  expect([await idsOf("?status=open"), await idsOf("?status=ended")]).toEqual([[], [moment.id]]);

  await watching.next(holds("moment.ended", moment.id));
  expect(Date.now() - Date.parse(moment.endsAt)).toBeLessThan(20_000);
  const result = { votes: [3, 1, 1], voters: 5, winner: 0 };
  const [ended, ...more] = eventOf(watching, "moment.ended", moment.id);
  expect(more).toEqual([]);
  expect(ended.data).toEqual({ ...moment, status: "ended", endedAt, result });
  const frame = watching.messages.find(holds("moment.ended", moment.id));
  expect(frame.sums).toEqual({ [moment.id]: [3, 1, 1] });
  const { data } = (await read(id, moment.id)).body;
  expect(data).toEqual({ ...ended.data, own: null });
  const tooLate = await vote(voters[0]!, id, moment.id, [1]);
  expectFailure(tooLate, 409, sentences[409]);
  expect(tooLate.headers.get("x-error-code")).toBe("moment_over");
  expectFailure(await vote(voters[0]!, id, moment.id, [3]), 400, sentences[400]);
  for (const one of [watching, late]) one.close();
});

test.concurrent("a goal follows gifts, superlikes and refunds, and is reached only once", async () => {
  const [{ id, host, watching }, sender, typeId] = await Promise.all([
    room(),
    person(),
    giftType(20),
  ]);
  await topUp(sender, 1000);
  const give = () =>
    call("POST /api/v1/gifts/create", {
      as: sender,
      body: { giftTypeId: typeId, liveStreamId: id },
    });
  await give();
  const { id: momentId } = (await start(host, id, goal)).body.data;
  const gifts = { ...goal, of: "gifts", target: 2 };
  const { id: countId } = (await start(host, id, gifts)).body.data;
  await watching.next(sumIs(countId, 0));
  await give();
  await watching.next(sumIs(momentId, 20));
  await call(`POST /api/v1/live-stream/${id}/chat/superlike`, { as: sender });
  await watching.next(holds("moment.changed", momentId));
  expect(eventOf(watching, "moment.changed", momentId)[0]).toMatchObject({
    id: `moment:${momentId}:reached`,
    data: { reached: true, status: "open", by: { _id: host.id } },
  });
  const { body } = await give();
  await watching.next(sumIs(momentId, 50));
  await watching.next(sumIs(countId, 2));
  await call(`POST /api/v1/gifts/${body.data.id}/refund`, { as: await admin() });
  await watching.next(sumIs(momentId, 30));
  await give();
  await watching.next(sumIs(momentId, 50), watching.messages.findIndex(sumIs(momentId, 30)));
  expect(eventOf(watching, "moment.changed", momentId)).toHaveLength(1);
  expect((await read(id, momentId)).body.data.reached).toBe(true);

  const done = await end(host, id, momentId);
  expect(done).toMatchObject({ status: 200, body: { data: { status: "ended", result: null } } });
  expectFailure(await end(host, id, momentId), 409, sentences[409]);
  expectFailure(await cancel(host, id, momentId), 409, sentences[409]);
  await give();
  await watching.next(holds("moment.ended", momentId));
  const [event] = eventOf(watching, "moment.ended", momentId);
  expect(event.data).toMatchObject({ reached: true, result: { amount: 50, reached: true } });
  watching.close();
});

test.concurrent("a goal of likes counts taps; moments end with their stream", async () => {
  const [{ id, host, watching }, as] = await Promise.all([room(), person()]);
  const tap = (total: number) =>
    call(`PUT /api/v1/live-stream/${id}/likes`, { as, body: { session: "session-1", total } });
  await tap(5);
  const wish = { kind: "goal", title: "Taps", of: "likes", target: 3, seconds: 3600 };
  const { id: momentId } = (await start(host, id, wish)).body.data;
  const { id: pollId } = (await start(host, id, poll)).body.data;
  await tap(9);
  await watching.next(sumIs(momentId, 4));
  await watching.next(holds("moment.changed", momentId));
  await vote(as, id, pollId, [1]);
  await watching.next(sumIs(pollId, [0, 1, 0]));
  // The list follows once the frame counts as posted, which may be after viewers have it.
  const open = () => list(id, "?status=open");
  const { data } = (await eventually(open, ({ body }) => body.data.sums[pollId][1] === 1)).body;
  expect(data).toMatchObject({
    list: [{ id: pollId }, { id: momentId }],
    sums: { likes: 9, [pollId]: [0, 1, 0], [momentId]: 4 },
  });
  await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
  expectFailure(await vote(as, id, pollId, [1]), 409, sentences[409]);
  expectFailure(await start(host, id, poll), 409, sentences[409]);
  await watching.next(holds("moment.ended", momentId));
  await watching.next(holds("moment.ended", pollId));
  const { endedAt } = (await call(`GET /api/v1/live-stream/${id}`, { as: host })).body.data;
  expect(eventOf(watching, "moment.ended", momentId)[0].data).toMatchObject({
    status: "ended",
    endedAt,
    result: { amount: 4, reached: true },
  });
  expect(eventOf(watching, "moment.ended", pollId)[0].data).toMatchObject({
    status: "ended",
    endedAt,
    result: { votes: [0, 1, 0], voters: 1, winner: 1 },
  });
  watching.close();
});

test.concurrent("a goal that was reached stays reached when it is cancelled", async () => {
  const [{ id, host, watching }, as] = await Promise.all([room(), person()]);
  const { id: goalId } = (await start(host, id, { ...goal, of: "likes", target: 1 })).body.data;
  const likes = { session: freshId(), total: 1 };
  await call(`PUT /api/v1/live-stream/${id}/likes`, { as, body: likes });
  await watching.next(holds("moment.changed", goalId));
  const { data } = (await cancel(host, id, goalId)).body;
  expect(data).toMatchObject({ status: "cancelled", reached: true, result: null });
  await watching.next(holds("moment.ended", goalId));
  expect(eventOf(watching, "moment.ended", goalId)[0].data).toEqual(data);
  expect((await list(id, "")).body.data.list).toMatchObject([{ id: goalId, reached: true }]);
  watching.close();
});

test.concurrent("a cancelled moment has no result; the list is newest first, by kind and status", async () => {
  const { id, host, watching } = await room();
  const ids: string[] = [];
  for (const body of [poll, goal, poll])
    ids.push((await start(host, id, body)).body.data.id as string);
  const [first, second, third] = ids;
  await vote(await person(), id, first!, [0]);
  const { status, body } = await cancel(host, id, first!);
  expect({ status, data: body.data }).toMatchObject({
    status: 200,
    data: { status: "cancelled", result: null },
  });
  await watching.next(holds("moment.ended", first!));
  expect(eventOf(watching, "moment.ended", first!)[0].data).toEqual(body.data);
  const idsOf = async (query = "") =>
    (await list(id, query)).body.data.list.map((one: Message) => one.id);
  expect(await idsOf()).toEqual([third, second, first]);
  expect(await idsOf("?kind=poll")).toEqual([third, first]);
  expect(await idsOf("?status=cancelled")).toEqual([first]);
  expect(await idsOf("?status=open&kind=goal")).toEqual([second]);
  const page = (await list(id, "?limit=1&kind=poll")).body.data;
  expect(page).toMatchObject({ list: [{ id: third }], pageInfo: { hasNextPage: true } });
  const { nextCursor } = page.pageInfo;
  expect(await idsOf(`?limit=1&kind=poll&after=${nextCursor}`)).toEqual([first]);
  // Nothing that the filters match is older.
  for (const query of ["?limit=1&kind=goal", "?limit=2&status=open"])
    expect((await list(id, query)).body.data.pageInfo).toMatchObject({
      hasNextPage: false,
      nextCursor: null,
    });
  for (const query of ["?kind=quiz", "?status=over", "?limit=0"])
    expectFailure(await list(id, query), 400, sentences[400]);
  watching.close();
});

test.concurrent("a poll ends with its stream: a later vote is 409 moment_over", async () => {
  const [{ id, host }, viewer] = await Promise.all([liveStream(), person()]);
  const { data } = (await start(host, id, poll)).body;
  expect((await vote(viewer, id, data.id, [0])).status).toBe(200);
  await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
  // A function may know the stream as live for some seconds.
  const late = await eventually(
    () => vote(viewer, id, data.id, [1]),
    ({ status }) => status !== 200,
  );
  expectFailure(late, 409, sentences[409]);
  expect(late.body.code).toBe("moment_over");
});

test.concurrent("ten moments may be open; cancelling one makes room", async () => {
  const { id, host } = await liveStream();
  const made = [];
  for (let n = 0; n < 10; n++) made.push(await start(host, id, poll));
  expect(made.map(({ status }) => status)).toEqual(Array(10).fill(201));
  const more = await start(host, id, goal);
  expectFailure(more, 409, sentences[409]);
  expect(more.headers.get("x-error-code")).toBe("too_many_moments");
  const others = await Promise.all(Array.from({ length: 20 }, () => start(host, id, poll)));
  expect(others.filter(({ status }) => ![409, 429].includes(status))).toEqual([]);
  expect((await list(id, "?status=open&limit=50")).body.data.list).toHaveLength(10);
  await cancel(host, id, made[3]!.body.data.id);
  expect((await start(host, id, goal)).status).toBe(201);
});

test.concurrent("each caller may do exactly the actions of their role", async () => {
  const [{ id, host }, viewerOf, moderator, blocked, muted] = await Promise.all([
    liveStream(),
    ...Array.from({ length: 4 }, () => person()),
  ]);
  await Promise.all([moderator!, blocked!, muted!].map((as) => list(id, "", as)));
  await call(`PATCH /api/v1/live-stream/${id}/chat-settings`, {
    as: host,
    body: { moderators: [moderator!.id] },
  });
  for (const [one, actionType] of [
    [blocked!, "BLOCK"],
    [muted!, "CHAT_ONLY"],
  ] as const)
    await call("POST /api/v1/live-stream-ban", {
      as: host,
      body: { liveStreamId: id, targetUserId: one.id, actionType },
    });
  const { id: pollId } = (await start(host, id, poll)).body.data;
  const actions = {
    start: async (as?: Person) => (await start(as, id, poll)).status,
    vote: async (as?: Person) => (await vote(as, id, pollId, [0])).status,
    read: async (as?: Person) => (await read(id, pollId, as)).status,
    list: async (as?: Person) => (await list(id, "", as)).status,
    tap: async (as?: Person) =>
      (
        await call(`PUT /api/v1/live-stream/${id}/likes`, {
          ...(as && { as }),
          body: { session: "session-1", total: 1 },
        })
      ).status,
    likes: async (as?: Person) =>
      (await call(`GET /api/v1/live-stream/${id}/likes`, as && { as })).status,
    train: async (as?: Person) =>
      (await call(`GET /api/v1/live-stream/${id}/train`, as && { as })).status,
    setTrain: async (as?: Person) =>
      (await call(`PUT /api/v1/live-stream/${id}/train`, { ...(as && { as }), body: train }))
        .status,
    end: async (as?: Person) => {
      const { data } = (await start(host, id, goal)).body;
      const { status } = await end(as, id, data.id);
      if (status !== 200) await cancel(host, id, data.id);
      return status;
    },
    cancel: async (as?: Person) => {
      const { data } = (await start(host, id, goal)).body;
      const { status } = await cancel(as, id, data.id);
      if (status !== 200) await end(host, id, data.id);
      return status;
    },
  };
  const may = async (as?: Person) => {
    const statuses: Record<string, number> = {};
    for (const [name, act] of Object.entries(actions)) statuses[name] = await act(as);
    return statuses;
  };
  const takesPart = { vote: 200, read: 200, list: 200, tap: 200, likes: 200 };
  const leads = { ...takesPart, start: 201, end: 200, cancel: 200, train: 200, setTrain: 200 };
  const moderates = { ...leads, train: 403, setTrain: 403 };
  const watches = { ...moderates, start: 403, end: 403, cancel: 403 };
  const none = { ...watches, vote: 403, read: 403, list: 403, tap: 403, likes: 403 };
  const signIn = { vote: 401, tap: 401, train: 401, setTrain: 401 };
  const nobody = { ...watches, ...signIn, start: 401, end: 401, cancel: 401 };
  expect(await may(host)).toEqual(leads);
  expect(await may(moderator)).toEqual(moderates);
  expect(await may(await admin())).toEqual(leads);
  // A back end is not a viewer, and may act in a stream as any user may.
  expect(await may(await service())).toEqual(watches);
  expect(await may(viewerOf)).toEqual(watches);
  expect(await may(muted)).toEqual(watches);
  expect(await may(blocked)).toEqual(none);
  expect(await may(undefined)).toEqual(nobody);
});

test.concurrent("invalid bodies are 400, unknown moments 404, and only polls accept votes", async () => {
  const [{ id, host }, other, as] = await Promise.all([liveStream(), liveStream(), person()]);
  for (const body of [{}, { ...poll, options: ["a", "a"] }, { ...poll, seconds: 5 }, "poll"])
    expectFailure(await start(host, id, body), 400, sentences[400]);
  const { id: pollId } = (await start(host, id, { ...poll, choices: 10 })).body.data;
  const { id: goalId } = (await start(host, id, goal)).body.data;
  for (const options of [[], [3], [0, 0], [-1], ["0"], [0, 1, 2, 3], null])
    expectFailure(await vote(await person(), id, pollId, options), 400, sentences[400]);
  expect((await vote(as, id, pollId, [2, 0])).status).toBe(200);
  const wrong = await vote(as, id, goalId, [0]);
  expectFailure(wrong, 409, sentences[409]);
  expect(wrong.headers.get("x-error-code")).toBe("not_a_poll");
  expectFailure(await vote(as, other.id, pollId, [0]), 404, sentences[404]);
  expectFailure(await read(id, freshId()), 404, sentences[404]);
  expectFailure(await end(host, id, freshId()), 404, sentences[404]);
  const many = await Promise.all(Array.from({ length: 24 }, () => vote(as, id, pollId, [1])));
  expect(many.filter(({ status }) => status === 429).length).toBeGreaterThan(3);
});

test.concurrent("a deleted user's vote stays in the sum anonymously, and the user may vote again", async () => {
  const [{ id, host, watching }, leaver] = await Promise.all([room(), person()]);
  const { id: pollId } = (await start(host, id, poll)).body.data;
  await vote(leaver, id, pollId, [2]);
  await watching.next(sumIs(pollId, [0, 0, 1]));
  const own = (await call("GET /api/v1/users/me/export", { as: leaver })).body.data;
  expect(own.votes).toMatchObject([{ momentId: pollId, options: [2] }]);
  await call("DELETE /api/v1/users/me", { as: leaver });
  const again = await person({ id: leaver.id });
  await eventually(
    () => read(id, pollId, again),
    ({ body }) => body.data?.own === null,
  );
  await vote(again, id, pollId, [0]);
  await watching.next(sumIs(pollId, [1, 0, 1]));
  await end(host, id, pollId);
  await watching.next(holds("moment.ended", pollId));
  const [{ data }] = eventOf(watching, "moment.ended", pollId);
  expect(data.result).toEqual({ votes: [1, 0, 1], voters: 2, winner: null });
  watching.close();
});
