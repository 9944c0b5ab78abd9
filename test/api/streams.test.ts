import {
  call,
  eventually,
  expectFailure,
  freshId,
  liveStream,
  person,
  sentences,
} from "./people.ts";

const create = async (body: unknown = { title: "Soon" }, as = person()) => {
  const host = await as;
  const answer = await call("POST /api/v1/live-stream/create", { as: host, body });
  expect(answer.status).toBe(201);
  return { host, id: answer.body.data.id as string, stream: answer.body.data };
};
const soon = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

test("a stream is created, goes live, ends and is listed as past, with consistent fields throughout", async () => {
  const { host, id, stream } = await create({ title: "  Friday night ", interest: "music" });
  expect(stream).toMatchObject({
    title: "Friday night",
    status: "preparing",
    accessType: "free",
    interest: "music",
    startedAt: null,
    creator: { _id: host.id },
    broadcasters: [{ user: host.id, role: "host", uid: expect.any(Number) }],
  });
  expect(stream.channelName).toMatch(/^friday-night-[0-9a-f]{4}$/);
  const read = async () => (await call(`GET /api/v1/live-stream/${id}`, { as: host })).body.data;
  expect(await read()).toEqual(stream);

  const live = await call("POST /api/v1/live-stream/join-as-creator", {
    as: host,
    body: { liveStreamId: id },
  });
  expect(live.status).toBe(200);
  expect(Object.keys(live.body.data)).toEqual(["liveStream", "token", "channelName", "uid"]);
  expect(live.body.data).toMatchObject({ token: null, liveStream: { status: "active" } });
  const active = async (as?: typeof host) =>
    (await call("GET /api/v1/live-stream/my-active-stream", { ...(as && { as }) })).body;
  expect((await active(host)).data.id).toBe(id);
  expect(await active()).toMatchObject({ isSuccess: true, data: null });
  const all = await call("GET /api/v1/live-stream", { as: host });
  expect(all.body.data.some((row: { id: string }) => row.id === id)).toBe(true);

  const viewer = await person();
  const joined = await call("POST /api/v1/live-stream/join", {
    as: viewer,
    body: { liveStreamId: id, role: "audience" },
  });
  expect(joined.body.data).toMatchObject({ liveStream: { id }, token: null });
  expectFailure(
    await call(`POST /api/v1/live-stream/${id}/end`, { as: viewer }),
    403,
    sentences[403],
  );
  expectFailure(await call(`DELETE /api/v1/live-stream/${id}`, { as: host }), 409, sentences[409]);

  const ended = await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
  expect(ended.body.data).toMatchObject({ id, status: "ended", endedAt: expect.any(String) });
  expectFailure(
    await call(`POST /api/v1/live-stream/${id}/end`, { as: host }),
    409,
    sentences[409],
  );
  for (const as of [host, undefined]) {
    const past = await call(`GET /api/v1/live-stream/user/${host.id}/past-streams`, {
      ...(as && { as }),
    });
    expect(past.body.data.map((row: { id: string }) => row.id)).toEqual([id]);
  }
  expect((await active(host)).data).toBeNull();
  const again = await call("POST /api/v1/live-stream/join-as-creator", {
    as: host,
    body: { liveStreamId: id },
  });
  expectFailure(again, 409, sentences[409]);
  expect((await call(`DELETE /api/v1/live-stream/${id}`, { as: host })).body.data.id).toBe(id);
  expectFailure(await call(`GET /api/v1/live-stream/${id}`, { as: host }), 404, sentences[404]);
});

test("a form creates a stream with its picture; too large a picture is 400", async () => {
  const [as, guest] = await Promise.all([person(), person()]);
  await call("GET /api/v1/users/me", { as: guest });
  const form = (bytes: number) => {
    const fields = new FormData();
    fields.set("title", "Form");
    fields.set("guests", JSON.stringify([guest.id]));
    fields.set("price", "25");
    fields.set("motivation", "");
    const picture = new Uint8Array(bytes);
    picture.set(Buffer.from("GIF89a"));
    fields.set("thumbnail", new Blob([picture], { type: "image/png" }), "a.png");
    return fields;
  };
  const made = await call("POST /api/v1/live-stream/create", { as, raw: form(100_000) });
  expect(made.status).toBe(201);
  expect(made.body.data).toMatchObject({
    title: "Form",
    guests: [guest.id],
    price: 25,
    accessType: "paid",
  });
  expectFailure(
    await call("POST /api/v1/live-stream/create", { as, raw: form(3_670_017) }),
    400,
    sentences[400],
  );
  const stranger = { title: "x", guests: [freshId()] };
  expectFailure(
    await call("POST /api/v1/live-stream/create", { as, body: stranger }),
    404,
    sentences[404],
  );
});

