import {
  admin,
  call,
  eventually,
  expectFailure,
  freshId,
  giftType,
  liveStream,
  person,
  sentences,
  service,
  topUp,
} from "./people.ts";

test("a user's credits are read by admins and services, and by nobody else", async () => {
  const user = await person();
  await topUp(user, 70);
  const own = (await call("GET /api/v1/wallet", { as: user })).body.data;
  const route = `GET /api/v1/wallets/${user.id}`;
  for (const as of [await admin(), await service()]) {
    const { status, body } = await call(route, { as });
    expect([status, body.data]).toEqual([200, { userId: user.id, ...own }]);
    expect(body.data.balance).toBe(70);
  }
  expectFailure(await call(route, { as: user }), 403, sentences[403]);
  expectFailure(
    await call(`GET /api/v1/wallets/${freshId()}`, { as: await admin() }),
    404,
    sentences[404],
  );
  expectFailure(
    await call("GET /api/v1/wallets/a%20b", { as: await admin() }),
    400,
    sentences[400],
  );
});

test("the catalogue has inactive gift types for admins who ask for them", async () => {
  const [as, id] = [await admin(), await giftType(1)];
  await call(`PATCH /api/v1/gifts/gift-types/${id}`, { as, body: { isActive: false } });
  const idsOf = async (query: string) =>
    (await call(`GET /api/v1/gifts/gift-types${query}`, { as })).body.data.map(
      (type: { id: string }) => type.id,
    );
  await eventually(
    () => idsOf("?inactive=true"),
    (ids) => ids.includes(id),
  );
  await eventually(
    () => idsOf(""),
    (ids) => !ids.includes(id),
  );
  const user = await person();
  const asked = "GET /api/v1/gifts/gift-types?inactive=true";
  expectFailure(await call(asked, { as: user }), 403, sentences[403]);
  expectFailure(await call(asked.replace("true", "yes"), { as }), 400, sentences[400]);
});

test("a user who asks for streams they may moderate gets only those", async () => {
  const [{ host, id }, other, moderator] = [await liveStream(), await liveStream(), await person()];
  await call("GET /api/v1/users/me", { as: moderator });
  const body = { moderators: [moderator.id] };
  await call(`PATCH /api/v1/live-stream/${id}/chat-settings`, { as: host, body });
  const idsOf = async (as: typeof host) =>
    (await call("GET /api/v1/live-stream?moderated=true", { as })).body.data.map(
      (stream: { id: string }) => stream.id,
    );
  await eventually(
    () => idsOf(moderator),
    (ids) => ids.length === 1 && ids[0] === id,
  );
  expect(await idsOf(host)).toEqual([id]);
  expect(await idsOf(await person())).toEqual([]);
  expect(await idsOf(await admin())).toEqual(expect.arrayContaining([id, other.id]));
});
