import {
  admin,
  call,
  expectFailure,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  sentences,
  topUp,
} from "./people.ts";

/**
 * The four Allmine calls of the seed documents, each with every documented status.
 */
const iso = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

async function muted(streamId: string, host: Person, actionType: string): Promise<Person> {
  const guest = await person();
  await call("GET /api/v1/users/me", { as: guest });
  const body = { targetUserId: guest.id, liveStreamId: streamId, actionType };
  const ban = await call("POST /api/v1/live-stream-ban", { as: host, body });
  expect(ban.status).toBe(200);
  return guest;
}

async function endedStream(): Promise<string> {
  const { id, host } = await liveStream();
  expect((await call(`POST /api/v1/live-stream/${id}/end`, { as: host })).status).toBe(200);
  return id;
}

describe("POST /api/v1/gifts/create", () => {
  const route = "POST /api/v1/gifts/create";

  test("a viewer with credits sends a gift and gets it in the envelope", async () => {
    const [{ id: liveStreamId }, giftTypeId, sender] = await Promise.all([
      liveStream(),
      giftType(10),
      person(),
    ]);
    await topUp(sender, 25);

    const answer = await call(route, { as: sender, body: { giftTypeId, liveStreamId } });

    expect(answer.status).toBe(201);
    expect(Object.keys(answer.body)).toEqual([
      "isSuccess",
      "statusCode",
      "data",
      "errors",
      "timestamp",
    ]);
    expect(answer.body).toMatchObject({ isSuccess: true, statusCode: 201, errors: [] });
    expect(answer.body.data).toEqual({
      message: "Success",
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
    });
    expect(answer.body.timestamp).toMatch(iso);
    const wallet = await call("GET /api/v1/wallet", { as: sender });
    expect(wallet.body.data.balance).toBe(15);
  });

  test("400: an invalid id, a missing field, a body that is not an object", async () => {
    const as = await person();
    const liveStreamId = freshId();
    for (const body of [{ liveStreamId }, { giftTypeId: "x", liveStreamId }, [], 5, {}]) {
      const answer = await call(route, { as, body });
      expectFailure(answer, 400, sentences[400]);
      expect(answer.body.errors.length).toBeGreaterThan(1);
    }
    const answer = await call(route, { as, body: { giftTypeId: "x", liveStreamId } });
    expect(answer.body.errors[1]).toBe("giftTypeId: expected 24 hex characters");
  });

  test("401: no token, and an invalid one", async () => {
    expectFailure(await call(route, { body: {} }), 401, sentences[401]);
    const bad = await call(route, { as: { id: "x", token: "a.b.c" }, body: {} });
    expectFailure(bad, 401, sentences[401]);
    expect(bad.body.errors).toEqual([sentences[401]]);
  });

  test("403: a host to themselves, a blocked viewer; neither pays", async () => {
    const [{ id, host }, giftTypeId] = await Promise.all([liveStream(), giftType(10)]);
    const blocked = await muted(id, host, "BLOCK");
    for (const as of [host, blocked]) {
      await topUp(as, 100);
      const answer = await call(route, { as, body: { giftTypeId, liveStreamId: id } });
      expectFailure(answer, 403, sentences[403]);
      expect((await call("GET /api/v1/wallet", { as })).body.data.balance).toBe(100);
    }
  });

  test("404: no such stream, no such gift type", async () => {
    const [{ id }, giftTypeId, as] = await Promise.all([liveStream(), giftType(10), person()]);
    await topUp(as, 100);
    for (const body of [
      { giftTypeId, liveStreamId: freshId() },
      { giftTypeId: freshId(), liveStreamId: id },
    ])
      expectFailure(await call(route, { as, body }), 404, sentences[404]);
  });

  test("409: a stream that has ended, an inactive gift type, credits too low", async () => {
    const [ended, { id }, giftTypeId, off, as] = await Promise.all([
      endedStream(),
      liveStream(),
      giftType(10),
      giftType(1),
      person(),
    ]);
    await call(`PATCH /api/v1/gifts/gift-types/${off}`, {
      as: await admin(),
      body: { isActive: false },
    });
    await topUp(as, 4);
    expectFailure(
      await call(route, { as, body: { giftTypeId: off, liveStreamId: id } }),
      409,
      sentences[409],
    );
    expectFailure(
      await call(route, { as, body: { giftTypeId, liveStreamId: ended } }),
      409,
      sentences[409],
    );
    const poor = await call(route, { as, body: { giftTypeId, liveStreamId: id } });
    expectFailure(poor, 409, sentences[409]);
    expect(poor.body.errors[1]).toBe("Insufficient credits: balance 4, price 10");
    expect((await call("GET /api/v1/wallet", { as })).body.data.balance).toBe(4);
  });
});

