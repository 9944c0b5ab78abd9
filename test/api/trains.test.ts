import {
  admin,
  call,
  eventually,
  expectFailure,
  giftType,
  liveStream,
  type Person,
  person,
  sentences,
  topUp,
} from "./people.ts";
import { type Message, sumIs, type Viewer, watch } from "./viewer.ts";

const train = {
  enabled: true,
  startCredits: 30,
  startSenders: 2,
  windowSeconds: 300,
  levels: [40, 60, 500],
  levelSeconds: 120,
};
const get = (as: Person | undefined, id: string) =>
  call(`GET /api/v1/live-stream/${id}/train`, as && { as });
const put = (as: Person | undefined, id: string, body: unknown = train, headers = {}) =>
  call(`PUT /api/v1/live-stream/${id}/train`, { ...(as && { as }), body, headers });
const of = (id: string, rest: string, as?: Person) =>
  call(
    `${rest.startsWith("GET") ? "GET" : "POST"} /api/v1/live-stream/${id}/moments${rest.split(" ")[1] ?? ""}`,
    as && { as },
  );
const sumOf = ({ messages }: Viewer, id: string) =>
  messages.findLast(({ sums }) => sums?.[id] !== undefined)?.sums[id];
const eventsOf = ({ messages }: Viewer): Message[] =>
  messages.flatMap(({ events = [] }) => events).filter(({ type }) => type.startsWith("moment."));
const tells = (type: string) => (message: Message) =>
  message.events?.some((event: Message) => event.type === type);

/** A live stream with a viewer, and two users who can give gifts of 20 credits. */
async function room() {
  const [{ id, host }, witness, ann, ben, typeId] = await Promise.all([
    ...([liveStream(), person(), person(), person(), giftType(20)] as const),
  ]);
  await Promise.all([ann, ben].map((one) => topUp(one, 1000)));
  const give = (as: Person, count = 1) =>
    call("POST /api/v1/gifts/create", {
      as,
      body: { giftTypeId: typeId, liveStreamId: id, quantity: count },
    });
  return { id, host, ann, ben, give, watching: await watch(witness, id) };
}

test.concurrent("only the host and admins read and change the train settings", async () => {
  const [{ id, host }, moderator, viewer] = await Promise.all([liveStream(), person(), person()]);
  const before = await get(host, id);
  expect(before.body.data).toMatchObject({ enabled: false, levels: expect.any(Array) });
  const body = { moderators: [moderator.id] };
  await call(`PATCH /api/v1/live-stream/${id}/chat-settings`, { as: host, body });
  for (const as of [moderator, viewer])
    for (const refused of [await get(as, id), await put(as, id)])
      expectFailure(refused, 403, sentences[403]);
  for (const refused of [await get(undefined, id), await put(undefined, id)])
    expectFailure(refused, 401, sentences[401]);
  const changed = await put(await admin(), id);
  expect([changed.status, changed.body.data]).toEqual([200, train]);
  expect((await get(host, id)).body.data).toEqual(train);
  const stale = await put(host, id, train, { "if-match": before.headers.get("etag")! });
  expect(stale.status).toBe(412);
  expectFailure(await get(host, "f".repeat(24)), 404, sentences[404]);
});

test.concurrent.each([
  [{ ...train, enabled: undefined }, "enabled"],
  [{ ...train, startCredits: 0 }, "startCredits"],
  [{ ...train, startSenders: 1 }, "startSenders"],
  [{ ...train, windowSeconds: 601 }, "windowSeconds"],
  [{ ...train, levels: [] }, "levels"],
  [{ ...train, levels: [40, 40] }, "levels"],
  [{ ...train, levelSeconds: 59 }, "levelSeconds"],
])("%j is refused and names the field", async (body, field) => {
  const { id, host } = await liveStream();
  const refused = await put(host, id, body);
  expectFailure(refused, 400, sentences[400]);
  expect(refused.body.errors.join()).toContain(field);
});