test("only guests join as guests, only the host goes live, and only waiting streams can be cancelled", async () => {
  const [host, guest, other, boss] = await Promise.all([
    person(),
    person(),
    person(),
    person({ groups: ["admin"] }),
  ]);
  await call("GET /api/v1/users/me", { as: guest });
  const { id } = await create({ title: "Talk", guests: [guest.id] }, Promise.resolve(host));
  const body = { liveStreamId: id };
  expectFailure(
    await call("POST /api/v1/live-stream/join-as-guest", { as: guest, body }),
    409,
    sentences[409],
  );
  expectFailure(
    await call("POST /api/v1/live-stream/join", { as: other, body }),
    409,
    sentences[409],
  );
  for (const as of [boss, other])
    expectFailure(
      await call("POST /api/v1/live-stream/join-as-creator", { as, body }),
      403,
      sentences[403],
    );
  await call("POST /api/v1/live-stream/join-as-creator", { as: host, body });
  expect((await call("POST /api/v1/live-stream/join-as-guest", { as: guest, body })).status).toBe(
    200,
  );
  expectFailure(
    await call("POST /api/v1/live-stream/join-as-guest", { as: other, body }),
    403,
    sentences[403],
  );
  expectFailure(
    await call(`POST /api/v1/live-stream/${id}/cancel`, { as: host }),
    409,
    sentences[409],
  );
  const { id: waiting } = await create(undefined, Promise.resolve(host));
  const cancelled = await call(`POST /api/v1/live-stream/${waiting}/cancel`, { as: boss });
  expect(cancelled.body.data.status).toBe("cancelled_by_host");
});

test("scheduled streams are listed as upcoming, and viewers can set reminders", async () => {
  const { host, id } = await create({ title: "Planned", plannedStartDate: soon(60) });
  const as = await person();
  const upcoming = async (who?: typeof as, query = "") => {
    const route = `GET /api/v2/live-stream/user/${host.id}/upcoming-live-streams${query}`;
    return (await call(route, { ...(who && { as: who }) })).body.data;
  };
  expect(await upcoming()).toMatchObject([{ id, status: "scheduled", isReminderActive: null }]);
  expect(await upcoming(as)).toMatchObject([{ isReminderActive: false }]);
  expect(await upcoming(as, "?minutesAfter=30")).toEqual([]);
  expect(await upcoming(as, "?limit=101")).toHaveLength(1);
  const remind = (minute: unknown) =>
    call(`POST /api/v1/live-stream/${id}/reminder`, { as, body: { minute } });
  expect((await remind(null)).body.data).toEqual({
    streamId: id,
    minute: null,
    mode: "ON_START",
    scheduledFor: expect.any(String),
    status: "ARMED_ON_START",
  });
  expect((await remind(10)).body.data).toMatchObject({ minute: 10, mode: "BEFORE_START" });
  expectFailure(await remind(-1), 400, sentences[400]);
  const late = await remind(40_320);
  expectFailure(late, 400, sentences[400]);
  expect(late.text).toContain("minute: expected a time to come");
  expect(await upcoming(as)).toMatchObject([{ isReminderActive: true }]);
  const { id: unplanned } = await create();
  const none = await call(`POST /api/v1/live-stream/${unplanned}/reminder`, { as, body: {} });
  expectFailure(none, 409, sentences[409]);
});

test("followers and users with a reminder are notified once when the host goes live", async () => {
  const { host, id } = await create({ title: "Big night", plannedStartDate: soon(5) });
  const [fan, waiting] = await Promise.all([person(), person()]);
  for (const expected of [false, true]) {
    const follow = await call(`POST /api/v1/follow/${host.id}`, { as: fan });
    expect(follow.body.data).toEqual({ isFollowing: true, previouslyFollowing: expected });
  }
  for (const as of [fan, waiting])
    await call(`POST /api/v1/live-stream/${id}/reminder`, { as, body: { minute: 0 } });
  for (let i = 0; i < 2; i++)
    await call("POST /api/v1/live-stream/join-as-creator", {
      as: host,
      body: { liveStreamId: id },
    });
  const told = (as: typeof fan) => async () =>
    (await call("GET /api/v1/notifications?category=live_stream", { as })).body.data;
  for (const as of [fan, waiting]) {
    const notices = await eventually(told(as), (list) => list.length > 0);
    expect(notices).toMatchObject([{ type: "system", metadata: { streamId: id }, read: false }]);
  }
  await new Promise((done) => setTimeout(done, 300));
  expect(await told(fan)()).toHaveLength(1);
});

test("the list of live hosts is public", async () => {
  const { host, id } = await liveStream();
  const featured = await call("GET /api/v1/live-stream/featured");
  expect(featured.body.data.length).toBeLessThanOrEqual(10);
  type Caught = { creator: { _id: string }; activeLiveStream: { id: string } };
  // The list may be 5 s old; other tests go live at the same time.
  const caught: Caught[] = await eventually(
    async () => (await call("GET /api/v1/live-stream/catch-streamers?limit=100")).body.data,
    (list: Caught[]) => list.some(({ activeLiveStream }) => activeLiveStream.id === id),
  );
  expect(caught.find(({ activeLiveStream }) => activeLiveStream.id === id)).toMatchObject({
    creator: { _id: host.id },
  });
  expectFailure(await call("GET /api/v1/live-stream/catch-streamers?limit=0"), 400, sentences[400]);
  const bad = { id: "x", token: "a.b.c" };
  const past = `GET /api/v1/live-stream/user/${host.id}/past-streams`;
  expectFailure(await call(past, { as: bad }), 401, sentences[401]);
});

test("a planned start must be in the future, with some tolerance for slow clocks", async () => {
  const as = await person();
  const plan = (minutes: number) =>
    call("POST /api/v1/live-stream/create", {
      as,
      body: { title: "Planned", plannedStartDate: soon(minutes) },
    });
  const past = await plan(-10);
  expectFailure(past, 400, sentences[400]);
  expect(past.body.errors[1]).toBe("plannedStartDate: expected a time to come");
  expect(past.headers.get("x-error-code")).toBe("request_invalid");
  expect((await plan(-1)).body.data).toMatchObject({ status: "scheduled" });
});