describe("POST /api/v1/live-stream/{streamId}/chat/superlike", () => {
  const route = (id: string) => `POST /api/v1/live-stream/${id}/chat/superlike`;

  test("a viewer superlikes and gets the bare record back", async () => {
    const username = `johndoe${freshId()}`.slice(0, 30);
    const [{ id }, as] = await Promise.all([
      liveStream(),
      person({ claims: { preferred_username: username, given_name: "John", family_name: "Doe" } }),
    ]);
    await topUp(as, 10);

    const answer = await call(route(id), { as });

    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      streamId: id,
      senderId: as.id,
      senderSnapshot: {
        _id: as.id,
        username,
        name: "John",
        surname: "Doe",
        profilePhoto: expect.stringMatching(/^https:/),
      },
      price: 10,
      timestamp: expect.stringMatching(iso),
    });
    expect(Object.keys(answer.body)).toEqual([
      "streamId",
      "senderId",
      "senderSnapshot",
      "price",
      "timestamp",
    ]);
  });

  test("an actual case of each refusal: 400, 401, 403, 404 and 409", async () => {
    const [{ id, host }, ended, as] = await Promise.all([liveStream(), endedStream(), person()]);
    expectFailure(await call(route("string"), { as }), 400, sentences[400]);
    expectFailure(await call(route(id)), 401, sentences[401]);
    expectFailure(await call(route(id), { as: host }), 403, sentences[403]);
    expectFailure(await call(route(freshId()), { as }), 404, sentences[404]);
    expectFailure(await call(route(id), { as }), 409, sentences[409]);
    await topUp(as, 100);
    expectFailure(await call(route(ended), { as }), 409, sentences[409]);
    expect((await call("GET /api/v1/wallet", { as })).body.data.balance).toBe(100);
  });
});

describe("POST /api/v1/notifications", () => {
  const route = "POST /api/v1/notifications";
  const wish = (userId: string) => ({
    userId,
    type: "system",
    category: "live_stream",
    title: "Sample title",
    message: "Sample description",
    metadata: {},
  });

  test("a user notifies themselves; the new notification is unread", async () => {
    const as = await person();

    const answer = await call(route, { as, body: wish(as.id) });

    expect(answer.status).toBe(201);
    expect(answer.body.data).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      ...wish(as.id),
      read: false,
      createdAt: expect.stringMatching(iso),
      updatedAt: expect.stringMatching(iso),
    });
    const list = await call("GET /api/v1/notifications", { as });
    expect(list.body.data).toEqual([answer.body.data]);
  });

  test("an actual case of each refusal: 400, 401, 403 and 404", async () => {
    const [as, other, boss] = await Promise.all([person(), person(), admin()]);
    for (const wrong of [
      { type: "other" },
      { category: "gifts" },
      { title: "" },
      { title: "x".repeat(201) },
      { message: 5 },
      { metadata: [] },
      { userId: "with space" },
    ])
      expectFailure(
        await call(route, { as, body: { ...wish(as.id), ...wrong } }),
        400,
        sentences[400],
      );
    expectFailure(await call(route, { body: wish(as.id) }), 401, sentences[401]);
    expectFailure(await call(route, { as, body: wish(other.id) }), 403, sentences[403]);
    expectFailure(await call(route, { as: boss, body: wish(freshId()) }), 404, sentences[404]);
  });

  test("one of many concurrent calls with one key takes effect; others return the same or 409", async () => {
    const [as, key] = [await person(), freshId()];
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => call(route, { as, key, body: wish(as.id) })),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(({ body }) => body.data.id)).size).toBe(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expectFailure(answer, 409, sentences[409]);
      expect(answer.headers.get("retry-after")).toBe("1");
    }
    expect((await call("GET /api/v1/notifications", { as })).body.data).toHaveLength(1);
  });
});