test.concurrent("a train starts, reaches levels and ends with its result, the same for every viewer", async () => {
  const { id, host, ann, ben, give, watching } = await room();
  await put(host, id);
  await give(ann);
  await call(`POST /api/v1/live-stream/${id}/chat/superlike`, { as: ben });
  await watching.next(tells("moment.started"));
  const [started] = eventsOf(watching);
  const moment = started!.data;
  expect(moment).toMatchObject({
    streamId: id,
    kind: "train",
    status: "open",
    level: 0,
    title: null,
    by: null,
    target: null,
    reached: null,
    result: null,
  });
  expect(Date.parse(moment.endsAt) - Date.parse(moment.startedAt)).toBe(120_000);
  const begun = sumOf(watching, moment.id)[1];
  await give(ann, 3);
  await watching.next(tells("moment.changed"));
  await watching.next(sumIs(moment.id, [2, begun + 60, 500]));
  const [, one, two, ...more] = eventsOf(watching);
  expect(more).toEqual([]);
  expect([one!.id, two!.id]).toEqual([1, 2].map((n) => `moment:${moment.id}:level:${n}`));
  expect([one!.data.level, two!.data.level]).toEqual([1, 2]);
  expect(Date.parse(two!.data.endsAt) - Date.parse(moment.startedAt)).toBe(360_000);

  const late = await watch(await person(), id);
  expect(late.messages[0]).toMatchObject({
    sums: { [moment.id]: [2, begun + 60, 500] },
    moments: [two!.data],
  });
  // The list follows once the frame counts as posted, which may be after viewers have it.
  const list = async () => (await of(id, "GET ?kind=train&status=open")).body.data;
  expect(await eventually(list, ({ sums }) => sums[moment.id]?.[0] === 2)).toMatchObject({
    list: [two!.data],
    sums: { [moment.id]: [2, begun + 60, 500] },
  });
  expectFailure(await of(id, `POST /${moment.id}/end`, ann), 403, sentences[403]);
  const end = await of(id, `POST /${moment.id}/end`, host);
  expect(end.body.data).toMatchObject({ status: "ended", result: null, level: 2 });
  await watching.next(tells("moment.ended"));
  const { endedAt } = end.body.data;
  expect(Date.now() - Date.parse(endedAt)).toBeLessThan(20_000);
  const ended = eventsOf(watching).at(-1)!.data;
  expect(ended.result).toMatchObject({ level: 2, credits: begun + 60 });
  expect(ended.result.top[0]).toMatchObject({ user: { _id: ann.id }, credits: 60 });
  expect(ended).toMatchObject({ status: "ended", level: 2, endedAt });
  expect((await of(id, `GET /${moment.id}`)).body.data).toEqual({ ...ended, own: null });
  const frame = watching.messages.find(tells("moment.ended"));
  expect(frame.sums).toEqual({ [moment.id]: [2, begun + 60, 500] });
  expectFailure(await of(id, `POST /${moment.id}/cancel`, host), 409, sentences[409]);

  // Its end empties the window: one more gift starts nothing, but gifts of two users start another.
  await give(ann, 2);
  await give(ben);
  await watching.next((message) =>
    message.events?.some(({ data }: Message) => data.kind === "train" && data.id !== moment.id),
  );
  for (const one of [watching, late]) one.close();
});

test.concurrent("disabling cancels the train, which may be the eleventh moment, and no other begins", async () => {
  const { id, host, ann, ben, give, watching } = await room();
  await put(host, id);
  const goal = { kind: "goal", title: "Mic", of: "gifts", target: 1000 };
  for (let n = 0; n < 10; n++)
    await call(`POST /api/v1/live-stream/${id}/moments`, { as: host, body: goal });
  await give(ann);
  await give(ben);
  const started = await watching.next((message) =>
    message.events?.some(({ data }: Message) => data.kind === "train"),
  );
  const { id: momentId } = started.events.find(({ data }: Message) => data.kind === "train").data;
  await put(host, id, { ...train, enabled: false });
  await watching.next(tells("moment.ended"));
  expect(eventsOf(watching).at(-1)!.data).toMatchObject({
    id: momentId,
    status: "cancelled",
    result: null,
  });
  const status = async () => (await of(id, `GET /${momentId}`)).body.data.status;
  await eventually(status, (is) => is === "cancelled");
  expectFailure(await of(id, `POST /${momentId}/end`, host), 409, sentences[409]);
  await give(ann, 3);
  await give(ben, 3);
  const last = await give(ann);
  await watching.next((message) =>
    message.events?.some(({ data }: Message) => data.id === last.body.data.id),
  );
  expect(eventsOf(watching).filter(({ data }) => data.kind === "train")).toHaveLength(2);
  watching.close();
});

test.concurrent("a channel's settings apply to its live and future streams", async () => {
  const { id, host } = await liveStream();
  const channel = await call("PATCH /api/v1/channel", { as: host, body: { train } });
  expect(channel.body.data).toMatchObject({ train, slowModeSeconds: 0 });
  expect((await call("GET /api/v1/channel", { as: host })).body.data.train).toEqual(train);
  expect((await get(host, id)).body.data).toEqual(train);
  await put(host, id, { ...train, levels: [7] });
  await call("PATCH /api/v1/channel", { as: host, body: { slowModeSeconds: 3 } });
  expect((await get(host, id)).body.data.levels).toEqual([7]);
  const next = await call("POST /api/v1/live-stream/create", { as: host, body: { title: "Next" } });
  expect((await get(host, next.body.data.id)).body.data).toEqual(train);
  const bad = { train: { ...train, levels: [2, 1] } };
  expectFailure(await call("PATCH /api/v1/channel", { as: host, body: bad }), 400, sentences[400]);
});