describe("POST /api/v1/live-stream/{streamId}/chat/messages", () => {
  const path = (id: string) => `/api/v1/live-stream/${id}/chat/messages`;

  test("a viewer's message is returned without an envelope and is in the history", async () => {
    const username = `johndoe${freshId()}`.slice(0, 30);
    const [{ id }, as] = await Promise.all([
      liveStream(),
      person({ claims: { preferred_username: username, given_name: "John", family_name: "Doe" } }),
    ]);
    const content = "Herkese selam! Yayın çok güzel.";

    const answer = await call(`POST ${path(id)}`, { as, body: { content: `  ${content}\n` } });

    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      _id: expect.stringMatching(/^[0-9a-f]{24}$/),
      streamId: id,
      content,
      sender: {
        _id: as.id,
        username,
        name: "John",
        surname: "Doe",
        profilePhoto: {
          _id: expect.stringMatching(/^[0-9a-f]{24}$/),
          url: expect.stringMatching(/^https:/),
          type: "image",
          variants: { "40": expect.any(String), "76": expect.any(String) },
          createdAt: expect.stringMatching(iso),
          updatedAt: expect.stringMatching(iso),
        },
        availabilityStatus: "available",
      },
      createdAt: expect.stringMatching(iso),
      updatedAt: expect.stringMatching(iso),
    });
    const history = await call(`GET ${path(id)}`, { as });
    expect(history.status).toBe(200);
    expect(history.body).toEqual({
      messages: [answer.body],
      page: 1,
      limit: 30,
      total: 1,
      totalPages: 1,
      hasNextPage: false,
      hasPreviousPage: false,
      nextCursor: null,
    });
  });

  test("the history is paged, newest first; past its end a page is empty", async () => {
    const [{ id }, as] = await Promise.all([liveStream(), person()]);
    const empty = await call(`GET ${path(id)}`, { as });
    expect(empty.body).toMatchObject({ messages: [], total: 0, totalPages: 0, hasNextPage: false });
    for (let n = 1; n <= 5; n++)
      await call(`POST ${path(id)}`, { as, body: { content: `message ${n}` } });
    const page = async (n: number) =>
      (await call(`GET ${path(id)}?page=${n}&limit=2`, { as })).body;
    const contents = (body: { messages: { content: string }[] }) =>
      body.messages.map(({ content }) => content);
    expect(contents(await page(1))).toEqual(["message 5", "message 4"]);
    expect(contents(await page(3))).toEqual(["message 1"]);
    expect(await page(2)).toMatchObject({
      page: 2,
      limit: 2,
      total: 5,
      totalPages: 3,
      hasNextPage: true,
      hasPreviousPage: true,
    });
    expect(await page(4)).toMatchObject({ messages: [], page: 4, hasNextPage: false });
    for (const query of ["page=0", "limit=101", "limit=0", "page=x", "page=1&page=2", "page=1.5"])
      expectFailure(await call(`GET ${path(id)}?${query}`, { as }), 400, sentences[400]);
  });

  test("an actual case of each refusal: 400, 401, 403, 404 and 409", async () => {
    const [{ id, host }, ended, as] = await Promise.all([liveStream(), endedStream(), person()]);
    const body = { content: "hello" };
    for (const content of ["", "   ", "x".repeat(501), 5, null, "a\u0000b", "\ud800"])
      expectFailure(await call(`POST ${path(id)}`, { as, body: { content } }), 400, sentences[400]);
    expect(
      (await call(`POST ${path(id)}`, { as, body: { content: "😀".repeat(500) } })).status,
    ).toBe(201);
    expectFailure(await call(`POST ${path(id)}`, { body }), 401, sentences[401]);
    const silent = await muted(id, host, "CHAT_ONLY");
    expectFailure(await call(`POST ${path(id)}`, { as: silent, body }), 403, sentences[403]);
    expect((await call(`GET ${path(id)}`, { as: silent })).status).toBe(200);
    const blocked = await muted(id, host, "BLOCK");
    expectFailure(await call(`GET ${path(id)}`, { as: blocked }), 403, sentences[403]);
    expectFailure(await call(`POST ${path(freshId())}`, { as, body }), 404, sentences[404]);
    expectFailure(await call(`POST ${path(ended)}`, { as, body }), 409, sentences[409]);
    expect((await call(`GET ${path(ended)}`, { as })).status).toBe(200);
  });
});
